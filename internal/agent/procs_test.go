package agent

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"halab/internal/topology"
)

func TestParseStat(t *testing.T) {
	p, ok := parseStat([]byte("17 (a) b (c)) S 3 17 17 0 -1 4194560"))
	if !ok || p.name != "a) b (c)" || p.state != 'S' || p.parent != 3 {
		t.Errorf("got %+v, %v", p, ok)
	}
	for _, text := range []string{"", "17", "17 (a", ") (", "17 (a) S", "17 (a) SS 3", "17 (a) S x"} {
		if p, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

func TestStopPending(t *testing.T) {
	for status, want := range map[string]bool{
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000040000\n":                            true,
		"SigPnd:\t0000000000040001\nShdPnd:\t0000000000000000\n":                            true,
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000020000\nSigBlk:\t0000000000040000\n": false, // SIGCONT; another mask
		"ShdPnd:\tx\n": false,
		"":             false,
	} {
		if got := stopPending([]byte(status)); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("17 (keepalived) S 3 17"))
	f.Add([]byte("17 (a)) ( S 3"))
	f.Fuzz(func(_ *testing.T, stat []byte) { parseStat(stat) })
}

// table is a node as the PID namespace shows it: parent 0 is outside.
func table() []process {
	return []process{
		{pid: 1, name: "halab", args: []string{"/usr/local/bin/halab", "agent", "node"}},
		{pid: 10, parent: 0, name: "gunicorn", args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{pid: 11, parent: 10, name: "gunicorn", args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{pid: 20, parent: 0, name: "halab", args: []string{"/usr/local/bin/halab", "agent", "haproxy"}},
		{pid: 21, parent: 20, name: "haproxy", args: []string{"/usr/sbin/haproxy", "-db"}},
		{pid: 30, parent: 0, name: "keepalived", args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{pid: 31, parent: 30, name: "keepalived", args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{pid: 40, parent: 0, name: "bash", args: []string{"bash"}},
	}
}

func TestDaemon(t *testing.T) {
	for service, want := range map[topology.Service]int{topology.ServiceApp: 10, topology.ServiceHAProxy: 21, topology.ServiceKeepalived: 30} {
		if pid, ok := daemon(table(), service); !ok || pid != want {
			t.Errorf("%s: %d, %v; want %d", service, pid, ok, want)
		}
	}
	left := []process{{pid: 31, parent: 1, name: "keepalived"}}
	if pid, ok := daemon(left, topology.ServiceKeepalived); ok {
		t.Errorf("a child that outlived its parent, %d, counts as the service", pid)
	}
	check := []process{{pid: 29, parent: 28, name: "keepalived", args: []string{"keepalived", "-t", "-f", "x"}}}
	if pid, ok := daemon(check, topology.ServiceKeepalived); ok {
		t.Errorf("a check of the configuration, %d, counts as the service", pid)
	}
	under := []process{
		{pid: 30, parent: 0, name: "halab", args: []string{"halab", "agent", "keepalived"}},
		{pid: 31, parent: 30, name: "keepalived"}, {pid: 32, parent: 31, name: "keepalived"},
	}
	if pid, ok := daemon(under, topology.ServiceKeepalived); !ok || pid != 31 {
		t.Errorf("under a supervisor: %d, %v", pid, ok)
	}
}

func TestVictimsAreChildrenFirst(t *testing.T) {
	for service, want := range map[topology.Service][]int{
		topology.ServiceApp: {11, 10}, topology.ServiceHAProxy: {21, 20}, topology.ServiceKeepalived: {31, 30},
	} {
		if got := victims(table(), service); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", service, got, want)
		}
	}
	loop := []process{{pid: 5, parent: 6, name: "haproxy"}, {pid: 6, parent: 5, name: "haproxy"}}
	if got := victims(loop, topology.ServiceHAProxy); len(got) != 2 {
		t.Errorf("a table that was read while it changed: %v", got)
	}
}

// TestKillTogether kills a shell and its child for real. The shell would tell
// of its child's death by its exit code if it heard of it.
func TestKillTogether(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 60 & echo $!; wait; exit 7")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	buffer := make([]byte, 32)
	n, err := out.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	child := 0
	for _, c := range buffer[:n] {
		if c >= '0' && c <= '9' {
			child = child*10 + int(c-'0')
		}
	}
	reply, err := killTogether([]int{child, cmd.Process.Pid})
	if err != nil || !slices.Equal(reply.Killed, []int{child, cmd.Process.Pid}) || reply.Mono == 0 {
		t.Errorf("reply %+v, %v", reply, err)
	}
	if got := exitCode(cmd.Wait()); got != 128+int(syscall.SIGKILL) {
		t.Errorf("the parent ended with %d, so it heard of its child's death", got)
	}
}

func TestWatchProcessSeesTheEnd(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	found, gone := make(chan bool, 1), make(chan bool, 1)
	go func() {
		waitGone(t.Context(), cmd.Process.Pid, func() { found <- true })
		gone <- true
	}()
	expect(t, found, true)
	if !isAlive(cmd.Process.Pid) {
		t.Error("a running process counts as dead")
	}
	if err := cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	expect(t, gone, true)
	for deadline := time.Now().Add(5 * time.Second); isAlive(cmd.Process.Pid); {
		if time.Now().After(deadline) {
			t.Fatal("a zombie counts as alive")
		}
	}
	_ = cmd.Wait()
}
