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
	"halab/internal/agentapi"
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
	o.config = filepath.Join(t.TempDir(), "keepalived.conf")
	if err := os.WriteFile(o.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	read := make(chan string, 10)
	go func() { _ = readLines(t.Context(), out, func(_ moment, line string) { read <- line }) }()
	o.read = read
	const script = `trap 'grep advert_int "$0"' HUP; echo ready; while :; do sleep 0.01; done`
	c, err := startChild(command.Output{Answer: in, Story: io.Discard}, "sh", "-c", script, o.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.process.Kill(); <-c.ended; in.Close() })
	expect(t, read, "ready\n")
	o.daemon = func() (int, bool) { return c.process.Pid, true }
	o.yielding.slower = func() { o.slowed++ }
	o.tell = func(e agentapi.Event) { o.events = append(o.events, e) }
	return o
}

// A node that takes too much for a while steps down, says so once, and has
// keepalived send fewer adverts; a short burst is none.
func TestANodeThatTakesTooMuchStepsDown(t *testing.T) {
	o := newOvertaxed(t, "vrrp_instance v {\n\tadvert_int 0.01\n}\n")
	for _, share := range []float64{0.9, 0.9, 0.1, 0.9, 0.9} {
		o.look(share)
	}
	if len(o.events) != 0 || o.slowed != 0 {
		t.Fatalf("it stepped down for a burst: %v", o.events)
	}
	o.look(0.9)
	expect(t, o.read, "\tadvert_int 0.1\n")
	o.look(0.05) // it takes less now, and stays so
	if len(o.events) != 1 || o.events[0].Name != agentapi.EventSlow ||
		!strings.Contains(o.events[0].Detail, "too slow: an advert every 100 ms instead of 10") {
		t.Errorf("it says %v", o.events)
	}
	// keepalived starts anew, with a file of its own.
	if err := os.WriteFile(o.config, []byte("vrrp_instance v {\n\tadvert_int 0.01\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.look(0.05)
	expect(t, o.read, "\tadvert_int 0.1\n")
	if len(o.events) != 1 {
		t.Errorf("it says it again: %v", o.events)
	}
}

// A file of the user's own stays as it is.
func TestAFileOfOnesOwnKeepsItsAdverts(t *testing.T) {
	const own = "vrrp_instance v {\n  advert_int 0.02\n}\n"
	o := newOvertaxed(t, own)
	for range shareLooks {
		o.look(0.9)
	}
	if text, err := os.ReadFile(o.config); err != nil || string(text) != own {
		t.Errorf("the file is %q, %v", text, err)
	}
	if len(o.events) != 1 || strings.Contains(o.events[0].Detail, "advert") {
		t.Errorf("it says %v", o.events)
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
