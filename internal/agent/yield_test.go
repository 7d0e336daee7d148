package agent

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
)

// overtaxed is a node on a machine that is too slow, with a keepalived that says
// when it is to read its file anew.
type overtaxed struct {
	yielding
	events []agentapi.Event
	slowed int
	read   <-chan string
}

func newOvertaxed(t *testing.T, config string) *overtaxed {
	t.Helper()
	o := &overtaxed{}
	dir := t.TempDir()
	o.in, o.flag = frontend(t), filepath.Join(dir, "slow")
	path := filepath.Join(dir, "keepalived.conf")
	agenttest.Must(t, os.WriteFile(path, []byte(config), 0o600))
	out, in := io.Pipe()
	read := make(chan string, 10)
	go func() { _ = readLines(t.Context(), out, func(_ moment, line string) { read <- line }) }()
	o.read = read
	const script = `trap 'grep advert_int "$0"' HUP; echo ready; while :; do sleep 0.01; done`
	c, err := startChild(command.Output{Answer: in, Story: io.Discard}, "sh", "-c", script, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.process.Kill(); <-c.ended; in.Close() })
	expect(t, read, "ready\n")
	o.all = func() ([]machine.Process, error) { return nil, nil }
	keepalived := pacedDaemons()[0]
	keepalived.path = path
	keepalived.reads = func([]machine.Process) (int, bool) { return c.process.Pid, true }
	haproxy := pacedDaemons()[1]
	haproxy.path = filepath.Join(dir, "not there yet")
	o.files = [2]paced{keepalived, haproxy}
	o.yielding.slower = func() { o.slowed++ }
	o.tell = func(e agentapi.Event) { o.events = append(o.events, e) }
	return o
}

// frontend is what a node's environment says of it.
func frontend(t *testing.T) render.Input {
	t.Helper()
	in, err := render.FromEnv(func(name string) string {
		return map[string]string{
			agentapi.EnvCluster: "frontend", agentapi.EnvNode: "frontend-02", agentapi.EnvVIPName: "frontend-00",
			agentapi.EnvNodes: "frontend-01=192.168.99.11 frontend-02=192.168.99.12",
			agentapi.EnvVIP:   "192.168.99.10/24", agentapi.EnvRouterID: "10",
		}[name]
	})
	agenttest.Must(t, err)
	return in
}

func rendered(t *testing.T) string {
	t.Helper()
	text, err := render.Keepalived(frontend(t), render.Version{Major: 2, Minor: 2, Patch: 7})
	agenttest.Must(t, err)
	return text
}

// A node that takes too much for a while steps down, and so does one that is late:
// it says so once, tells its services by a file, and has keepalived send fewer
// adverts. A short burst is none.
func TestANodeThatIsTooSlowStepsDown(t *testing.T) {
	for name, looks := range map[string][]struct{ share, late float64 }{
		"takes too much": {{0.9, 0}, {0.9, 0}, {0.1, 0.05}, {0.9, 0}, {0.9, 0}, {0.9, 0}},
		"is late":        {{0.01, 1}, {0.01, 0.2}, {0.01, 0}, {0.01, 0.6}, {0.01, 0.2}, {0.01, 0.2}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOvertaxed(t, rendered(t))
			last := len(looks) - 1
			for _, l := range looks[:last] {
				o.look(l.share, l.late)
			}
			if len(o.events) != 0 || o.slowed != 0 {
				t.Fatalf("it stepped down for a burst: %v", o.events)
			}
			o.look(looks[last].share, looks[last].late)
			expect(t, o.read, "\tadvert_int 0.2\n")
			if flag, err := os.ReadFile(o.flag); err != nil || string(flag) != "20\n" {
				t.Errorf("the file for its services says %q, %v", flag, err)
			}
			o.look(0.05, 0) // it takes less now, and stays so
			if len(o.events) != 1 || o.events[0].Name != agentapi.EventSlow || !strings.Contains(o.events[0].Detail, "too slow: adverts, checks and timeouts take 20 times as long (") {
				t.Errorf("it says %v", o.events)
			}
			// keepalived started anew, and read whether the node had stepped down just before it did.
			agenttest.Must(t, os.WriteFile(o.files[0].path, []byte(rendered(t)), 0o600))
			o.look(0.05, 0)
			expect(t, o.read, "\tadvert_int 0.2\n")
			if len(o.events) != 1 {
				t.Errorf("it says it again: %v", o.events)
			}
		})
	}
}

// A file of the user's own stays as it is, even where it has halab's adverts.
func TestAFileOfOnesOwnKeepsItsAdverts(t *testing.T) {
	for _, own := range []string{
		"vrrp_instance v {\n\tadvert_int 0.01\n}\n",
		strings.Replace(rendered(t), "nopreempt", "preempt_delay 1", 1),
	} {
		o := newOvertaxed(t, own)
		for range shareLooks {
			o.look(0.9, 0.9)
		}
		if text, err := os.ReadFile(o.files[0].path); err != nil || string(text) != own {
			t.Errorf("the file is %q, %v", text, err)
		}
		if len(o.events) != 1 || !strings.Contains(o.events[0].Detail, "but for your own keepalived.conf (") {
			t.Errorf("it says %v", o.events)
		}
	}
}

// Each wait counts once, and is late when others had the processor meanwhile.
func TestLateness(t *testing.T) {
	var l lateness
	if l.share() != 0 {
		t.Error("none is late of no waits")
	}
	for _, by := range []time.Duration{-time.Millisecond, 0, lateLimit, 2 * lateLimit} {
		l.note(by)
	}
	if got := l.share(); got != 0.25 {
		t.Errorf("%v of the waits were late, not a quarter", got)
	}
	if got := l.share(); got != 0 {
		t.Errorf("they count twice: %v", got)
	}
}

// What a process takes is read as the kernel has it.
func TestTakenBy(t *testing.T) {
	c := exec.Command("sh", "-c", "while :; do :; done")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	agenttest.Await(t, "half a second of a processor", func() bool { return takenBy(c.Process.Pid) >= 500*time.Millisecond })
	_ = c.Process.Kill()
	_ = c.Wait()
	if takenBy(c.Process.Pid) != 0 {
		t.Error("a process that has ended takes something")
	}
}
