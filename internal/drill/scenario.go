// Package drill breaks one thing at a time in a running lab, watches as a
// client and on the wire, mends it, and gathers what was seen into a result.
package drill

import (
	"fmt"
	"slices"
	"strings"

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
	// Steps, of a scenario file; nil for the built-in ones.
	Steps []Step
	// Budget of the scenario file; empty for none.
	Budget string
	// Shows lists invariants that the scenario is there to break.
	Shows []string
	// Unfit says why this lab can't do it; empty where it can.
	Unfit string
	// KnownMs is the length of the outage that a calibration makes.
	KnownMs float64
}

// builtin is a scenario before it is bound to a cluster.
type builtin struct {
	kind    outage.Kind
	service topology.Service
	how     string
	text    string // %s is the cluster
}

// builtins lists the scenarios that every lab has, for each cluster. Each
// measures its failback too.
func builtins() []builtin {
	return []builtin{
		{outage.KindHAProxyStop, topology.ServiceHAProxy, "stop", "HAProxy on the node that holds the %s VIP is stopped in order, as an operator would."},
		{outage.KindHAProxyKill, topology.ServiceHAProxy, "kill", "HAProxy on the node that holds the %s VIP dies at once (SIGKILL)."},
		{outage.KindHAProxyHang, topology.ServiceHAProxy, "hang", "HAProxy on the node that holds the %s VIP freezes: its port is open and nobody answers."},
		{outage.KindKeepalivedStop, topology.ServiceKeepalived, "stop", "keepalived on the node that holds the %s VIP is stopped and hands the VIP over."},
		{outage.KindKeepalivedKill, topology.ServiceKeepalived, "kill", "keepalived on the node that holds the %s VIP dies with its children: the VIP stays behind on the interface, and two nodes have it."},
		{outage.KindAppStop, topology.ServiceApp, "stop", "The app on the node that holds the %s VIP is stopped; HAProxy must use the other."},
		{outage.KindAppKill, topology.ServiceApp, "kill", "The app on the node that holds the %s VIP dies in the middle of its requests."},
		{outage.KindAppHang, topology.ServiceApp, "hang", "The app on the node that holds the %s VIP freezes with requests in its hands."},
		{outage.KindNodeCrash, topology.ServiceNode, "kill", "The node that holds the %s VIP crashes: everything on it ends in one moment."},
		{outage.KindNodeFreeze, topology.ServiceNode, "hang", "The node that holds the %s VIP freezes as a whole."},
		{outage.KindSwitch, "", "switch", "The %s VIP is moved to the other node on purpose."},
	}
}

// order is what a scenario has done; a switch is no fault.
func (b builtin) order() fault.Order {
	kind, err := fault.Lookup(b.how, b.service)
	if err != nil {
		return fault.Order{}
	}
	return fault.Order{Kind: kind, Service: b.service}
}

func lookup(kind outage.Kind) (builtin, bool) {
	for _, b := range builtins() {
		if b.kind == kind {
			return b, true
		}
	}
	return builtin{}, false
}

// Scenarios lists the built-in scenarios for each cluster of a lab with these
// timings.
func Scenarios(clusters []string, p topology.Profile) []Scenario {
	var list []Scenario
	for _, c := range clusters {
		for _, b := range builtins() {
			sc := Scenario{
				Name: c + "/" + string(b.kind), Kind: b.kind, Cluster: c,
				Description: fmt.Sprintf(b.text, c), Shows: shows(b.kind),
			}
			if b.kind == outage.KindSwitch {
				sc.Unfit = fault.NoSwitch(p)
			}
			list = append(list, sc)
		}
	}
	return list
}

// shows lists the invariants that a kind of fault is there to break.
func shows(kind outage.Kind) []string {
	switch kind {
	case outage.KindKeepalivedKill, outage.KindNodeFreeze:
		return []string{outage.InvStaleVIP, outage.InvTwoHolders}
	}
	return nil
}

// Select picks scenarios by the names given on the command line: a full name, a
// kind (for every cluster), or a cluster (all its kinds). No names pick all. What
// this lab can't do is picked only where it was named, and then refused.
func Select(all []Scenario, names []string) ([]Scenario, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(all), unfit), nil
	}
	var picked []Scenario
	for _, name := range names {
		var fits []Scenario
		for _, s := range all {
			if s.Name == name || string(s.Kind) == name || s.Cluster == name {
				fits = append(fits, s)
			}
		}
		if len(fits) == 0 {
			return nil, unknownScenario(name, all)
		}
		if able := slices.DeleteFunc(slices.Clone(fits), unfit); len(able) > 0 {
			fits = able
		} else {
			return nil, fmt.Errorf("%s can't be done on this lab: %s\n  list what can:  halab drill --list", fits[0].Name, fits[0].Unfit)
		}
		for _, s := range fits {
			if !slices.ContainsFunc(picked, func(p Scenario) bool { return p.Name == s.Name }) {
				picked = append(picked, s)
			}
		}
	}
	return picked, nil
}

func unfit(s Scenario) bool { return s.Unfit != "" }

func unknownScenario(name string, all []Scenario) error {
	var known []string
	for _, s := range all {
		known = append(known, s.Name)
		if !slices.Contains(known, string(s.Kind)) {
			known = append(known, string(s.Kind))
		}
	}
	hint := ""
	if near := topology.Suggest(name, known); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("there is no scenario %q%s\n  list them:  halab drill --list", name, hint)
}
