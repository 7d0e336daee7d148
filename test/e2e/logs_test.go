package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

type logLine struct {
	Time          time.Time
	Node, Service string
	Text          string
}

func logLines(t testing.TB, text string) []logLine {
	t.Helper()
	var all []logLine
	for _, line := range lines(text) {
		if line == "" {
			continue
		}
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, l)
	}
	return all
}

// The lines of all containers come in the order in which they were written.
func TestLogsAreMergedByTime(t *testing.T) {
	lab := Shared(t)
	all := logLines(t, lab.Run(t, "logs", "--json").Stdout)
	if !slices.IsSortedFunc(all, func(a, b logLine) int { return a.Time.Compare(b.Time) }) {
		t.Error("the lines are not in the order of time")
	}
	seen := map[string]bool{}
	for _, l := range all {
		seen[l.Node+" "+l.Service] = true
	}
	for _, node := range []string{"frontend-01", "frontend-02", "backend-01", "backend-02"} {
		for _, service := range []string{"node", "app", "haproxy", "keepalived"} {
			if !seen[node+" "+service] {
				t.Errorf("no line of %s on %s", service, node)
			}
		}
	}
}

func TestLogsOfATarget(t *testing.T) {
	lab := Shared(t)
	for _, l := range logLines(t, lab.Run(t, "logs", "frontend", "--json").Stdout) {
		if !strings.HasPrefix(l.Node, "frontend-") {
			t.Fatalf("a line of %s", l.Node)
		}
	}
	for _, l := range logLines(t, lab.Run(t, "logs", "backend-01", "keepalived", "--json").Stdout) {
		if l.Node != "backend-01" || l.Service != "keepalived" {
			t.Fatalf("a line of %s on %s", l.Service, l.Node)
		}
	}
	if n := len(lines(lab.Run(t, "logs", "--tail", "7").Stdout)); n != 7 {
		t.Errorf("--tail 7 gave %d lines", n)
	}
	if out := lab.Run(t, "logs", "--since", "0s").Stdout; out != "" {
		t.Errorf("--since 0s gave:\n%s", out)
	}
}

// Following the logs, one sees the VIP move, and containers that come back.
func TestLogsFollowSeesTheVIPMove(t *testing.T) {
	lab := Shared(t)
	holder := lab.HolderOf(t, "frontend")
	p := lab.Start(t, "logs", "frontend", "-f", "--since", "0s")
	q := lab.Start(t, "logs", "frontend", "-f", "--since", "0s", "--json")
	time.Sleep(500 * time.Millisecond) // there is no sign that it listens
	lab.Run(t, "fail", "frontend-00", "haproxy")
	moved := func(line string) bool {
		return strings.Contains(line, Other(holder)) && strings.Contains(line, "VIP "+lab.frontendVIP()+" added")
	}
	Eventually(t, 5*time.Second, "the VIP is seen to move", func() (bool, string) {
		return slices.ContainsFunc(lines(p.Output()), moved) && strings.Contains(p.Output(), "MASTER"), p.Output()
	})
	lab.Run(t, "restore")
	Eventually(t, 5*time.Second, "HAProxy is seen to come back", func() (bool, string) {
		return strings.Contains(p.Output(), "HAProxy answers"), p.Output()
	})
	for _, process := range []*Process{p, q} {
		process.Signal(syscall.SIGINT)
		if r := process.Wait(); r.Code != 130 {
			t.Errorf("exit code %d after Ctrl-C:\n%s", r.Code, r.Stderr)
		}
	}
	if all := logLines(t, q.Output()); !slices.IsSortedFunc(all, func(a, b logLine) int { return a.Time.Compare(b.Time) }) {
		t.Error("followed lines are not in the order of time")
	}
}
