package slice

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The slice is the process's own and is passed on to what it starts.
func TestShortIsInherited(t *testing.T) {
	if os.Getenv("SLICE_CHILD") == "1" {
		a, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if a.Runtime != Nanoseconds {
			t.Errorf("slice is %d", a.Runtime)
		}
		return
	}
	before, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := Short(); err != nil {
		t.Fatal(err)
	}
	after, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if after.Runtime == before.Runtime && before.Runtime != Nanoseconds {
		t.Skipf("this kernel has no slices of a task's own: %d before and after", after.Runtime)
	}
	child := exec.Command(os.Args[0], "-test.run=TestShortIsInherited")
	child.Env = append(os.Environ(), "SLICE_CHILD=1")
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("a child has another slice: %v\n%s", err, out)
	}
}

// A real-time policy is had where it is allowed, and can be given back.
func TestRealtime(t *testing.T) {
	if err := Realtime(); err != nil {
		if !errors.Is(err, unix.EPERM) {
			t.Fatal(err)
		}
		t.Skip("this machine allows none: ", err)
	}
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil || a.Policy != unix.SCHED_FIFO || a.Priority != Priority {
		t.Errorf("policy %d, priority %d, %v", a.Policy, a.Priority, err)
	}
	if err := Ordinary(); err != nil {
		t.Fatal(err)
	}
	if a, err := unix.SchedGetAttr(0, 0); err != nil || a.Policy != unix.SCHED_NORMAL {
		t.Errorf("the policy is still %d, %v", a.Policy, err)
	}
}
