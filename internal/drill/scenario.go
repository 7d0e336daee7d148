// Package drill breaks one thing at a time in a running lab, watches as a
// client and on the wire, mends it, and gathers what was seen into a result.
package drill

import (
	"fmt"
	"slices"
	"time"

	"halab/internal/effect"
	"halab/internal/fault"
	"halab/internal/outage"
	"halab/internal/topology"
)

// Scenario is one thing that a drill does to a cluster.
type Scenario struct {
	Name        string // cluster/kind, or the name a scenario file gives
	Kind        outage.Kind
	Cluster     string
	Description string
	Effect      effect.Effect
	Steps       []Step
	// Custom says that the steps are those of a file: it has its own waits.
	Custom bool
	// Budget of the scenario file; empty for none.
	Budget string
	// Shows lists invariants that the scenario is there to break.
	Shows []string
	// ByName: it is run where it is named, or all are.
	ByName bool
	// Unfit says why this lab can't do it; empty where it can.
	Unfit string
	// KnownMs is the length of the outage that a calibration makes.
	KnownMs float64
}

// usual lists what is run where no scenario is named: what ends or silences a
// service of the holder or the holder itself, and a move on purpose.
func usual() []outage.Kind {
	return []outage.Kind{
		"haproxy-stop", "haproxy-kill", "haproxy-hang", "keepalived-stop", "keepalived-kill",
		"app-stop", "app-kill", "app-hang", "node-crash", "node-freeze", outage.KindSwitch,
	}
}

// builtins lists the scenarios of a cluster: a switch and every fault of the
// catalogue, done to the node that holds its VIP. Each measures its failback too.
func builtins(cluster string, p topology.Profile) []Scenario {
	list := []Scenario{{
		Name: cluster + "/" + string(outage.KindSwitch), Kind: outage.KindSwitch, Cluster: cluster, Effect: effect.Handover(),
		Description: fmt.Sprintf("The %s VIP is moved to the other node on purpose.", cluster),
		Steps:       []Step{{Switch: true}}, Unfit: fault.NoSwitch(p),
	}}
	list = append(list, whole(cluster)...)
	for _, o := range fault.Drills(cluster) {
		sc := faulty(cluster, "the node that holds the "+cluster+" VIP", o)
		sc.Name = cluster + "/" + o.Slug()
		if o.Peer != "" {
			sc.Name = cluster + "/" + o.Drill() // from the rest of its cluster, which needs no name
		}
		sc.Shows = shows(sc.Effect)
		list = append(list, sc)
	}
	at := func(s Scenario) int {
		if i := slices.Index(usual(), s.Kind); i >= 0 {
			return i
		}
		return len(usual())
	}
	slices.SortStableFunc(list, func(a, b Scenario) int { return at(a) - at(b) })
	for i := range list {
		list[i].ByName = at(list[i]) == len(usual())
	}
	return list
}

// restTime is how long a lab in which nothing happens is watched.
const restTime = 30 * time.Second

// whole are the scenarios of a cluster as a whole, which are no fault of one node.
func whole(cluster string) []Scenario {
	restart, _ := fault.Parse([]string{string(topology.ServiceNode), "restart"}) // the catalogue has it
	list := []Scenario{{
		Kind: outage.KindStart, Effect: effect.Start(),
		Description: fmt.Sprintf("All nodes of the %s cluster reboot at once: how long nobody holds the VIP, and whether two do.", cluster),
		Steps:       []Step{{Fail: &Fail{Target: cluster, Order: restart}}, {Restore: &Restore{}}},
	}, {
		Kind: outage.KindRolling, Effect: effect.Rolling(),
		Description: fmt.Sprintf("HAProxy and keepalived of the %s cluster read their files again, one node after the other, the holder's last.", cluster),
		Steps:       []Step{{Rolling: true}},
	}, {
		Kind:        outage.KindRest,
		Description: fmt.Sprintf("Nothing is done for %s: the %s VIP must stay where it is, without an election.", restTime, cluster),
		Steps:       []Step{{Rest: restTime}},
	}}
	for i := range list {
		list[i].Name, list[i].Cluster = cluster+"/"+string(list[i].Kind), cluster
	}
	return list
}

// faulty is a scenario of one fault and its mending.
func faulty(cluster, node string, o fault.Order) Scenario {
	return Scenario{
		Kind: outage.Kind(o.Drill()), Cluster: cluster, Effect: o.Effect(), Description: o.Tells(node),
		Steps: []Step{{Fail: &Fail{Order: o}}, {Restore: &Restore{}}},
	}
}

// shows lists the invariants that an effect on the VIP's holder breaks. Adverts that
// the holder itself drops are on no wire, so that only one master is heard.
func shows(e effect.Effect) []string {
	switch {
	case e.Keeps:
		return []string{outage.InvStaleVIP, outage.InvTwoHolders}
	case e.Splits && e.On == effect.VRRP:
		return []string{outage.InvTwoHolders}
	case e.Splits:
		return []string{outage.InvTwoMasters, outage.InvTwoHolders}
	}
	return nil
}
