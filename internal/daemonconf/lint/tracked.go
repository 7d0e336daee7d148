package lint

import (
	"fmt"
	"slices"

	"halab/internal/daemonconf/checks"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/daemonconf/source"
)

// tracked judges whether anything at all notices HAProxy's death.
func tracked(w *world) {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			w.lost(m)
			if m.Node.HAProxy.Present && !m.Followed() && !slices.ContainsFunc(m.Is.Tracked, m.Sees) {
				w.nothing(m)
			}
		}
	}
}

// lost finds tracked names that keepalived does not find, or drops.
func (w *world) lost(m forecast.Member) {
	for _, t := range m.Is.Tracked {
		switch {
		case w.rule.Name == ruleBelow && t.Below.Known():
			w.find(Finding{At: t.At, Sees: seesNever, Drill: "haproxy-kill",
				What: fmt.Sprintf("%s is defined below the instance that tracks it (line %d), so it is not found and ignored", t.Name, t.Below.Line),
				Cure: &Cure{Text: "move the vrrp_" + t.Kind + " above the vrrp_instance", At: t.Below}})
		case w.rule.Name == ruleUndefined && !t.Works() && !t.Below.Known():
			f := Finding{At: t.At, Sees: seesNever, Drill: "haproxy-kill",
				What: fmt.Sprintf("track_%s names %s, which is defined nowhere: it is ignored", t.Kind, t.Name)}
			if names := defined(m, t.Kind); len(names) == 1 {
				f.Cure = w.replace(t.At, t.Name, names[0], "there is "+names[0])
			}
			w.find(f)
		case w.rule.Name == ruleGroupWeight && m.Is.Group != "" && t.Works() && t.Weight.V != 0 && t.Kind == "script":
			at := t.Weight.At
			if !at.Known() {
				at = t.At
			}
			w.find(Finding{At: at, Sees: seesNever, Drill: "haproxy-kill",
				What: fmt.Sprintf("check %s has a weight, and the instance is in sync group %s: keepalived ignores such a check", t.Name, m.Is.Group),
				Cure: w.remove(at, "without a weight a failing check makes FAULT, for the whole group")})
		}
	}
}

func defined(m forecast.Member, kind string) []string {
	var names []string
	if kind == "script" {
		for _, s := range m.Node.Keepalived.Scripts {
			names = append(names, s.Name)
		}
	}
	return names
}

// nothing says why nothing notices HAProxy, where no other rule does.
func (w *world) nothing(m forecast.Member) {
	k := m.Node.Keepalived
	used := map[string]bool{}
	for _, in := range k.Instances {
		for _, t := range in.Tracked {
			used[t.Name] = true
		}
	}
	var idle []facts.Script
	for _, s := range k.Scripts {
		if !used[s.Name] {
			idle = append(idle, s)
		}
	}
	switch {
	case len(m.Is.Tracked) > 0:
		w.elsewhere(m)
	case len(idle) > 0 && w.rule.Name == ruleUntracked:
		s := idle[0]
		end := m.Is.At
		w.find(Finding{At: s.At, Sees: seesNever, Drill: "haproxy-kill",
			What: fmt.Sprintf("vrrp_script %s is defined and tracked by no instance: the VIP never moves when HAProxy dies", s.Name),
			Cure: w.add(end, "track it", "    track_script {", "        "+s.Name, "    }")})
	case len(idle) == 0 && w.rule.Name == ruleNoCheck:
		w.find(Finding{At: m.Is.At, Sees: seesNever, Drill: "haproxy-kill",
			What: "nothing checks HAProxy: the VIP never moves when it dies",
			Cure: w.add(before(m.Is.At), "have it checked (above the vrrp_instance), and tracked in it",
				"vrrp_script haproxy {", `    script "/usr/bin/pgrep -x haproxy"`, "    interval 1", "}")})
	}
}

// elsewhere finds checks that look at something else than HAProxy.
func (w *world) elsewhere(m forecast.Member) {
	if w.rule.Name != ruleElsewhere {
		return
	}
	if t, ok := m.Follows(); ok {
		w.find(Finding{At: t.At, Sees: seesNever, Drill: "haproxy-kill", Severity: Warning,
			What: fmt.Sprintf("track_file %s follows %s, and nothing in these files writes that when HAProxy dies: unless something else does, the VIP never moves", t.Name, t.Tracker.Path)})
	}
	for _, t := range m.Is.Tracked {
		look := m.Looks[t.Name]
		if t.Script == nil || look.Asks != checks.Other {
			continue
		}
		what := fmt.Sprintf("check %s does not look at HAProxy: %s", t.Name, t.Script.Command.V)
		if look.Port > 0 {
			what = fmt.Sprintf("check %s asks port %d, on which HAProxy does not listen", t.Name, look.Port)
		}
		w.find(Finding{At: t.Script.Command.At, Sees: seesNever, Drill: "haproxy-kill", What: what})
	}
}

// startedByNotify finds a HAProxy that only a master starts while a check wants
// it before a node may be master.
func startedByNotify(w *world) {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			for _, n := range m.Is.Notify {
				if n.Event != "notify_master" && n.Event != "notify" || !checks.Command(m.Node, n.Command.V).Starts {
					continue
				}
				for _, t := range m.Is.Tracked {
					if !m.Sees(t) {
						continue
					}
					why := "with weight 0 the backup is in FAULT for ever"
					if t.Weight.V != 0 {
						why = fmt.Sprintf("the backup's weight of %d counts against it for ever", t.Weight.V)
					}
					w.find(Finding{At: n.Command.At, Drill: "node-crash", Sees: seesNobody + " when the holder is lost",
						What: fmt.Sprintf("%s starts HAProxy, and check %s wants it running before: %s", n.Event, t.Name, why),
						Cure: &Cure{Text: "let HAProxy run on all nodes all the time", At: n.Command.At}})
				}
			}
		}
	}
}

// tooDeep finds checks that go through HAProxy to the servers, or straight to
// them.
func tooDeep(w *world) {
	w.eachCheck(func(m forecast.Member, t facts.Tracked, look checks.Check) {
		if look.Asks != checks.Answer && look.Asks != checks.Port && look.Asks != checks.Other {
			return
		}
		deep := Finding{At: t.Script.Command.At, Drill: "app-hang", Sees: "slow or dead servers make the VIP move or vanish, which helps nobody"}
		if s := asked(m, look); s != "" {
			deep.What = fmt.Sprintf("check %s asks server %s itself: when it fails, the VIP moves, though HAProxy is well", t.Name, s)
			w.find(deep)
			return
		}
		if look.Asks != checks.Answer || look.Port == 0 {
			return
		}
		m.Node.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
			if b.Low > look.Port || b.High < look.Port {
				return
			}
			if p.MonitorURI.V != "" && p.MonitorURI.V == look.Path {
				if at := monitorFails(p); at.Known() {
					deep.What = fmt.Sprintf("check %s asks %s, which fails with the servers (monitor fail): every node's check fails then, though HAProxy is well", t.Name, look.Path)
					deep.Cure = w.remove(at, "let it answer whatever the servers do")
					w.find(deep)
				}
				return
			}
			for _, back := range m.Node.HAProxy.Backends(p) {
				if len(back.Servers) > 0 {
					deep.What = fmt.Sprintf("check %s goes through HAProxy to the servers of %s: when they fail, every node's check fails, though HAProxy is well", t.Name, back.Name)
					deep.Cure = &Cure{Text: "ask what HAProxy answers by itself: a monitor-uri", At: p.At, New: []string{"    monitor-uri /haproxy-alive"}}
					w.find(deep)
					return
				}
			}
		})
	})
}

// monitorFails is where a proxy lets its monitor-uri depend on its servers.
func monitorFails(p *facts.Proxy) source.Pos {
	for _, l := range p.Section.Lines {
		if l.Word(0) == "monitor" && l.Word(1) == "fail" {
			return l.At()
		}
	}
	return source.Pos{}
}

// asked is the server that a check asks by itself, "" where it asks none.
func asked(m forecast.Member, look checks.Check) string {
	for _, p := range m.Node.HAProxy.Proxies {
		for _, s := range p.Servers {
			if slices.Contains(look.Hosts, s.Addr) && !s.Addr.IsLoopback() && (look.Port == 0 || look.Port == s.Port) && s.Addr != m.Node.Address() {
				return s.Name
			}
		}
	}
	return ""
}

// asksVIP finds checks that ask the VIP from every node.
func asksVIP(w *world) {
	for _, c := range w.clusters {
		for _, m := range c.Members {
			for _, t := range m.Is.Tracked {
				if t.Script == nil || !m.Sees(t) || !c.Through(m.Looks[t.Name]) {
					continue
				}
				w.find(Finding{At: t.Script.Command.At, Drill: "haproxy-kill", Sees: seesNobody + ", or nobody moves it",
					What: fmt.Sprintf("check %s asks the VIP itself: when the holder's HAProxy dies, every node's check fails at once, and no node is better than another", t.Name),
					Cure: &Cure{Text: "ask 127.0.0.1 instead", At: t.Script.Command.At}})
			}
		}
	}
}

func fraction(w *world) {
	for _, n := range w.nodes {
		for _, s := range n.Keepalived.Scripts {
			if !s.IntervalMs.Set || n.Keepalived.Version.AtLeast("2.3.2") {
				continue
			}
			if word := w.wordAt(s.IntervalMs.At); slices.Contains([]byte(word), '.') {
				w.find(Finding{At: s.IntervalMs.At, Sees: "a slower failover than the file promises",
					What: fmt.Sprintf("interval %s is %g s with keepalived %s: fractions need 2.3.2", word, s.IntervalMs.V/1000, n.Keepalived.Version)})
			}
		}
	}
}

// before is the line above a place.
func before(at source.Pos) source.Pos {
	at.Line--
	return at
}
