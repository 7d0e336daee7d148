package forecast

import (
	"fmt"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/effect"
)

// Service is what of a haproxy.cfg decides what a dying server of one backend costs.
// Times are milliseconds; 0 is "never" for a timeout.
type Service struct {
	Name      string
	ConnectMs float64
	ServerMs  float64
	CheckMs   float64 // timeout of a health check once connected; 0: not set
	InterMs   float64
	FastMs    float64 // between the checks of a server that has begun to fail
	Fall      int
	Retries   int
	// Redispatch: a retry may go to another server.
	Redispatch bool
	retryOn    string
	Servers    int // but for backups
	All        int // with them
	Checked    bool
	first      string
}

// connectFailMs is how long it takes to learn that nothing listens any more: a
// round trip.
const connectFailMs = 1

// service reads a proxy that has servers.
func service(p *facts.Proxy) Service {
	s := p.Servers[0]
	v := Service{
		Name: p.Name, ConnectMs: p.Timeouts["connect"].V, ServerMs: p.Timeouts["server"].V, CheckMs: p.Timeouts["check"].V,
		InterMs: s.InterMs.V, FastMs: s.FastMs.V, Fall: s.Fall.V, Retries: p.Retries.V, Redispatch: p.Redispatch.V,
		retryOn: p.RetryOn.V, Checked: s.Checked.V, first: s.Name,
	}
	if v.FastMs == 0 {
		v.FastMs = v.InterMs
	}
	for _, one := range p.Servers {
		v.All += one.Count
		if !one.Backup {
			v.Servers += one.Count
		}
	}
	return v
}

// ServiceOf is that of the first backend that has servers; one without any has
// HAProxy's own values.
func ServiceOf(h *facts.HAProxy) Service {
	for i := range h.Proxies {
		if p := &h.Proxies[i]; len(p.Servers) > 0 {
			return service(p)
		}
	}
	return Service{InterMs: 2000, FastMs: 2000, Fall: 3, Retries: 3}
}

// Again says whether a connection that a server refuses goes to another one.
func (v Service) Again() bool { return v.Redispatch && v.Retries > 0 && v.Servers > 1 }

// Saves says whether a request that a server took is repeated at another one when
// the server dies, or hangs.
func (v Service) Saves(hang bool) bool {
	event := "empty-response"
	if hang {
		event = "response-timeout"
	}
	return v.Again() && (strings.Contains(v.retryOn, "all-retryable-errors") || strings.Contains(v.retryOn, event))
}

// FailMs is how long a health check takes to fail.
func (v Service) FailMs(hang bool) float64 {
	switch {
	case !hang:
		return connectFailMs
	case v.CheckMs > 0:
		return v.CheckMs
	}
	return v.InterMs // the manual, "timeout check": without it inter counts
}

// DownMs is how long the health checks take to call a dead server down, from
// and to. The first failing check begins at most InterMs after the death, each
// takes its whole time to fail, and the next begins fastinter after that: with
// inter 200, fastinter 100, fall 2 and a timeout of 400, 900 to 1100.
func (v Service) DownMs(failMs float64) (low, high float64) {
	low = float64(v.Fall)*failMs + float64(v.Fall-1)*v.FastMs
	return low, v.InterMs + low
}

// HungMs is how long the last request that HAProxy gives to a hung server may be
// under way after the server hung: it is given out until the checks call the
// server down, and then waits for the longest timeout. clientMs is a client's
// own patience, which ends what the file does not.
func (v Service) HungMs(clientMs float64) float64 {
	_, down := v.DownMs(v.FailMs(true))
	return down + v.LongestMs(clientMs)
}

// LongestMs is the longest time after which HAProxy gives up on a server.
func (v Service) LongestMs(clientMs float64) float64 {
	longest := max(v.ConnectMs*float64(1+v.Retries), v.ServerMs, v.CheckMs)
	if v.ConnectMs == 0 || v.ServerMs == 0 {
		return max(longest, clientMs)
	}
	return longest
}

// app is what a fault of a server behind HAProxy costs those that come through the
// VIP: the VIP stays, a part of the requests fails until the checks call it down.
// The row is that of the slowest backend.
func app(e effect.Effect, h Member) Row {
	if !e.Ends && !e.Silent {
		return unknown("how slow or how wrong its answers are decides whether the checks call it down")
	}
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
			row := service(back).lost(e.Silent)
			if worst != nil {
				row = merge(*worst, row)
			}
			worst = &row
		}
	})
	if worst == nil {
		return unknown("no listener on the VIP leads to a server in these files")
	}
	return *worst
}

// lost is what the loss of one server of a backend costs.
func (v Service) lost(hang bool) Row {
	held := HeldOwnClosed
	if hang {
		held = HeldOwnHang
	}
	switch {
	case !v.Checked && !v.Again():
		return Row{Outcome: Never, Formula: fmt.Sprintf("backend %s: server %s has no check, so it stays in use until it is mended", v.Name, v.first)}
	case v.All < 2:
		return Row{Outcome: Never, Formula: fmt.Sprintf("backend %s has one server only", v.Name)}
	case !hang && v.Again():
		return Row{Outcome: Stays, Formula: fmt.Sprintf("backend %s: redispatch repeats a refused connection at another server, after up to %d retries of %g",
			v.Name, v.Retries, min(1000, orSecond(v.ConnectMs)))}.holds(held)
	case hang && v.Saves(true) && v.ServerMs > 0:
		return Row{Outcome: Stays, Formula: fmt.Sprintf("backend %s: retry-on and redispatch repeat a request at another server, after timeout server %g", v.Name, v.ServerMs)}.holds(held)
	}
	fail := 0.0
	if hang {
		fail = v.FailMs(true)
	}
	low, high := v.DownMs(fail)
	formula := fmt.Sprintf("backend %s: (fall %d − 1)·%g … + inter %g", v.Name, v.Fall, v.FastMs, v.InterMs)
	if fail > 0 {
		formula += fmt.Sprintf(" + %d checks that take %g to fail", v.Fall, fail)
	}
	if v.ConnectMs > 0 {
		formula += fmt.Sprintf(", and up to %g to connect", v.ConnectMs)
	}
	r := between(low, high, formula).row(held)
	r.Outcome = Part
	return r
}

func orSecond(ms float64) float64 {
	if ms == 0 {
		return 1000
	}
	return ms
}
