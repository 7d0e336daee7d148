package outage

import (
	"fmt"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// story builds a recording by hand: two nodes a and b of the cluster
// "frontend", times in milliseconds from the fault's mark.
type story struct {
	rec Recording
}

// zero is the mark of the fault on the recording's clock.
const zero = int64(1_000_000 * 1e6)

func at(ms float64) int64 { return zero + int64(ms*1e6) }

func tell(of effect.Effect) *story {
	s := &story{rec: Recording{
		Effect: of, Cluster: "frontend", Target: "a", Holder: "a",
		Streams: []agentapi.StreamSpec{{Name: "edge", Rate: 500}},
		Nodes: []NodeInfo{
			{Name: "a", Cluster: "frontend", Address: "192.168.99.11", MAC: "02:00:00:00:00:0a"},
			{Name: "b", Cluster: "frontend", Address: "192.168.99.12", MAC: "02:00:00:00:00:0b"},
			{Name: "c", Cluster: "backend", Address: "192.168.99.21", MAC: "02:00:00:00:00:0c"},
		},
		VIPs: []VIPInfo{{Cluster: "frontend", Address: "192.168.99.10/24", RouterID: 10}},
		States: map[string]agentapi.State{
			"a": {VRRP: "MASTER", VIPs: []string{"192.168.99.10"}, HAProxy: "up", Keepalived: "up"},
			"b": {VRRP: "BACKUP", VIPs: []string{}, HAProxy: "up", Keepalived: "up"},
		},
	}}
	s.mark(MarkFault, 0).mark(MarkFaultReturned, 300).mark(MarkRestore, 1000).mark(MarkRestoreReturned, 1300).mark(MarkEnd, 2000)
	return s
}

func (s *story) mark(name string, ms float64) *story {
	s.rec.Marks = append(s.rec.Marks, agentapi.ObserverMark{Name: name, At: at(ms)})
	return s
}

// probes fills the edge stream from −300 to 2000 ms: by says who answers a
// probe that is due at a moment, "" for nobody.
func (s *story) probes(by func(ms float64) string) *story {
	for i := -150; i < 1000; i++ {
		due := float64(i) * 2
		p := agentapi.Sample{Stream: "edge", Due: at(due), Sent: at(due) + 50_000, Done: at(due) + 400_000, Status: 200, Node: by(due)}
		if p.Node == "" {
			p.Status, p.Error, p.Done = 0, "timeout", at(due+200)
		}
		s.rec.Samples = append(s.rec.Samples, p)
	}
	return s
}

func (s *story) event(ms float64, node string, name agentapi.EventName, more ...string) *story {
	e := agentapi.Event{Mono: at(ms), Time: time.Unix(0, at(ms)), Node: node, Name: name}
	switch name {
	case agentapi.EventVRRP:
		e.From, e.To = more[0], more[1]
	case agentapi.EventVIPAdded, agentapi.EventVIPRemoved:
		e.Address = "192.168.99.10"
	}
	s.rec.Events = append(s.rec.Events, e)
	return s
}

// adverts are sent by a node every interval from one moment to another.
func (s *story) adverts(node string, from, to, interval float64) *story {
	for ms := from; ms <= to; ms += interval {
		s.advert(ms, node, 254)
	}
	return s
}

func (s *story) advert(ms float64, node string, priority int) *story {
	s.rec.Wire = append(s.rec.Wire, agentapi.WireEvent{
		At: at(ms), Kind: "advert", Source: address(node), RouterID: 10, Priority: priority, Version: 3, Interval: 1,
	})
	return s
}

func (s *story) garp(ms float64, node string) *story {
	mac := fmt.Sprintf("02:00:00:00:00:0%s", node)
	s.rec.Wire = append(s.rec.Wire, agentapi.WireEvent{At: at(ms), Kind: "garp", Source: mac, MAC: mac, VIP: "192.168.99.10"})
	return s
}

func address(node string) string {
	return map[string]string{"a": "192.168.99.11", "b": "192.168.99.12", "c": "192.168.99.21"}[node]
}

// crash is the end of node a at 5 ms and what follows.
func crash() *story {
	return tell(effect.Kill(effect.Node)).
		probes(func(ms float64) string {
			switch {
			case ms < 5:
				return "a"
			case ms < 26:
				return ""
			}
			return "b"
		}).
		adverts("a", -250, 4.9, 10).
		event(22, "b", agentapi.EventVRRP, "BACKUP", "MASTER").
		advert(22.1, "b", 253).
		event(22.5, "b", agentapi.EventVIPAdded).
		garp(22.8, "b").
		adverts("b", 32.1, 2000, 10).
		event(1200, "a", agentapi.EventStarted).
		event(1250, "a", agentapi.EventKeepalivedUp).
		event(1251, "a", agentapi.EventHAProxyUp)
}

// handover is keepalived's orderly stop on a at 3 ms.
func handover() *story {
	return tell(effect.Stop(effect.Keepalived)).
		probes(func(ms float64) string {
			if ms < 4 {
				return "a"
			}
			return "b"
		}).
		adverts("a", -250, 0, 10).
		advert(3, "a", 0).
		event(3.3, "a", agentapi.EventVIPRemoved).
		event(3.4, "a", agentapi.EventVRRP, "MASTER", "STOP").
		event(3.6, "b", agentapi.EventVRRP, "BACKUP", "MASTER").
		event(3.8, "b", agentapi.EventVIPAdded).
		garp(3.9, "b").
		adverts("b", 3.7, 2000, 10).
		event(4.5, "a", agentapi.EventKeepalivedGone).
		event(1200, "a", agentapi.EventKeepalivedUp)
}

// leftBehind is keepalived's death with its children on a at 2 ms: the VIP stays.
func leftBehind() *story {
	return tell(effect.Kill(effect.Keepalived)).
		probes(func(ms float64) string {
			if ms < 24 {
				return "a"
			}
			return "b"
		}).
		adverts("a", -250, 0, 10).
		event(2, "a", agentapi.EventKeepalivedGone).
		event(22, "b", agentapi.EventVRRP, "BACKUP", "MASTER").
		event(22.5, "b", agentapi.EventVIPAdded).
		garp(23, "b").
		adverts("b", 22.1, 2000, 10).
		event(1100, "a", agentapi.EventVIPRemoved).
		event(1200, "a", agentapi.EventKeepalivedUp)
}

// hang is HAProxy frozen on a from 1 ms, noticed at 90.
func hang() *story {
	return tell(effect.Hang(effect.HAProxy)).
		probes(func(ms float64) string {
			switch {
			case ms < 1:
				return "a"
			case ms < 92:
				return ""
			}
			return "b"
		}).
		adverts("a", -250, 80, 10).
		event(90, "a", agentapi.EventHAProxyHung).
		advert(90.2, "a", 0).
		event(90.3, "a", agentapi.EventVRRP, "MASTER", "FAULT").
		event(90.4, "a", agentapi.EventVIPRemoved).
		event(90.5, "b", agentapi.EventVRRP, "BACKUP", "MASTER").
		event(90.9, "b", agentapi.EventVIPAdded).
		garp(91, "b").
		adverts("b", 90.6, 2000, 10).
		event(1100, "a", agentapi.EventHAProxyUp)
}

// split is a node frozen as a whole on a from 1 ms; thawed, it still believes.
func split() *story {
	return tell(effect.Hang(effect.Node)).
		probes(func(ms float64) string {
			switch {
			case ms < 1:
				return "a"
			case ms < 24:
				return ""
			}
			return "b"
		}).
		adverts("a", -250, 0, 10).
		event(21, "b", agentapi.EventVRRP, "BACKUP", "MASTER").
		event(21.5, "b", agentapi.EventVIPAdded).
		garp(22, "b").
		adverts("b", 21.1, 2000, 10).
		adverts("a", 1050, 1055, 5).
		event(1057, "a", agentapi.EventVRRP, "MASTER", "BACKUP").
		event(1058, "a", agentapi.EventVIPRemoved)
}

// quiet is an app's death: nothing moves.
func quiet() *story {
	return tell(effect.Kill(effect.App)).
		probes(func(float64) string { return "a" }).
		adverts("a", -250, 2000, 10).
		event(7, "a", agentapi.EventAppGone).
		event(1200, "a", agentapi.EventAppUp)
}
