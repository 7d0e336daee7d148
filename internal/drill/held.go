package drill

import (
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/facts"
	"halab/internal/lab"
	"halab/internal/outage"
)

// held are the connections that a drill holds: to every VIP of the lab one that is busy
// and one that is idle, answered by HAProxy itself as the edge's probes are.
func (f *forecast) held(s *lab.State) []agentapi.HeldSpec {
	if f == nil {
		return nil
	}
	var list []agentapi.HeldSpec
	for _, c := range s.Clusters {
		spec := agentapi.HeldSpec{Name: agentapi.HeldBusy, VIP: c.VIP.Address, URL: c.EdgeURL(), EveryMs: agentapi.HeldPeriodMs}
		if strings.HasPrefix(spec.URL, "tls://") && strings.HasPrefix(strings.Join(c.Listeners, " "), "https://") {
			spec.Say = "GET / HTTP/1.1\r\nHost: " + c.VIP.Address + "\r\n\r\n"
		}
		if spec.URL == "" || spec.Say == "" && !strings.HasPrefix(spec.URL, "http://") {
			continue // what a server there would answer is not known
		}
		list = append(list, spec)
		spec.Name, spec.EveryMs = agentapi.HeldIdle, 0
		spec.EndsMs, spec.EndsBy = f.idle(c.Name)
		list = append(list, spec)
	}
	return list
}

// idle is when an idle connection to a cluster's VIP is ended by HAProxy, and by which
// of its timeouts; 0: it is not.
func (f *forecast) idle(cluster string) (ms float64, by string) {
	if len(f.clusters[cluster]) == 0 {
		return 0, ""
	}
	n := f.nodes[f.clusters[cluster][0]]
	n.HAProxy.Listening(func(p *facts.Proxy, b facts.Bind) {
		if b.Takes(f.vips[cluster]) && b.Low <= httpPort && httpPort <= b.High && by == "" {
			v, name := facts.Idle(p, p)
			ms, by = v.V, name
		}
	})
	return ms, by
}

// idleEnds adds to what is predicted of idle connections when their server ends them
// anyway.
func (f *forecast) idleEnds(cluster string, list []outage.HeldForecast) {
	for i := range list {
		if list[i].Connection == agentapi.HeldIdle {
			list[i].EndsMs, list[i].EndsBy = f.idle(cluster)
		}
	}
}

// widenHeld joins what is predicted for runs that hit another node to that for those
// before.
func widenHeld(all, more []outage.HeldForecast) []outage.HeldForecast {
	for _, m := range more {
		at := slices.IndexFunc(all, func(f outage.HeldForecast) bool { return f.Phase == m.Phase && f.Connection == m.Connection })
		if at < 0 {
			all = append(all, m)
			continue
		}
		f := &all[at]
		for _, fate := range m.Fates {
			if !slices.Contains(f.Fates, fate) {
				f.Fates = append(f.Fates, fate)
				f.Formula += "; or " + m.Formula
			}
		}
		f.MinMs, f.MaxMs = min(f.MinMs, m.MinMs), max(f.MaxMs, m.MaxMs)
	}
	return all
}

// httpPort is the port of a URL that names none.
const httpPort = 80
