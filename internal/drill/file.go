package drill

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"halab/internal/effect"
	"halab/internal/outage"
	"halab/internal/topology"
)

// maxFile is the largest scenario file that is read, in bytes.
const maxFile = 1 << 20

// parser reads one scenario file and gathers everything that is wrong with it.
type parser struct {
	file   string
	faults []error
}

// ParseFile reads the scenarios of a YAML file, one a document. All that is
// wrong with it is reported at once, each fault with its line.
func ParseFile(file string, r io.Reader) ([]Scenario, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes, more than any list of steps needs", file, maxFile)
	}
	p := &parser{file: file}
	var list []Scenario
	documents := yaml.NewDecoder(strings.NewReader(string(data)))
	for {
		var doc yaml.Node
		err := documents.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.faults = append(p.faults, fmt.Errorf("%s: %w", file, err))
			break
		}
		if len(doc.Content) == 1 {
			list = append(list, p.scenario(doc.Content[0]))
		}
	}
	if len(list) == 0 && len(p.faults) == 0 {
		return nil, fmt.Errorf("%s has no scenario; an example is in docs/scenarios.md", file)
	}
	return list, errors.Join(p.faults...)
}

func (p *parser) fault(n *yaml.Node, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// fields calls the function of each key of a mapping, and reports keys that
// have none and keys that stand twice.
func (p *parser) fields(n *yaml.Node, of string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fault(n, "%s must be a mapping", of)
		return
	}
	var names []string
	for name := range known {
		names = append(names, name)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		take, found := known[key.Value]
		switch {
		case !found:
			p.fault(key, "%s has no field %q%s", of, key.Value, guess(key.Value, names))
		case seen[key.Value]:
			p.fault(key, "%s has the field %q twice", of, key.Value)
		default:
			take(value)
		}
		seen[key.Value] = true
	}
}

func guess(word string, known []string) string {
	if near := topology.Suggest(word, known); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return ""
}

func (p *parser) text(into *string, of string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			p.fault(n, "%s must be text", of)
			return
		}
		*into = n.Value
	}
}

func (p *parser) duration(into *time.Duration, of string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
			p.fault(n, "%s must be a time such as 500ms or 2s, not %q", of, n.Value)
			return
		}
		*into = d
	}
}

func (p *parser) texts(into *[]string, of string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		list := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			list = n.Content
		}
		for _, item := range list {
			var one string
			p.text(&one, of)(item)
			*into = append(*into, one)
		}
	}
}

func (p *parser) scenario(n *yaml.Node) Scenario {
	s := Scenario{Kind: outage.KindCustom, Custom: true, Effect: effect.Steps(), Steps: []Step{}}
	p.fields(n, "a scenario", map[string]func(*yaml.Node){
		"name":        p.text(&s.Name, "name"),
		"description": p.text(&s.Description, "description"),
		"cluster":     p.text(&s.Cluster, "cluster"),
		"budget":      p.budget(&s.Budget),
		"shows":       p.shows(&s.Shows),
		"steps": func(list *yaml.Node) {
			if list.Kind != yaml.SequenceNode {
				p.fault(list, "steps must be a list")
				return
			}
			for _, item := range list.Content {
				s.Steps = append(s.Steps, p.step(item))
			}
		},
	})
	if n.Kind != yaml.MappingNode {
		return s
	}
	if s.Name == "" {
		p.fault(n, "the scenario has no name")
	}
	if s.Cluster == "" {
		p.fault(n, "the scenario names no cluster: say whose VIP is probed, for instance cluster: frontend")
	}
	p.order(n, s.Steps)
	return s
}

// budget checks a budget while its line is known.
func (p *parser) budget(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		p.text(into, "budget")(n)
		if *into == "" {
			return
		}
		if _, err := outage.ParseBudget(*into); err != nil {
			p.fault(n, "budget: %v", err)
		}
	}
}

// shows checks the names of invariants: one that there is not would be shown by
// nothing, and missed by nobody.
func (p *parser) shows(into *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		p.texts(into, "shows")(n)
		known := outage.Invariants()
		for _, name := range *into {
			if name != "" && !slices.Contains(known, name) {
				p.fault(n, "shows: there is no invariant %q%s; there are: %s", name, guess(name, known), strings.Join(known, ", "))
			}
		}
	}
}

// order checks that a scenario breaks something, and mends it afterwards.
func (p *parser) order(n *yaml.Node, steps []Step) {
	failed, mended := false, false
	for _, s := range steps {
		failed = failed || s.Fail != nil
		mended = mended || failed && s.Restore != nil
	}
	switch {
	case !failed:
		p.fault(n, "the scenario breaks nothing: it needs a step such as  - fail: frontend-00 haproxy kill")
	case !mended:
		p.fault(n, "the scenario mends nothing: it needs a step  - restore: all  after what it breaks")
	}
}
