package lab

import (
	"strings"
	"testing"
)

// Where a host does not answer, up and restore wait for the others alone: that
// HAProxy has the missing node's app for down is no reason to wait.
func TestNobodyWaitsForAHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	well := map[string]string{"app": "running", "haproxy": "running", "keepalived": "running"}
	one := Node{Name: "n-01", State: "running", VRRP: "MASTER", Link: "up", HAProxy: "up", Services: well, Servers: map[string]string{"n-01": "UP", "n-02": "DOWN"}}
	lost := Node{Name: "n-02", State: Unreachable, Reason: "no route to host", Services: map[string]string{"app": Unreachable, "haproxy": Unreachable, "keepalived": Unreachable}}
	s := &State{ClientState: Missing, Clusters: []Cluster{{Name: "n", VIP: VIP{Name: "n-00", Holders: []string{"n-01"}}, Nodes: []Node{one, lost}}}}
	if why := s.Reasons(Scope{Without: s.Silent()}); len(why) > 0 {
		t.Errorf("waits for %q", why)
	}
	if why := strings.Join(s.Reasons(Scope{}), "; "); !strings.Contains(why, "n-02 is unreachable") {
		t.Errorf("the whole lab is not well because of %q", why)
	}
	one.Services = map[string]string{"app": "running", "haproxy": "exited", "keepalived": "running"}
	s.Clusters[0].Nodes[0] = one
	if why := s.Reasons(Scope{Without: s.Silent()}); len(why) != 1 || why[0] != "haproxy on n-01 is exited" {
		t.Errorf("of the one that answers: %q", why)
	}
}
