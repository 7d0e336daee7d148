package lab

import (
	"encoding/json"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// FuzzState makes a status of labels and of lines that somebody else wrote: it
// is always one that can be shown, and resolves its own names.
func FuzzState(f *testing.F) {
	f.Add("frontend-01", "frontend", "frontend-00=192.168.99.10", "192.168.99.11", "0", `{"event":"vrrp","state":{"vips":["192.168.99.10"],"haproxy":"up","servers":{"frontend-01":"UP"}}}`)
	f.Add("", "", "", "", "-1", `{"event":"x","state":{"faults":[{"fault":"freeze"},{"fault":"hang","service":"app"}]}}`)
	f.Add("a", "b", "=", "999.1.1.1", "99999999999999999999", `{"event":"x","state":null}`)
	f.Add("a", "b", "c=d=e", "::1", "x", "\x1b[2J")
	f.Fuzz(func(t *testing.T, node, cluster, vip, address, rank, line string) {
		labels := func(service string) map[string]string {
			return map[string]string{engine.LabelLab: "l", engine.LabelNode: node, engine.LabelCluster: cluster,
				engine.LabelVIP: vip, engine.LabelAddress: address, engine.LabelRank: rank, engine.LabelService: service}
		}
		all := []engine.Container{
			{ID: "1", Name: "n", State: engine.StateRunning, Labels: labels("node")},
			{ID: "2", Name: "k", State: engine.StateRunning, Labels: labels("keepalived")},
			{ID: "3", Name: "c", State: engine.StateExited, Labels: labels("client")},
		}
		var e agentapi.Event
		if json.Unmarshal([]byte(line), &e) != nil {
			e = agentapi.Event{}
		}
		s := assemble("l", all, map[string]agentapi.State{node: e.State})
		if s.Ready {
			t.Error("a lab whose client has ended is ready")
		}
		for _, c := range s.Clusters {
			for _, a := range c.Reasons() {
				if a == "" {
					t.Error("a reason without a word")
				}
			}
		}
		if _, err := json.Marshal(s); err != nil {
			t.Error(err)
		}
		_, _ = s.Resolve(node) // an unknown name is an error, as it should be
		_, _ = s.Resolve(s.Topology().Name)
	})
}
