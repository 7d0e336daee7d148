package fault

import (
	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/lab"
	"halab/internal/topology"
)

// partition cuts nodes off from others, whatever they send.
func partition() Kind {
	return inside(Kind{
		Name: agentapi.FaultPartition, Summary: "no frame passes between the target and another target, which may be the client",
		Sees:   "within a cluster two masters, between clusters frontends without a backend; with --one-way only the second target stops hearing the first",
		Man:    "nft(8)",
		OneWay: true,
		Args:   []Arg{{Name: "TARGET2", Type: "target or client", Unit: "a name of the lab", Example: "backend", Target: true}},
		effect: func(o Order) effect.Effect {
			if o.Peer == topology.Client {
				return effect.Effect{On: effect.Client, Silent: true}
			}
			return effect.Effect{On: effect.Link, Splits: true}
		},
	})
}

// Peers are the names of a partition's other side; nil for other faults.
func (o Order) Peers(s *lab.State) ([]string, error) {
	switch o.Peer {
	case "":
		return nil, nil
	case topology.Client:
		return []string{topology.Client}, nil
	}
	return s.Resolve(o.Peer)
}

// sides says what each node drops in a partition of a and b: each what comes
// from the other side. One way, only b stops hearing a. The client, where no
// fault can be recorded, is cut off at the nodes' own end.
func sides(a, b []string, oneWay bool, macs map[string]string) map[string][]agentapi.FaultPeer {
	list := map[string][]agentapi.FaultPeer{}
	for _, x := range a {
		for _, y := range b {
			if x == y {
				continue
			}
			if y == topology.Client {
				list[x] = append(list[x], agentapi.FaultPeer{Name: y, MAC: macs[y], In: !oneWay, Out: true})
				continue
			}
			list[y] = append(list[y], agentapi.FaultPeer{Name: x, MAC: macs[x], In: true})
			if !oneWay {
				list[x] = append(list[x], agentapi.FaultPeer{Name: y, MAC: macs[y], In: true})
			}
		}
	}
	return list
}
