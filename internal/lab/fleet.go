package lab

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"halab/internal/engine"
	"halab/internal/plan"
	"halab/internal/topology"
)

// fleet is an engine of several hosts.
type fleet interface {
	Hosts() bool
	Unreachable() map[string]string // node -> why
	Absent() []string               // their endpoints
}

// Unreachable is the state of a node whose host does not answer.
const Unreachable = "unreachable"

// Expect tells the lab what its description has, so that nodes whose hosts do
// not answer are known all the same.
func (l *Lab) Expect(t *topology.Lab) { l.expected = t }

// fleet is the engine, where that is one of several hosts.
func (l *Lab) fleet() (fleet, bool) {
	f, ok := l.engine.(fleet)
	return f, ok && f.Hosts()
}

// silent maps the nodes whose hosts do not answer to the reason.
func (l *Lab) silent() map[string]string {
	if f, ok := l.fleet(); ok {
		return f.Unreachable()
	}
	return nil
}

// absentees stand for the containers of the nodes whose hosts do not answer.
func (l *Lab) absentees(silent map[string]string) []engine.Container {
	if l.expected == nil || len(silent) == 0 {
		return nil
	}
	var all []engine.Container
	rank := 0
	for _, c := range l.expected.Clusters {
		for _, n := range c.Nodes {
			if silent[n.Name] != "" {
				for _, service := range topology.Services() {
					all = append(all, absentee(l.expected, c, n, service, rank))
				}
			}
			rank++
		}
	}
	return all
}

// withoutAnswer is a listing in which what is on the lost nodes is unreachable:
// their hosts listed it, and stopped answering before the nodes could be asked.
func withoutAnswer(all []engine.Container, lost map[string]string) []engine.Container {
	all = slices.Clone(all)
	for i, c := range all {
		if lost[c.Labels[engine.LabelNode]] != "" {
			all[i].State = Unreachable
		}
	}
	return all
}

// joined are the reasons of both; the first one's count where both have one.
func joined(a, b map[string]string) map[string]string {
	both := maps.Clone(b)
	maps.Copy(both, a)
	return both
}

func absentee(t *topology.Lab, c topology.Cluster, n topology.Node, service topology.Service, rank int) engine.Container {
	labels := map[string]string{
		engine.LabelLab: t.Name, engine.LabelNode: n.Name, engine.LabelService: string(service),
		engine.LabelCluster: c.Name, engine.LabelBase: t.Base, engine.LabelProfile: string(t.Profile),
		engine.LabelAddress: n.Address.String(), engine.LabelVIP: c.VIP.Name + "=" + c.VIP.Address.String(),
		engine.LabelRank: strconv.Itoa(rank),
	}
	if c.Upstream != "" {
		labels[engine.LabelUpstream] = c.Upstream
	}
	return engine.Container{Name: n.Name, State: Unreachable, Endpoint: n.Endpoint, Labels: labels}
}

// reachable leaves out of what is wanted what is on hosts that do not answer.
func reachable(w plan.Wanted, absent []string) plan.Wanted {
	gone := func(endpoint string) bool { return endpoint != "" && slices.Contains(absent, endpoint) }
	w.Containers = slices.DeleteFunc(slices.Clone(w.Containers), func(c engine.ContainerSpec) bool { return gone(c.Endpoint) })
	w.Networks = slices.DeleteFunc(slices.Clone(w.Networks), func(n engine.Network) bool { return gone(n.Endpoint) })
	w.Volumes = slices.DeleteFunc(slices.Clone(w.Volumes), func(v engine.Volume) bool { return gone(v.Endpoint) })
	return w
}

// leaveAlone leaves out of what is observed what is on hosts that take no part:
// what a lab has there stays.
func leaveAlone(o plan.Observed, absent []string) plan.Observed {
	gone := func(endpoint string) bool { return endpoint != "" && slices.Contains(absent, endpoint) }
	o.Containers = slices.DeleteFunc(slices.Clone(o.Containers), func(c engine.Container) bool { return gone(c.Endpoint) })
	o.Networks = slices.DeleteFunc(slices.Clone(o.Networks), func(n engine.Network) bool { return gone(n.Endpoint) })
	o.Volumes = slices.DeleteFunc(slices.Clone(o.Volumes), func(v engine.Volume) bool { return gone(v.Endpoint) })
	return o
}

// Silence is an error that names the hosts that did not answer, nil where all
// did; what says what to do then.
func (l *Lab) Silence(what string) error {
	silent := l.silent()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(silent)) {
		why, cure, found := strings.Cut(silent[name], "\n")
		if found {
			cure = "\n" + cure
		}
		lines = append(lines, fmt.Sprintf("%s; %s%s", why, what, cure))
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// lost says whether an error is that of a host that does not answer.
func (l *Lab) lost(err error) bool {
	_, several := l.fleet()
	return several && errors.Is(err, engine.ErrUnreachable)
}
