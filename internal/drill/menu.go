package drill

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/fault"
	"halab/internal/problem"
	"halab/internal/topology"
)

// All is the word for every scenario of the menu.
const All = "all"

// Menu is what a lab can be drilled for.
type Menu struct {
	lab *topology.Lab
	all []Scenario
}

// NewMenu lists the built-in scenarios of each cluster, and then the user's own.
// power is nil where no node has a switch.
func NewMenu(l *topology.Lab, power fault.Power, custom ...Scenario) Menu {
	m := Menu{lab: l}
	for _, c := range l.Clusters {
		for _, sc := range builtins(c.Name, l.Profile) {
			if l.Profile == topology.ProfileOwn && hitsApp(sc) {
				continue // there is none
			}
			if sc.Unfit == "" {
				sc.Unfit = powerless(sc, c, power)
			}
			m.all = append(m.all, sc)
		}
	}
	m.all = append(m.all, custom...)
	return m
}

// hitsApp says whether a scenario breaks an app.
func hitsApp(sc Scenario) bool {
	return slices.ContainsFunc(sc.Steps, func(s Step) bool { return s.Fail != nil && s.Fail.Order.Service == topology.ServiceApp })
}

// powerless says that no node of a cluster has a power that could be cut.
func powerless(sc Scenario, c topology.Cluster, power fault.Power) string {
	for _, step := range sc.Steps {
		if step.Fail == nil || !step.Fail.Order.TakesPower() {
			continue
		}
		if !slices.ContainsFunc(c.Nodes, func(n topology.Node) bool { return power != nil && power.Has(n.Name) }) {
			return "its nodes are no machines of Vagrant's, so halab can't cut their power"
		}
	}
	return ""
}

// Scenarios lists them all, what this lab can't do among them.
func (m Menu) Scenarios() []Scenario { return m.all }

// Pick picks scenarios by the words given on the command line: a full name, a kind
// (for every cluster), a cluster (all its usual ones), "all", or a TARGET and what is
// done to it, in the words of `halab fail`. No words pick the usual ones of all
// clusters. What this lab can't do is picked only where it was named, and then
// refused.
func (m Menu) Pick(words []string) ([]Scenario, error) {
	if len(words) == 0 {
		return slices.DeleteFunc(slices.Clone(m.all), func(s Scenario) bool { return s.Unfit != "" || s.ByName }), nil
	}
	var picked []Scenario
	for i := 0; i < len(words); i++ {
		var fits []Scenario
		var err error
		if i+1 < len(words) && m.isFault(words[i], words[i+1]) {
			i++
			var one Scenario
			one, err = m.aimed(words[i-1], words[i])
			fits = []Scenario{one}
		} else {
			fits, err = m.named(words[i])
		}
		if err != nil {
			return nil, err
		}
		for _, s := range fits {
			if !slices.ContainsFunc(picked, func(p Scenario) bool { return p.Name == s.Name }) {
				picked = append(picked, s)
			}
		}
	}
	return picked, nil
}

// named gives the scenarios of a word that stands alone.
func (m Menu) named(word string) ([]Scenario, error) {
	var fits []Scenario
	for _, s := range m.all {
		switch {
		case s.Name == word, string(s.Kind) == word, strings.HasSuffix(s.Name, "/"+word), word == All,
			s.Cluster == word && !s.ByName:
			fits = append(fits, s)
		}
	}
	if len(fits) == 0 {
		return nil, m.unknown(word)
	}
	able := slices.DeleteFunc(slices.Clone(fits), func(s Scenario) bool { return s.Unfit != "" })
	if len(able) == 0 {
		return nil, problem.New("%s can't be done on this lab: %s", fits[0].Name, fits[0].Unfit).Cure("list what can", "halab drill --list")
	}
	return able, nil
}

// isFault says whether a word is a target and the next one what is done to it.
func (m Menu) isFault(target, what string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(what), " ")
	return fault.Begins(first) && slices.Contains(m.lab.Targets(), target)
}

// aimed is the scenario of one fault on one target. A cluster, and its VIP's name,
// stand for the node that holds the VIP.
func (m Menu) aimed(target, what string) (Scenario, error) {
	order, err := parseOrder(strings.Fields(what))
	if err != nil {
		return Scenario{}, err
	}
	if order.Peer != "" && order.Peer != topology.Client && !slices.Contains(m.lab.Targets(), order.Peer) {
		_, err := m.lab.Resolve(order.Peer, nil)
		return Scenario{}, err
	}
	if c, err := m.lab.ResolveCluster(target); err == nil {
		sc := faulty(c.Name, "the node that holds the "+c.Name+" VIP", order)
		sc.Name = target + "/" + order.Slug()
		return sc, nil
	}
	node, err := m.lab.ResolveNode(target)
	if err != nil {
		return Scenario{}, err
	}
	sc := faulty(node.Cluster, target, order)
	sc.Name = target + "/" + order.Slug()
	sc.Steps[0].Fail.Target = target
	return sc, nil
}

func (m Menu) unknown(name string) error {
	if _, err := m.lab.ResolveNode(name); err == nil {
		return problem.New("%s is a node, not a scenario: say what is done to it", name).
			Cure("for instance", fmt.Sprintf("halab drill %s 'link down'", name))
	}
	known := []string{All}
	for _, s := range m.all {
		for _, one := range []string{s.Name, string(s.Kind), s.Cluster} {
			if !slices.Contains(known, one) {
				known = append(known, one)
			}
		}
	}
	hint := ""
	if near := topology.Suggest(name, known); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return problem.New("there is no scenario %q%s", name, hint).Cure("list them", "halab drill --list")
}
