package lab

import (
	"encoding/json"
	"strings"
	"testing"
)

// Of a lab that is not up halab status --json printed null for the clusters; a reader
// that goes through a list stopped at that.
func TestNoLabHasAnEmptyListOfClusters(t *testing.T) {
	t.Parallel()
	doc, err := json.Marshal(assemble("halab", nil, nil))
	if err != nil || !strings.Contains(string(doc), `"clusters":[]`) {
		t.Errorf("%s, %v", doc, err)
	}
}
