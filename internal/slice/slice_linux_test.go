package slice

import (
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
