// Package lint judges the configuration of the nodes of a cluster together: both
// nodes and both daemons. A finding says what is wrong, what a client will see of
// it, the drill that proves it and, where there is one, the cure as a diff.
//
// Findings are few and sure. What can't be told from the files is no finding.
package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/source"
)

// Severity is how bad a finding is.
type Severity string

// The severities. An error loses the service at some fault; a warning costs more
// than it must, or may; info is worth knowing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Info}, s) }

// Finding is one thing that is wrong.
type Finding struct {
	Severity Severity     `json:"severity"`
	Rule     string       `json:"rule"`
	At       source.Pos   `json:"at"`
	Also     []source.Pos `json:"also,omitempty"` // other places that it is about
	What     string       `json:"what"`
	Sees     string       `json:"sees"`            // what a client will see
	Drill    string       `json:"drill,omitempty"` // kind of drill that shows it
	Cure     *Cure        `json:"cure,omitempty"`

	refused string // the file that HAProxy refuses for it
}

// Cure is a change of one place.
type Cure struct {
	Text string     `json:"text"`
	At   source.Pos `json:"at"`
	Old  []string   `json:"old,omitempty"` // lines that go, from At.Line on
	New  []string   `json:"new,omitempty"` // lines that come instead, or after At.Line where none go
}

// Report is what lint says.
type Report struct {
	Nodes    []string
	Versions map[string]Versions // by node
	Findings []Finding
	Tables   []forecast.Table
	Unjudged []string // what these files can't say
}

// Versions are the daemons that a node's files were judged for; empty where the
// node has no file of one.
type Versions struct {
	Keepalived facts.Version `json:"keepalived"`
	HAProxy    facts.Version `json:"haproxy"`
}

// Count gives how many findings of a severity there are.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Run judges some nodes.
func Run(nodes []facts.Node) Report {
	w := &world{nodes: nodes, clusters: forecast.Clusters(nodes), lines: map[string][]string{}, refused: map[string]string{}}
	r := Report{Findings: []Finding{}, Tables: []forecast.Table{}, Unjudged: []string{}, Versions: map[string]Versions{}}
	for _, n := range nodes {
		r.Nodes = append(r.Nodes, n.Name)
		r.Versions[n.Name] = Versions{n.Keepalived.Version, n.HAProxy.Version}
	}
	for _, rule := range Rules() {
		w.rule = rule
		rule.run(w)
	}
	slices.SortStableFunc(w.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.rank(), b.Severity.rank()), strings.Compare(a.At.File, b.At.File),
			cmp.Compare(a.At.Line, b.At.Line))
	})
	r.Findings = append(r.Findings, w.found...)
	w.mark()
	for _, c := range w.clusters {
		r.Tables = append(r.Tables, c.Table())
	}
	r.Unjudged = append(r.Unjudged, w.unjudged()...)
	return r
}

// world is what rules work with.
type world struct {
	nodes    []facts.Node
	clusters []forecast.Cluster
	lines    map[string][]string
	rule     Rule
	found    []Finding
	refused  map[string]string // file -> what is said of it
}

// mark tells the clusters which nodes have a HAProxy that does not start: below
// that, no failover is to be reckoned with.
func (w *world) mark() {
	for _, c := range w.clusters {
		for i := range c.Members {
			for _, f := range c.Members[i].Node.HAProxy.Files {
				if what, ok := w.refused[f.Name]; ok {
					c.Members[i].Refused = what
				}
			}
		}
	}
}

// find adds a finding of the rule that runs. The same thing on another node is
// one finding with two places.
func (w *world) find(f Finding) {
	f.Rule = w.rule.Name
	if f.refused != "" {
		w.refused[f.refused] = "HAProxy refuses " + f.refused + ", and does not start"
	}
	if f.Severity == "" {
		f.Severity = w.rule.Severity
	}
	for i := range w.found {
		if g := &w.found[i]; g.Rule == f.Rule && g.What == f.What {
			if g.At != f.At && !slices.Contains(g.Also, f.At) {
				g.Also = append(g.Also, f.At)
			}
			return
		}
	}
	w.found = append(w.found, f)
}

// line is the text of a place's line.
func (w *world) line(at source.Pos) string {
	if len(w.lines) == 0 {
		for _, n := range w.nodes {
			if n.Keepalived.Conf != nil {
				for _, f := range n.Keepalived.Conf.Files {
					w.lines[f.Name] = strings.Split(f.String(), "\n")
				}
			}
			for _, f := range n.HAProxy.Files {
				w.lines[f.Name] = strings.Split(f.String(), "\n")
			}
		}
	}
	if lines := w.lines[at.File]; at.Line > 0 && at.Line <= len(lines) {
		return strings.TrimRight(lines[at.Line-1], "\r")
	}
	return ""
}

// wordAt is the word that stands at a place.
func (w *world) wordAt(at source.Pos) string {
	line := w.line(at)
	if at.Col < 1 || at.Col > len(line) {
		return ""
	}
	word, _, _ := strings.Cut(line[at.Col-1:], " ")
	return strings.TrimSpace(word)
}

// replace is a cure that puts a word in place of another on one line.
func (w *world) replace(at source.Pos, old, new, text string) *Cure {
	line := w.line(at)
	if at.Col-1 > len(line) || !strings.HasPrefix(line[max(0, at.Col-1):], old) {
		return &Cure{Text: text, At: at}
	}
	return &Cure{Text: text, At: at, Old: []string{line}, New: []string{line[:at.Col-1] + new + line[at.Col-1+len(old):]}}
}

// remove is a cure that takes a line away.
func (w *world) remove(at source.Pos, text string) *Cure {
	return &Cure{Text: text, At: at, Old: []string{w.line(at)}}
}

// add is a cure that puts lines after a place, indented as that line is.
func (w *world) add(at source.Pos, text string, lines ...string) *Cure {
	line := w.line(at)
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	c := &Cure{Text: text, At: at}
	for _, l := range lines {
		c.New = append(c.New, indent+l)
	}
	return c
}

// unjudged says what is missing for a judgement.
func (w *world) unjudged() []string {
	var list []string
	if len(w.nodes) == 1 {
		list = append(list, "one node alone: whether two nodes hear each other, who takes over and when can't be judged; give the other node's files too")
	}
	for _, n := range w.nodes {
		switch {
		case !n.Keepalived.Present:
			list = append(list, n.Name+" has no keepalived.conf: nothing is said about its VIPs")
		case !n.HAProxy.Present:
			list = append(list, n.Name+" has no haproxy.cfg: nothing is said about what listens on its VIPs")
		}
	}
	for _, c := range w.clusters {
		for _, m := range c.Members {
			for _, t := range m.Is.Tracked {
				if look := m.Looks[t.Name]; t.Script != nil && look.Asks == "unknown" && look.File == "" {
					list = append(list, fmt.Sprintf("%s: %s is not in these files: whether it notices a hanging HAProxy is not known", m.Node.Name, t.Script.Command.V))
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
