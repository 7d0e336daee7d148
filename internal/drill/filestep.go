package drill

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"halab/internal/fault"
	"halab/internal/problem"
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

// failStep reads a target and what is done to it, in the words of `halab fail`.
func (p *parser) failStep(n *yaml.Node) *Fail {
	words := strings.Fields(n.Value)
	if n.Kind != yaml.ScalarNode || len(words) < 2 {
		p.fault(n, "fail takes TARGET SERVICE [HOW] or TARGET FAULT [ARGS…], for instance  fail: frontend-00 haproxy kill")
		return &Fail{}
	}
	order, err := parseOrder(words[1:])
	if err != nil {
		p.fault(n, "%v", err)
	}
	return &Fail{Target: words[0], Order: order}
}

// parseOrder reads what is done: the fault's own words, among which --for TIME
// and --one-way may stand anywhere.
func parseOrder(words []string) (fault.Order, error) {
	var rest []string
	var length time.Duration
	oneWay := false
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "--one-way":
			oneWay = true
		case "--for":
			i++
			var err error
			if i < len(words) {
				length, err = time.ParseDuration(words[i])
			}
			if err != nil || length <= 0 {
				return fault.Order{}, errors.New("--for takes a time such as 500ms or 2s")
			}
		default:
			rest = append(rest, words[i])
		}
	}
	order, err := fault.Parse(rest)
	if err != nil {
		return order, err
	}
	order.For, order.OneWay = length, oneWay
	if length > 0 && !order.Inside() {
		return order, problem.New("%s does not end by itself in a scenario", order.Text()).
			Cure("end it by steps", "wait: "+length.String(), "restore: …")
	}
	return order, order.Check()
}

// restoreStep reads nothing or "all", or TARGET [SERVICE|FAULT].
func (p *parser) restoreStep(n *yaml.Node) *Restore {
	words := strings.Fields(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		p.fault(n, "restore takes  all  or TARGET [SERVICE|FAULT]")
	case n.Tag == "!!null", len(words) == 0, len(words) == 1 && words[0] == "all":
	default:
		scope, err := fault.ParseScope(words[1:])
		if err != nil {
			p.fault(n, "%v", err)
		}
		return &Restore{Target: words[0], Scope: scope}
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
