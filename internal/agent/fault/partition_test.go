package fault

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
)

// A partition drops whatever comes from the peer, and what goes to it where that
// was asked for; a broadcast goes to everybody, not to the peer.
func TestPartition(t *testing.T) {
	a, b, site := twoSpaces(t)
	peer := agentapi.FaultPeer{Name: "b", MAC: b.mac.String(), In: true}
	filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultPartition, Peers: []agentapi.FaultPeer{peer}},
		passes{true, false, true, false, true})
	peer.Out = true
	filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultPartition, Peers: []agentapi.FaultPeer{peer}},
		passes{false, false, false, false, true})
	stranger := agentapi.FaultPeer{Name: "c", MAC: "02:00:00:00:00:01", In: true, Out: true}
	filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultPartition, Peers: []agentapi.FaultPeer{stranger}}, everything)
}

// From nobody, nobody can be cut off.
func TestPartitionFromNobody(t *testing.T) {
	site := Site{run: t.TempDir()}
	for mac, says := range map[string]string{"": "somebody to be cut off from", "no address": "no MAC address"} {
		r := agentapi.FaultRequest{ID: "p", Fault: agentapi.FaultPartition}
		if mac != "" {
			r.Peers = []agentapi.FaultPeer{{Name: "b", MAC: mac, In: true}}
		}
		if _, err := applyFault(site, r, func() error { return nil }); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("peer %q: %v", mac, err)
		}
	}
}
