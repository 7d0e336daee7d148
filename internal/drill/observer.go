package drill

import (
	"halab/internal/agentapi"
	"halab/internal/lab"
)

// The rates and bounds of the probe streams. 500 a second give the edge a
// resolution of 2 ms; the stack is kept far below what two cores can serve.
const (
	edgeRate      = 500
	ownRate       = 100 // of a user's listener, which may lead to servers and begin with a handshake
	stackRate     = 50
	keepaliveRate = 50

	edgeTimeoutMs  = 200
	stackTimeoutMs = 1000
	heldTimeoutMs  = 500

	// A stream may have as many probes in flight as fall due within its
	// timeout, and half as many again.
	edgeInFlight  = edgeRate * edgeTimeoutMs / 1000 * 3 / 2
	stackInFlight = stackRate * stackTimeoutMs / 1000 * 3 / 2
)

// observerSpec says what the observer is to do: probe the VIP that is under
// test and the whole path, and listen for every VIP of the lab.
//
// Where the files are the user's own, nobody knows what a path through all tiers is,
// any answer of a page is one, and nothing of HAProxy's statistics can be read.
func observerSpec(s *lab.State, under lab.Cluster, macs map[string]string) agentapi.ObserverSpec {
	edge, own := under.EdgeURL(), s.Own()
	front, _ := s.Topology().Front() // there is a cluster, so there is one
	spec := agentapi.ObserverSpec{
		Interface: "eth0",
		Streams: []agentapi.StreamSpec{
			{Name: agentapi.StreamEdge, URL: edge, Rate: edgeRate, TimeoutMs: edgeTimeoutMs, MaxInFlight: edgeInFlight},
			{Name: agentapi.StreamStack, URL: front.URL(front.Path()), Rate: stackRate, TimeoutMs: stackTimeoutMs, MaxInFlight: stackInFlight},
			{Name: agentapi.StreamKeepalive, URL: edge, Rate: keepaliveRate, TimeoutMs: heldTimeoutMs, MaxInFlight: 1, Held: true},
		},
		MACs: map[string]string{},
	}
	if own {
		spec.Streams = spec.Streams[:1]
		e := &spec.Streams[0]
		e.AnyStatus, e.Rate, e.MaxInFlight = true, ownRate, ownRate*edgeTimeoutMs/1000*3/2
	}
	for _, c := range s.Clusters {
		for _, v := range c.VIPs() {
			spec.VIPs = append(spec.VIPs, v.Address)
		}
		for _, n := range c.Nodes {
			if !own {
				spec.Stats = append(spec.Stats, "http://"+n.Address+":8080/;csv")
			}
			if mac := macs[n.Name]; mac != "" {
				spec.MACs[mac] = n.Name
			}
		}
	}
	return spec
}

// FloorMs is the resolution of the edge stream: an outage shorter than the time
// between two of its probes may go unseen.
func FloorMs(s *lab.State) float64 {
	if s.Own() {
		return 1000.0 / ownRate
	}
	return 1000.0 / edgeRate
}
