package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

type labEvent struct {
	ID            uint64
	Time          time.Time
	Kind, Action  string
	Node, Service string
	Address, To   string
	Fault, Text   string
	OutageMs      float64 `json:"outage_ms"`
	Failed        int
}

func labEvents(t testing.TB, p *Process) []labEvent {
	t.Helper()
	var all []labEvent
	for _, line := range lines(p.Output()) {
		var e labEvent
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, e)
	}
	return all
}

// listen runs halab events until the test ends, and waits until it follows the lab.
func (l *Lab) listen(t *testing.T, args ...string) *Process {
	t.Helper()
	p := l.Start(t, append([]string{"events", "--json"}, args...)...)
	Eventually(t, 10*time.Second, "halab events follows the lab", func() (bool, string) {
		return strings.Contains(p.err.String(), "followed from now on"), p.err.String()
	})
	return p
}

// firstOf is where in a list the first event is of which all of that is true.
func firstOf(all []labEvent, is func(labEvent) bool) int { return slices.IndexFunc(all, is) }

// A fault is told from its begin to its end: what the nodes noticed, what the engine
// says, what is broken, and that it is over.
func TestEventsOfAFault(t *testing.T) {
	lab := Shared(t)
	holder := lab.HolderOf(t, "frontend")
	heir := Other(holder)
	p := lab.listen(t, "frontend")
	lab.Run(t, "fail", "frontend-00", "haproxy", "--how", "kill")
	lab.Run(t, "restore")
	over := func(e labEvent) bool { return e.Kind == "restore" && e.Node == holder }
	Eventually(t, 10*time.Second, "the restore is told", func() (bool, string) {
		return firstOf(labEvents(t, p), over) >= 0, p.Output()
	})
	p.Signal(syscall.SIGINT)
	if r := p.Wait(); r.Code != 130 {
		t.Errorf("exit code %d after Ctrl-C:\n%s", r.Code, r.Stderr)
	}
	all := labEvents(t, p)
	at := map[string]int{}
	for what, is := range map[string]func(e labEvent) bool{
		"HAProxy gone":   func(e labEvent) bool { return e.Kind == "service" && e.Action == "gone" && e.Service == "haproxy" },
		"VIP removed":    func(e labEvent) bool { return e.Kind == "vip" && e.Action == "removed" && e.Node == holder },
		"FAULT":          func(e labEvent) bool { return e.Kind == "vrrp" && e.Node == holder && e.To == "FAULT" },
		"VIP added":      func(e labEvent) bool { return e.Kind == "vip" && e.Action == "added" && e.Node == heir },
		"MASTER":         func(e labEvent) bool { return e.Kind == "vrrp" && e.Node == heir && e.To == "MASTER" },
		"ARP":            func(e labEvent) bool { return e.Kind == "arp" && e.Node == heir && e.Address == lab.frontendVIP() },
		"container died": func(e labEvent) bool { return e.Kind == "engine" && e.Action == "die" && e.Service == "haproxy" },
		"fault":          func(e labEvent) bool { return e.Kind == "fault" && e.Service == "haproxy" && e.Fault == "down" },
		"restore":        over,
	} {
		if at[what] = firstOf(all, is); at[what] < 0 {
			t.Errorf("%s is missing", what)
		}
	}
	for _, order := range [][]string{
		{"HAProxy gone", "VIP removed", "VIP added", "restore"}, {"FAULT", "MASTER"}, {"container died", "restore"}, {"fault", "restore"},
	} {
		if !slices.IsSortedFunc(order, func(a, b string) int { return at[a] - at[b] }) {
			t.Errorf("not in the order %q: %v", order, at)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b labEvent) int { return int(a.ID) - int(b.ID) }) {
		t.Error("the numbers do not rise")
	}
	if t.Failed() {
		t.Log(p.Output())
	}
}

// While both nodes of a cluster are broken its VIP does not answer, and how long that
// was is told. A second viewer by its kinds sees that alone.
func TestEventsOfAnOutage(t *testing.T) {
	lab := Shared(t)
	p := lab.listen(t, "--kind", "outage", "backend")
	begin := time.Now()
	lab.Run(t, "fail", "backend", "link", "down")
	has := func(action string) func() (bool, string) {
		return func() (bool, string) {
			return firstOf(labEvents(t, p), func(e labEvent) bool { return e.Action == action && e.Time.After(begin) }) >= 0, p.Output()
		}
	}
	Eventually(t, 10*time.Second, "the outage is told", has("began"))
	lab.Run(t, "restore")
	Eventually(t, 30*time.Second, "its end is told", has("ended"))
	took := time.Since(begin)
	p.Signal(syscall.SIGINT)
	p.Wait()
	all := labEvents(t, p)
	first := firstOf(all, func(e labEvent) bool { return e.Action == "began" && e.Time.After(begin) })
	for _, e := range all {
		if e.Kind != "outage" || e.Address != lab.backendVIP() {
			t.Errorf("asked for outages of the backend alone, got %+v", e)
		}
	}
	if first+1 >= len(all) {
		t.Fatalf("no end after the begin:\n%s", p.Output())
	}
	began, ended := all[first], all[first+1]
	lasted := ended.Time.Sub(began.Time).Seconds() * 1000
	if ended.Action != "ended" || ended.OutageMs < lasted-0.1 || ended.OutageMs > lasted+0.1 || ended.OutageMs > took.Seconds()*1000 ||
		ended.Failed < 1 || !strings.Contains(ended.Text, fmt.Sprintf("%.0f ms", ended.OutageMs)) {
		t.Errorf("from %+v\nto %+v, which took %s", began, ended, took)
	}
}

// The feed goes on through a lab that goes and comes; --for ends it.
func TestEventsOfALabThatComesAndGoes(t *testing.T) {
	lab := Spare(t)
	p := lab.listen(t, "--for", "2m", "--kind", "lab")
	says := func(action string) {
		t.Helper()
		Eventually(t, 30*time.Second, "the lab's "+action, func() (bool, string) {
			return firstOf(labEvents(t, p), func(e labEvent) bool { return e.Action == action }) >= 0, p.Output()
		})
	}
	lab.Run(t, "up")
	says("up")
	says("ready")
	lab.Run(t, "down")
	says("down")
}
