package fault

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// inRoom says that this process is the first one of namespaces of its own.
const inRoom = "HALAB_TEST_ROOM"

// room runs the rest of a test in namespaces of its own for processes, mounts and
// the network, where it is process 1 as that of a node is: a kill of everybody
// hits what the test made and nobody else. It returns false outside, where there
// is nothing left to do.
func room(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inRoom) != "" {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("namespaces of its own take root")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inRoom+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // a parent's death is that of its thread
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// victim runs for as long as the test: a program of that name and of that
// argument, as a node's services are known by.
func victim(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	agenttest.Must(t, err)
	text, err := os.ReadFile(sleep)
	agenttest.Must(t, err)
	path := filepath.Join(t.TempDir(), name)
	agenttest.Must(t, os.WriteFile(path, text, 0o755))
	cmd := exec.Command(path, append([]string{"300"}, args...)...)
	agenttest.Must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	agenttest.Await(t, name, func() bool { return stateOf(cmd) == 'S' })
	return cmd
}

// stateOf a process, as in proc(5).
func stateOf(cmd *exec.Cmd) byte {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	if err != nil {
		return 0
	}
	p, _ := machine.ParseStat(text)
	return p.State
}

// does applies a fault where the test is, and returns its undo, which is done
// twice and must leave no record.
func does(t *testing.T, site Site, r agentapi.FaultRequest) (undo func()) {
	t.Helper()
	return breaks(t, here(), site, r)
}

// here is the namespace that the test is in.
func here() *space {
	s := &space{do: make(chan func())}
	go func() {
		for f := range s.do {
			f()
		}
	}()
	return s
}
