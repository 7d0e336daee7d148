package drill

import (
	"testing"

	"halab/internal/agentapi"
	"halab/internal/lab"
)

// The whole path begins at the cluster in front, wherever that stands in the
// description, and is that cluster's own where there is no other.
func TestStackStreamBeginsInFront(t *testing.T) {
	t.Parallel()
	back := lab.Cluster{Name: "backend", VIP: lab.VIP{Name: "backend-00", Address: "10.1.2.20"}}
	front := lab.Cluster{Name: "frontend", VIP: lab.VIP{Name: "frontend-00", Address: "10.1.2.10"}, Upstream: "http://10.1.2.20/backend"}
	for want, clusters := range map[string][]lab.Cluster{
		"http://10.1.2.10/frontend": {back, front},
		"http://10.1.2.20/backend":  {back},
	} {
		for _, s := range observerSpec(&lab.State{Clusters: clusters}, back, nil).Streams {
			if s.Name == agentapi.StreamStack && s.URL != want {
				t.Errorf("the stack stream asks %s, not %s", s.URL, want)
			}
		}
	}
}
