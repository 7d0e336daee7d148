package lint

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
)

// What clients see, in the same words wherever it is the same.
const (
	seesNever  = "while HAProxy is dead on the node that holds the VIP, every connection is refused, until somebody mends it"
	seesNobody = "nobody answers on the VIP"
)

// weights judges whether a dead HAProxy moves the VIP where checks have weights.
func weights(w *world) {
	nopreempt := w.rule.Name == ruleNoPreempt
	for _, c := range w.clusters {
		for _, h := range c.Holders() {
			tracked, ok := firstWeight(h)
			if !ok || len(c.Members) < 2 {
				continue
			}
			row := c.Fault(effect.Kill(effect.HAProxy), h)
			if wanted := map[bool]forecast.Why{true: forecast.WhyNoPreempt, false: forecast.WhyWeight}[nopreempt]; row.Outcome != forecast.Never || row.Why != wanted || cold(c) {
				continue
			}
			at := tracked.Weight.At
			if !at.Known() {
				at = tracked.At
			}
			f := Finding{At: at, Sees: seesNever, Drill: "haproxy-kill",
				What: "the VIP never moves when HAProxy dies: " + row.Formula}
			if nopreempt {
				f.Cure = w.remove(at, "without a weight a failing check makes FAULT, and the VIP moves")
			} else {
				f.Cure = w.enough(c, h, tracked)
			}
			w.find(f)
			break
		}
	}
}

// cold says whether HAProxy does not run on a standby; that is other rules'
// business.
func cold(c forecast.Cluster) bool {
	return slices.ContainsFunc(c.Members, func(m forecast.Member) bool { why, _ := m.Cold(); return why != "" })
}

// firstWeight is the first tracked check that sees HAProxy and has a weight.
func firstWeight(m forecast.Member) (facts.Tracked, bool) {
	for _, t := range m.Is.Tracked {
		if m.Sees(t) && t.Weight.V != 0 && !m.Looks[t.Name].Leaves() {
			return t, true
		}
	}
	return facts.Tracked{}, false
}

// enough is a weight that is more than the gap of the priorities. A positive
// weight only helps where the other node has it too.
func (w *world) enough(c forecast.Cluster, h forecast.Member, t facts.Tracked) *Cure {
	gap, both := 0, true
	for _, m := range c.Members {
		if m.Node == h.Node {
			continue
		}
		gap = max(gap, h.Is.Priority.V-m.Is.Priority.V)
		_, has := firstWeight(m)
		both = both && has
	}
	need := gap + 1
	if t.Weight.V < 0 || !both {
		need = -need
	}
	old := fmt.Sprint(t.Weight.V)
	return w.replace(t.Weight.At, old, fmt.Sprint(need), "a weight that is more than the gap of the priorities, or none at all")
}

// slowCheck compares what a dead HAProxy costs with what a dead node costs.
func slowCheck(w *world) {
	const more = 10_000
	for _, c := range w.clusters {
		for _, h := range c.Holders() {
			dies, crash := c.Fault(effect.Kill(effect.HAProxy), h), c.Fault(effect.Kill(effect.Node), h)
			if dies.Outcome != forecast.Moves || crash.Outcome != forecast.Moves || dies.MaxMs-crash.MaxMs < more {
				continue
			}
			for _, t := range h.Is.Tracked {
				if !h.Sees(t) || t.Script == nil || dies.Why == forecast.WhyRevived {
					continue
				}
				at := t.Script.Fall.At
				if !at.Known() {
					at = t.Script.IntervalMs.At
				}
				f := Finding{At: at, Drill: "haproxy-kill",
					What: fmt.Sprintf("a dead HAProxy costs %.1f–%.1f s, a dead machine %.1f–%.1f s: %g s of it are fall × interval",
						dies.MinMs/1000, dies.MaxMs/1000, crash.MinMs/1000, crash.MaxMs/1000, float64(t.Script.Fall.V)*t.Script.IntervalMs.V/1000),
					Sees: fmt.Sprintf("connections are refused for up to %.1f s when HAProxy dies", dies.MaxMs/1000)}
				if t.Script.Fall.Set && t.Script.Fall.V > 2 {
					f.Cure = w.replace(at, fmt.Sprint(t.Script.Fall.V), "2", "two failures are enough; interval 1 does the rest")
				}
				w.find(f)
				break
			}
			break
		}
	}
}

// eachCheck visits every tracked script of every node once.
func (w *world) eachCheck(see func(m forecast.Member, t facts.Tracked, look checks.Check)) {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			for _, t := range m.Is.Tracked {
				if t.Script != nil {
					see(m, t, m.Looks[t.Name])
				}
			}
		}
	}
}

func neverFails(w *world) {
	w.eachCheck(func(_ forecast.Member, t facts.Tracked, look checks.Check) {
		if look.Never == "" {
			return
		}
		f := Finding{At: t.Script.Command.At, What: fmt.Sprintf("check %s can never fail: %s", t.Name, look.Never), Sees: seesNever, Drill: "haproxy-kill",
			Cure: &Cure{Text: "let the check end with another code than 0 when HAProxy does not answer", At: t.Script.Command.At}}
		if look.Revives() {
			f.Severity = Warning
			f.What = fmt.Sprintf("check %s starts HAProxy again, and can never fail: %s", t.Name, look.Never)
			f.Sees = "a HAProxy that does not start, for a slip in its file say, leaves the VIP where every connection is refused"
		}
		w.find(f)
	})
}

func stopsKeepalived(w *world) {
	w.eachCheck(func(_ forecast.Member, t facts.Tracked, look checks.Check) {
		f := Finding{At: t.Script.Command.At, Drill: "haproxy-kill"}
		switch {
		case look.Stops && look.Slip != "":
			f.What = fmt.Sprintf("check %s ends keepalived though HAProxy is healthy: %s", t.Name, look.Slip)
			f.Sees = seesNobody + ", on both nodes after a moment"
		case look.Stops:
			f.Severity = Warning
			f.What = fmt.Sprintf("check %s stops keepalived itself: the VIP moves, but nothing starts keepalived again when HAProxy is back", t.Name)
			f.Sees = "the next fault, of the other node, finds nobody to take the VIP"
			f.Cure = &Cure{Text: "end with 1 instead; keepalived gives the VIP away by itself, and takes part again", At: t.Script.Command.At}
		case look.Cuts:
			f.Severity = Warning
			f.What = fmt.Sprintf("check %s takes the node off the network itself: the VIP moves, but later than by a check that fails, and nothing puts the node back", t.Name)
			f.Sees = "the machine can't be reached when it is to be mended, and the next fault, of the other node, finds nobody to take the VIP"
			f.Cure = &Cure{Text: "end with 1 instead; keepalived gives the VIP away by itself, and takes part again", At: t.Script.Command.At}
		case look.Slip != "":
			f.What = fmt.Sprintf("check %s has a test that does not test: %s", t.Name, look.Slip)
			f.Sees = "the VIP stays when HAProxy is dead, or leaves when it is healthy"
		default:
			return
		}
		w.find(f)
	})
}

func scriptOff(w *world) {
	w.eachCheck(func(m forecast.Member, t facts.Tracked, look checks.Check) {
		if look.Off == "" {
			return
		}
		k := m.Node.Keepalived
		running := 0
		for _, s := range k.Scripts {
			if checks.Look(m.Node, &s).Off == "" {
				running++
			}
		}
		f := Finding{At: t.Script.Command.At, Sees: seesNever, Drill: "haproxy-kill",
			What: fmt.Sprintf("checks defined %d, tracked %d, running %d: %s", len(k.Scripts), len(m.Looks), running, look.Off)}
		if !k.Global.ScriptUser.Set {
			f.Cure = w.add(k.Global.Security.At, "say who runs scripts", "script_user root")
		}
		w.find(f)
	})
}

func shellNeeded(w *world) {
	w.eachCheck(func(m forecast.Member, t facts.Tracked, look checks.Check) {
		if look.Shell == "" {
			return
		}
		sees := seesNever
		if t.Weight.V == 0 {
			sees = seesNobody + ": the check fails on every node, and all are in FAULT"
		}
		w.find(Finding{At: t.Script.Command.At, Sees: sees, Drill: "haproxy-kill",
			What: fmt.Sprintf("check %s works on 1.3.5 and always fails on keepalived 2: it is run without a shell, and %s becomes a word", t.Name, look.Shell),
			Cure: inShell(w, t.Script.Command)})
	})
	w.eachNotify(func(n *facts.Node, notify facts.Notify) {
		if look := checks.Command(n, notify.Command.V); look.Shell != "" {
			w.find(Finding{Severity: Warning, At: notify.Command.At, Sees: "nothing at first; what the script is for does not happen",
				What: fmt.Sprintf("%s is run without a shell by keepalived 2: %s becomes a word", notify.Event, look.Shell), Cure: inShell(w, notify.Command)})
		}
	})
}

// inShell gives a command to a shell, where both quotes can be had.
func inShell(w *world, c facts.Value[string]) *Cure {
	const text = "put it into a script file, or give it to a shell"
	if strings.ContainsAny(c.V, `'"`) {
		return &Cure{Text: text, At: c.At}
	}
	old := `"` + c.V + `"`
	if !strings.Contains(w.line(c.At), old) {
		old = c.V
	}
	return w.replace(c.At, old, `"/bin/sh -c '`+c.V+`'"`, text)
}

// eachNotify visits every notify script, of instances and groups.
func (w *world) eachNotify(see func(*facts.Node, facts.Notify)) {
	for i := range w.nodes {
		for _, in := range w.nodes[i].Keepalived.Instances {
			for _, n := range in.Notify {
				see(&w.nodes[i], n)
			}
		}
		for _, g := range w.nodes[i].Keepalived.Groups {
			for _, n := range g.Notify {
				see(&w.nodes[i], n)
			}
		}
	}
}
