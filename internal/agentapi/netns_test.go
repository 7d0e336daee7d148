package agentapi

import (
	"strings"
	"testing"
)

func TestSameNamespace(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		same, known bool
	}{
		{"net:[1] x", "net:[1] x", true, true},
		{"net:[1] x", "net:[2] x", false, true},
		{"net:[1] x", "net:[1] y", true, true},   // after a boot
		{"net:[1] x", "net:[2] y", false, false}, // made by something that is not known now
		{"", "net:[1] x", false, false},
	} {
		if same, known := SameNamespace(c.a, c.b); same != c.same || known != c.known {
			t.Errorf("%q and %q: %v, %v", c.a, c.b, same, known)
		}
	}
	if own := NetworkNamespace(); !strings.HasPrefix(own, "net:[") || len(strings.Fields(own)) != 2 {
		t.Errorf("this process is in %q", own)
	}
}
