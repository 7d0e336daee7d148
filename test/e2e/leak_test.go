package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leakTime is how long things break between the two looks.
const leakTime = 40 * time.Second

// What may differ although nothing leaks: a connection that is just being made,
// and memory that Go's collector has not given back to the kernel.
const (
	slackThings = 3
	slackHeap   = 1 << 20 // bytes
	slackRSS    = 8 << 10 // KiB
)

// usage is what a process has in use.
type usage struct {
	files, threads, rss int // rss in KiB
	heap, goroutines    int // of process 1 of a node, as it says itself
}

// procUsage looks at a process of this machine.
func procUsage(t testing.TB, pid int) usage {
	t.Helper()
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	status := procStatus(t, pid)
	threads, _ := strconv.Atoi(status["Threads"])                                        // the kernel writes a number
	rss, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(status["VmRSS"], "kB"))) // and here
	return usage{files: len(files), threads: threads, rss: rss}
}

// self is what process 1 of a node says of itself when it is asked.
var self = regexp.MustCompile(`heap (\d+) goroutines (\d+) files (\d+)`)

// nodeUsage asks process 1 of a node, and the kernel.
func (l *Lab) nodeUsage(t testing.TB, node string) usage {
	t.Helper()
	id := l.container(t, node, "node")
	pid, err := strconv.Atoi(command(t, "docker", "inspect", "--format", "{{.State.Pid}}", id))
	if err != nil {
		t.Fatal(err)
	}
	u := procUsage(t, pid)
	before := len(self.FindAllString(l.Run(t, "logs", node, "node").Stdout, -1))
	command(t, "docker", "kill", "--signal", "USR1", id)
	Eventually(t, 5*time.Second, node+" says what it takes", func() (bool, string) {
		out := l.Run(t, "logs", node, "node").Stdout
		all := self.FindAllStringSubmatch(out, -1)
		if len(all) <= before {
			return false, out
		}
		last := all[len(all)-1]
		u.heap, _ = strconv.Atoi(last[1]) // \d+
		u.goroutines, _ = strconv.Atoi(last[2])
		return true, ""
	})
	return u
}

// follower is a halab that runs for long.
type follower struct {
	cmd  *exec.Cmd
	errs bytes.Buffer
}

func (l *Lab) follow(t testing.TB, args ...string) *follower {
	t.Helper()
	f := &follower{cmd: exec.Command(binary(), args...)}
	f.cmd.Env = l.environment()
	f.cmd.Stderr = &f.errs
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.cmd.Process.Kill() }) // it has ended, unless the test did before
	return f
}

// goroutines ends the process by SIGQUIT, at which Go lists all of them.
func (f *follower) goroutines(t testing.TB) int {
	t.Helper()
	if err := f.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	_ = f.cmd.Wait() // with 2, as SIGQUIT has it
	n := strings.Count(f.errs.String(), "\ngoroutine ")
	if n == 0 {
		t.Fatalf("no goroutine: %s", f.errs.String())
	}
	return n
}

// leakFaults are faults that leave process 1 of the node alive, and go through
// every part of it: connections, the FIFO, netlink, the packet filter, freezing.
func leakFaults() [][]string {
	return [][]string{
		{"frontend-00", "haproxy", "--how", "kill"}, {"backend-00", "haproxy", "--how", "hang"}, {"frontend-00", "keepalived"},
		{"frontend-01", "link", "down"}, {"backend-01", "loss", "30"}, {"frontend-02", "app", "--how", "kill"},
		{"frontend-01", "partition", "backend"}, {"backend-02", "freeze"}, {"backend-00", "drop", "vrrp"}, {"frontend-00", "slow", "50ms"},
	}
}

// After a while of faults process 1 of each node, and a halab that follows, have
// no more goroutines, descriptors, threads and memory than before.
func TestNothingLeaks(t *testing.T) {
	Nightly(t)
	lab := Shared(t)
	commands := [][]string{{"logs", "-f", "--since", "0s"}, {"watch", "--json"}, {"status", "--watch"}, {"events"}}
	var long []*follower
	for _, args := range commands {
		long = append(long, lab.follow(t, args...))
	}
	round := func() {
		for _, words := range leakFaults() {
			lab.Run(t, append([]string{"fail"}, words...)...)
			lab.Run(t, "restore", "--timeout", "20s")
		}
	}
	round() // what is made once is there then
	look := func() (map[string]usage, []usage) {
		all, own := map[string]usage{}, make([]usage, len(long))
		for _, n := range nodes {
			all[n] = lab.nodeUsage(t, n)
		}
		for i, f := range long {
			own[i] = procUsage(t, f.cmd.Process.Pid)
		}
		return all, own
	}
	before, own := look()
	for end := time.Now().Add(leakTime); time.Now().Before(end); {
		round()
	}
	lab.AwaitReady(t, 20*time.Second)
	after, ownAfter := look()
	for _, n := range nodes {
		compare(t, "process 1 of "+n, before[n], after[n])
	}
	for i, args := range commands {
		compare(t, "halab "+strings.Join(args, " "), own[i], ownAfter[i])
		fresh := lab.follow(t, args...)
		time.Sleep(time.Second) // there is no sign that all of its goroutines have begun
		if a, b := fresh.goroutines(t), long[i].goroutines(t); b > a+slackThings {
			t.Errorf("halab %s has %d goroutines; one that has just begun has %d", strings.Join(args, " "), b, a)
		}
	}
}

func compare(t *testing.T, who string, before, after usage) {
	t.Helper()
	t.Logf("%s: %s", who, fmt.Sprintf("%+v → %+v", before, after))
	if after.files > before.files+slackThings || after.goroutines > before.goroutines+slackThings ||
		after.threads > before.threads+slackThings || after.heap > before.heap+slackHeap || after.rss > before.rss+slackRSS {
		t.Errorf("%s grows: before %+v, after %+v", who, before, after)
	}
}
