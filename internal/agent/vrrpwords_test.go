package agent

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"halab/internal/agent/command"
)

// States come whole and in order, however the lines are cut, and whatever stands
// before them; what only announces a state is none.
func TestVRRPWords(t *testing.T) {
	said := "Sat Nov 28 12:00:00 2026: VRRP_Instance(frontend-00) Transition to MASTER STATE\n" +
		"Sat Nov 28 12:00:00 2026: VRRP_Instance(frontend-00) Entering MASTER STATE\n" +
		"VRRP_Instance(frontend-00) Received advert with higher priority 254, ours 253\n" +
		"VRRP_Instance(frontend-00): Entering BACKUP STATE\n" +
		"VRRP_Instance(frontend-00) Now in FAULT state\n" +
		"(own) Entering BACKUP STATE (init)\n" +
		"a line without an end that says Entering MASTER STATE"
	want := []string{"frontend-00 MASTER", "frontend-00 BACKUP", "frontend-00 FAULT", "own BACKUP"}
	for _, size := range []int{1, 7, 1000} {
		var states []string
		var passed bytes.Buffer
		w := newVRRPWords(&passed, func(instance, state string) { states = append(states, instance+" "+state) })
		for piece := range slices.Chunk([]byte(said), size) {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if !slices.Equal(states, want) {
			t.Errorf("in pieces of %d: %q", size, states)
		}
		if passed.String() != said {
			t.Errorf("in pieces of %d: passed on as %q", size, passed.String())
		}
	}
}

// A keepalived that changes its mind twice at once and goes on speaking after
// SIGTERM, as 1.3.5 does for a second: the node's last word is STOP.
func TestVRRPWordsOfAProcess(t *testing.T) {
	states := make(chan string, 10)
	w := newVRRPWords(io.Discard, func(_, state string) { states <- state })
	const script = `trap 'echo "VRRP_Instance(v) Entering BACKUP STATE" >&2; sleep 0.3; exit 0' TERM
		echo "VRRP_Instance(v) Entering MASTER STATE" >&2; echo "VRRP_Instance(v) Entering BACKUP STATE" >&2
		while :; do sleep 0.01; done`
	c, err := startChild(command.Output{Answer: io.Discard, Story: w}, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, states, "MASTER")
	expect(t, states, "BACKUP")
	w.last("v", "STOP")
	expect(t, states, "STOP")
	if err := c.process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := receive(t, c.ended); code != command.ExitDone {
		t.Errorf("ended with %d", code)
	}
	if len(states) != 0 {
		t.Errorf("after STOP it still said %s", <-states)
	}
}

// A long line without an end is not kept.
func TestVRRPWordsAreBounded(t *testing.T) {
	w := newVRRPWords(io.Discard, func(string, string) {})
	for range 100 {
		if _, err := w.Write(bytes.Repeat([]byte("x"), 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.begun) > longestLine {
		t.Errorf("%d bytes are kept", len(w.begun))
	}
}
