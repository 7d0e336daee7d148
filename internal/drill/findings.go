package drill

import (
	"maps"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/lint"
	"halab/internal/outage"
)

// Findings is what lint says of the user's own files as the nodes have them, which the
// last run read; none of a lab of halab's own files.
func (d *Drill) Findings() []outage.Finding {
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
			Drill: f.drillOf(of),
		})
	}
	return list
}

// drillOf is the scenario that proves a finding: its kind, in the cluster of the node
// whose file it is about.
func (f *forecast) drillOf(of lint.Finding) string {
	node, _, _ := strings.Cut(of.At.File, "/")
	for _, cluster := range slices.Sorted(maps.Keys(f.clusters)) {
		if of.Drill != "" && slices.Contains(f.clusters[cluster], node) {
			return cluster + "/" + of.Drill
		}
	}
	return of.Drill
}
