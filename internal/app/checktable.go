package app

import (
	"slices"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
)

// CheckTable is what the check scripts of one node say while its HAProxy is up, dead
// and hung; its JSON form is public (docs/json.md).
type CheckTable struct {
	Cluster string     `json:"cluster"`
	Node    string     `json:"node"`
	Held    []string   `json:"held"` // VIPs that it held before
	Checks  []CheckRow `json:"checks"`
	None    string     `json:"none,omitempty"` // why there is nothing to run
}

// CheckRow is one check.
type CheckRow struct {
	Name      string             `json:"name"`
	Command   string             `json:"command"`
	TimeoutMs float64            `json:"timeout_ms"`
	Off       string             `json:"off,omitempty"` // why keepalived does not run it
	Up        *agentapi.CheckRun `json:"up,omitempty"`
	Dead      *agentapi.CheckRun `json:"dead,omitempty"`
	Hung      *agentapi.CheckRun `json:"hung,omitempty"`
	Verdict   string             `json:"verdict"`
	Tells     bool               `json:"tells"` // a dead HAProxy from one that is up

	request agentapi.CheckRequest
}

// Tells says whether every check tells a dead HAProxy from one that is up.
func (t CheckTable) Tells() bool {
	return !slices.ContainsFunc(t.Checks, func(r CheckRow) bool { return !r.Tells })
}

// checkRows lists the checks of a node's keepalived, and says of each why it is not
// run, where it is not. Without one, none says why.
func checkRows(n facts.Node, own bool) (rows []CheckRow, none string) {
	rows = []CheckRow{}
	k := n.Keepalived
	var tracked []facts.Tracked
	for _, i := range k.Instances {
		tracked = append(tracked, i.Tracked...)
	}
	for _, g := range k.Groups {
		tracked = append(tracked, g.Tracked...)
	}
	for i := range k.Scripts {
		s := &k.Scripts[i]
		r := CheckRow{Name: s.Name, Command: s.Command.V, TimeoutMs: s.TimeoutMs.V, request: agentapi.CheckRequest{
			Command: s.Command.V, User: k.Global.ScriptUser.V, TimeoutMs: s.TimeoutMs.V, Shell: !k.Version.AtLeast("2"),
		}}
		if s.User.Set {
			r.request.User = s.User.V
		}
		r.Off = checks.Look(&n, s).Off
		if !slices.ContainsFunc(tracked, func(t facts.Tracked) bool { return t.Kind == "script" && t.Name == s.Name && t.Works() }) {
			r.Off = "no track_script below it names it"
		}
		rows = append(rows, r)
	}
	switch {
	case len(rows) > 0:
	case !own:
		none = "no check scripts: process 1 follows HAProxy, and keepalived reads what it writes"
	case len(k.Trackers) > 0:
		none = "no check scripts: keepalived follows a " + k.Trackers[0].Kind + " itself"
	default:
		none = "no check scripts, so nothing tells keepalived that HAProxy is dead"
	}
	return rows, none
}

// judge says what a check's three runs come to: with HAProxy up it must succeed, with
// HAProxy dead it must fail. That it does not see a hang is told; many a check that
// asks for a process is meant so.
func (r *CheckRow) judge() {
	switch {
	case r.Off != "":
		r.Verdict = "keepalived does not run it: " + r.Off
	case r.Up == nil || r.Dead == nil || r.Hung == nil:
		r.Verdict = "not run"
	case r.Up.Error != "":
		r.Verdict = "can't be run: " + r.Up.Error
	case !r.Up.OK() && !r.Dead.OK():
		r.Verdict = "never succeeds: it fails though HAProxy is up"
	case r.Up.OK() && r.Dead.OK():
		r.Verdict = "never fails: it succeeds though HAProxy is dead"
	case !r.Up.OK():
		r.Verdict = "the wrong way round: it fails while HAProxy is up, and succeeds when that is dead"
	case r.Hung.OK():
		r.Verdict, r.Tells = "ok; does not see a hang", true
	default:
		r.Verdict, r.Tells = "ok", true
	}
}
