package forecast

import (
	"fmt"

	"halab/internal/daemonconf/facts"
)

// app is what the death of a server behind HAProxy costs those that come through
// the VIP: the VIP stays, a part of the requests fails until the checks call it
// down. The row is that of the slowest backend.
func app(kind string, h Member) Row {
	var worst *Row
	n := h.Node
	n.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
		reached := false
		for _, v := range h.Is.VIPs {
			reached = reached || b.Takes(v.Addr)
		}
		if !reached {
			return
		}
		for _, back := range n.HAProxy.Backends(p) {
			if len(back.Servers) == 0 {
				continue
			}
			row := server(kind, back)
			if worst == nil {
				worst = &row
				continue
			}
			row = merge(*worst, row)
			worst = &row
		}
	})
	if worst == nil {
		return Row{Outcome: Unknown, Formula: "no listener on the VIP leads to a server in these files"}
	}
	return *worst
}

// server is what the loss of one server of a backend costs.
func server(kind string, p *facts.Proxy) Row {
	s := p.Servers[0]
	count := 0
	for _, one := range p.Servers {
		if !one.Backup {
			count += one.Count
		}
	}
	connect := p.Timeouts["connect"].V
	again := p.Redispatch.V && p.Retries.V > 0 && count > 1
	switch {
	case !s.Checked.V && !again:
		return Row{Outcome: Never, Formula: fmt.Sprintf("backend %s: server %s has no check, so it stays in use until it is mended", p.Name, s.Name)}
	case count < 2 && len(p.Servers) < 2:
		return Row{Outcome: Never, Formula: fmt.Sprintf("backend %s has one server only", p.Name)}
	}
	fast := s.FastMs.V
	if fast == 0 {
		fast = s.InterMs.V
	}
	fail := 0.0
	if kind == "app-hang" {
		fail = s.InterMs.V
		if t := p.Timeouts["check"].V; t > 0 {
			fail = t
		}
	}
	low := float64(s.Fall.V-1)*fast + fail
	high := low + s.InterMs.V
	formula := fmt.Sprintf("backend %s: (fall %d − 1)·%s … + inter %s", p.Name, s.Fall.V, seconds(fast), seconds(s.InterMs.V))
	if fail > 0 {
		formula += " + " + seconds(fail) + " until a check fails"
	}
	if kind == "app-kill" && again {
		return Row{Outcome: Stays, Formula: fmt.Sprintf("backend %s: redispatch repeats a refused connection at another server, after up to %d retries of %s",
			p.Name, p.Retries.V, seconds(min(1000, orSecond(connect)))), Held: "its own are closed"}
	}
	if connect > 0 {
		formula += ", and up to " + seconds(connect) + " to connect"
	}
	held := "its own are closed"
	if kind == "app-hang" {
		held = "its own hang"
	}
	return Row{Outcome: Part, MinMs: round(low), MaxMs: round(high), Formula: formula, Held: held}
}

func orSecond(ms float64) float64 {
	if ms == 0 {
		return 1000
	}
	return ms
}
