package drill

import (
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/lint"
	"halab/internal/outage"
)

// Findings is what lint says of the user's own files as the nodes have them, which the
// last run read, with the scenario of the menu that proves it; none of a lab of halab's
// own files.
func (d *Drill) Findings(m Menu) []outage.Finding {
	f := d.forecast
	if f == nil || !f.own || f.unread != nil {
		return nil
	}
	var nodes []facts.Node
	for _, name := range f.members("") {
		nodes = append(nodes, f.nodes[name])
	}
	var list []outage.Finding
	for _, of := range lint.Run(nodes).Findings {
		list = append(list, outage.Finding{
			Severity: string(of.Severity), Rule: of.Rule, At: of.At.String(), What: of.What, Sees: of.Sees,
			Drill: f.drillOf(of, m),
		})
	}
	return list
}

// drillOf is the scenario that proves a finding: its kind, in the cluster of the node
// whose file it is about. There may be none: a lab of the user's own files has no app
// that could be hung.
func (f *forecast) drillOf(of lint.Finding, m Menu) string {
	node, _, _ := strings.Cut(of.At.File, "/")
	at := slices.IndexFunc(m.all, func(sc Scenario) bool {
		return string(sc.Kind) == of.Drill && sc.Unfit == "" && slices.Contains(f.clusters[sc.Cluster], node)
	})
	if at < 0 {
		return ""
	}
	return m.all[at].Name
}
