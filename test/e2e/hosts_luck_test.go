package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// lookTime is how long a status may take when a host hangs: the bound of a look,
// and what the command itself needs on a busy machine.
const lookTime = 6 * time.Second

// silence has hosts that do not answer in every way there is. Each is a state:
// status shows it soon, and the others go on.
func (h *hostRig) silence(t *testing.T, lab *Lab, way *proxy) {
	for _, c := range []struct {
		name, node string
		begin, end func()
		frozen     bool // the node itself ends or stops as well
	}{
		{"the engine hangs", "frontend-01", func() { way.held.Store(true); way.drop() }, func() { way.held.Store(false); way.drop() }, false},
		{"the engine is stopped", "backend-02", func() { h.stopEngine("backend-02") }, func() { h.startEngine("backend-02") }, true},
		{"the host is frozen", "frontend-02", func() { command(t, "docker", "pause", host("frontend-02")) },
			func() { command(t, "docker", "unpause", host("frontend-02")) }, true},
		{"the host behind TLS is frozen", "backend-01", func() { command(t, "docker", "pause", host("backend-01")) },
			func() { command(t, "docker", "unpause", host("backend-01")) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.begin()
			healed := false
			defer func() {
				if !healed {
					c.end()
				}
			}()
			r := lab.Run(t, "status")
			if r.Took > lookTime {
				t.Errorf("status took %s", r.Took)
			}
			Says(t, r, c.node+" is unreachable", "not ready")
			if is := lab.Status(t).Node(c.node).State; is != "unreachable" {
				t.Errorf("%s is %s", c.node, is)
			}
			if other := lab.Status(t).Node(Other(c.node)).State; other != "running" {
				t.Errorf("%s is %s", Other(c.node), other)
			}
			lab.Serves(t, 4, 10*time.Second)
			lab.Refuse(t, 1, []string{"nothing can be done to " + c.node}, "fail", c.node, "app")
			lab.Run(t, "fail", Other(c.node), "app")
			r = lab.Try(t, "restore", Other(c.node), "--timeout", "10s")
			Says(t, r, "started app on "+Other(c.node), c.node, "restore again when that is mended")
			if r.Code != 1 {
				t.Errorf("exit code %d, not 1:\n%s", r.Code, r)
			}
			logs := lab.Try(t, "logs", "--tail", "5")
			if logs.Code != 0 || logs.Took > lookTime {
				t.Errorf("the logs of the others:\n%s", logs)
			}
			c.end()
			healed = true
			lab.Run(t, "restore")
			lab.AwaitReady(t, 15*time.Second)
			lab.Serves(t, 4, 5*time.Second)
		})
	}
}

// down takes a lab away in which things are broken, one engine after the others,
// and the hosts are as they were.
func (h *hostRig) down(t *testing.T, lab *Lab, before map[string][]string) {
	lab.Run(t, "fail", "frontend-00", "keepalived", "--how", "kill")
	lab.Run(t, "fail", "backend-01", "link", "down")
	lab.Run(t, "fail", "backend-02", "loss", "10")
	h.stopEngine("frontend-02")
	r := lab.Try(t, "down")
	if r.Code != 1 || !strings.Contains(r.Stderr, "frontend-02") || !strings.Contains(r.Stderr, "down again when that is mended") {
		t.Errorf("a host that does not answer should be named:\n%s", r)
	}
	h.startEngine("frontend-02")
	lab.Run(t, "down")
	for _, n := range hostNodes {
		if after := h.traces(n.name); !slices.Equal(after, before[n.name]) {
			t.Errorf("%s is not as it was:\n%s\nbefore:\n%s", n.name, strings.Join(after, "\n"), strings.Join(before[n.name], "\n"))
		}
	}
	Says(t, lab.Run(t, "down"), "nothing to remove")
	Says(t, lab.Run(t, "status"), "is not up")
}
