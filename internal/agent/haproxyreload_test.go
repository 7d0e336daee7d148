package agent

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/render"

	"golang.org/x/sys/unix"
)

// oldHAProxy is a process that takes over as HAProxy before 1.8 does: it refuses a
// file with the word "broken", and asks the process after -sf to end.
const oldHAProxy = `#!/bin/sh
grep -q broken "$3" && { echo "$3 is refused" >&2; exit 1; }
trap 'exit 0' USR1 TERM
[ "$4" = -sf ] && kill -USR1 "$5"
echo "$$" >> "$3.pids"
while :; do sleep 0.01; done
`

// said is what a supervisor tells, which the test reads meanwhile.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Without a master the supervisor reloads: a new process takes over and the old one
// ends; where the new one refuses its file, the old one goes on. The end of the one
// that serves is the end of all.
func TestReloadWithoutAMaster(t *testing.T) {
	dir := t.TempDir()
	binary, config := filepath.Join(dir, "haproxy"), filepath.Join(dir, "haproxy.cfg")
	agenttest.Must(t, os.WriteFile(binary, []byte(oldHAProxy), 0o755))
	agenttest.Must(t, os.WriteFile(config, []byte("fine\n"), 0o600))
	story := &said{}
	h := &haproxy{c: configured{binary: binary, path: config, version: render.Version{Major: 1, Minor: 5}}, out: command.Output{Answer: story, Story: story}}
	var err error
	h.now, err = h.start()
	agenttest.Must(t, err)
	signals, code := make(chan os.Signal, 1), make(chan int, 1)
	go func() { code <- h.supervise(signals) }()
	pids := func() []string {
		text, _ := os.ReadFile(config + ".pids")
		return strings.Fields(string(text))
	}
	runs := func(n int) bool {
		var pid int
		_, err := fmt.Sscan(pids()[n], &pid)
		return err == nil && isAlive(pid)
	}
	agenttest.Await(t, "the first process", func() bool { return len(pids()) == 1 })
	signals <- unix.SIGUSR2
	agenttest.Await(t, "the second process in place of the first", func() bool { return len(pids()) == 2 && !runs(0) && runs(1) })

	agenttest.Must(t, os.WriteFile(config, []byte("broken\n"), 0o600))
	signals <- unix.SIGUSR2
	agenttest.Await(t, "the word that it was refused", func() bool { return strings.Contains(story.String(), "the one before goes on") })
	if len(pids()) != 2 || !runs(1) {
		t.Errorf("processes %v, the second runs: %v", pids(), runs(1))
	}
	signals <- unix.SIGTERM
	if c := <-code; c != 0 {
		t.Errorf("exit code %d\n%s", c, story)
	}
}

// Only daemons that read a file again can be asked to. That of a daemon that does not
// run is not tried here: without a process table of its own, root would have the
// daemons of every lab on this machine reload.
func TestReloadOfSomethingElse(t *testing.T) {
	err := runReload(context.Background(), []string{"app"}, command.Output{})
	if err == nil || !strings.Contains(err.Error(), "haproxy|keepalived") {
		t.Error(err)
	}
}
