package drill

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"halab/internal/fault"
	"halab/internal/topology"
)

// step reads one step: a mapping with one key.
func (p *parser) step(n *yaml.Node) Step {
	s := Step{Line: n.Line}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		p.fault(n, "a step is one of  fail: … · restore: … · wait: … · expect: …")
		return s
	}
	p.fields(n, "a step", map[string]func(*yaml.Node){
		"fail":    func(v *yaml.Node) { s.Fail = p.failStep(v) },
		"restore": func(v *yaml.Node) { s.Restore = p.restoreStep(v) },
		"wait":    p.duration(&s.Wait, "wait"),
		"expect":  func(v *yaml.Node) { s.Expect = p.expectStep(v) },
	})
	return s
}

// failStep reads TARGET SERVICE [HOW], the words of `halab fail`.
func (p *parser) failStep(n *yaml.Node) *Fail {
	words := strings.Fields(n.Value)
	if n.Kind != yaml.ScalarNode || len(words) < 2 || len(words) > 3 {
		p.fault(n, "fail takes TARGET SERVICE [HOW], for instance  fail: frontend-00 haproxy kill")
		return &Fail{}
	}
	f := &Fail{Target: words[0], Service: topology.Service(words[1]), How: "stop"}
	if len(words) == 3 {
		f.How = words[2]
	}
	if p.service(n, f.Service) {
		if _, err := fault.Lookup(f.How, f.Service); err != nil {
			p.fault(n, "%v", err)
		}
	}
	return f
}

func (p *parser) service(n *yaml.Node, s topology.Service) bool {
	if slices.Contains(topology.Services(), s) {
		return true
	}
	var known []string
	for _, k := range topology.Services() {
		known = append(known, string(k))
	}
	p.fault(n, "%q is no service%s There are: %s", s, guess(string(s), known), strings.Join(known, ", "))
	return false
}

// restoreStep reads nothing or "all", or [TARGET [SERVICE]].
func (p *parser) restoreStep(n *yaml.Node) *Restore {
	words := strings.Fields(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode || len(words) > 2:
		p.fault(n, "restore takes  all  or TARGET [SERVICE]")
	case n.Tag == "!!null", len(words) == 0, len(words) == 1 && words[0] == "all":
	case len(words) == 1:
		return &Restore{Target: words[0]}
	case p.service(n, topology.Service(words[1])):
		return &Restore{Target: words[0], Service: topology.Service(words[1])}
	}
	return &Restore{}
}

// expectStep reads {vip, holder | holders, within} or {ready: true, within}.
func (p *parser) expectStep(n *yaml.Node) *Expect {
	e := &Expect{}
	p.fields(n, "expect", map[string]func(*yaml.Node){
		"vip":    p.text(&e.VIP, "vip"),
		"holder": p.texts(&e.Holders, "holder"),
		"holders": func(v *yaml.Node) {
			count, err := strconv.Atoi(v.Value)
			if err != nil || count < 0 {
				p.fault(v, "holders must be a number: how many nodes have the VIP")
				return
			}
			e.Count = &count
		},
		"ready": func(v *yaml.Node) {
			if v.Value != "true" {
				p.fault(v, "ready can only be expected to be true")
			}
			e.Ready = true
		},
		"within": p.duration(&e.Within, "within"),
	})
	if n.Kind != yaml.MappingNode {
		return e
	}
	conditions := 0
	for _, has := range []bool{e.Ready, len(e.Holders) > 0, e.Count != nil} {
		if has {
			conditions++
		}
	}
	if conditions != 1 || !e.Ready && e.VIP == "" {
		p.fault(n, "expect takes  {vip: frontend-00, holder: NODE or other, within: 1s}, {vip: …, holders: 2, within: …} or {ready: true, within: …}")
	}
	if e.Within == 0 {
		p.fault(n, "expect needs a bound, for instance within: 1s")
	}
	return e
}
