// Package agenttest is what the tests of the agent share: a network of their own,
// a wait for what must come about, and the processes of a node.
package agenttest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"halab/internal/agent/machine"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Must ends the test at an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Await waits until something is so, for ten seconds at most.
func Await(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !true(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// InFreshNetwork runs f in a network namespace of its own. The thread that has
// it is never given back, so it ends with the goroutine.
func InFreshNetwork(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for a network namespace")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err != nil {
			done <- err
			return
		}
		defer close(done) // also when f ends the test
		f()
	}()
	if err := <-done; err != nil {
		t.Skip("no network namespace:", err)
	}
}

// Link is the interface with a name; where there is none, calls on what it gives
// fail.
func Link(name string) netlink.Link {
	l, err := netlink.LinkByName(name)
	if err != nil {
		a := netlink.NewLinkAttrs()
		a.Name = name
		return &netlink.Dummy{LinkAttrs: a}
	}
	return l
}

// Cable makes a pair of interfaces that are each other's end, both switched on.
func Cable(name, peer string) error {
	a := netlink.NewLinkAttrs()
	a.Name = name
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: a, PeerName: peer}); err != nil {
		return err
	}
	for _, n := range []string{name, peer} {
		if err := netlink.LinkSetUp(Link(n)); err != nil {
			return err
		}
	}
	return nil
}

// Node lists the processes of a node as the PID namespace shows it: parent 0 is outside.
func Node() []machine.Process {
	return []machine.Process{
		{PID: 1, Name: "halab", Args: []string{"/usr/local/bin/halab", "agent", "node"}},
		{PID: 10, Parent: 0, Name: "gunicorn", Args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{PID: 11, Parent: 10, Name: "gunicorn", Args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{PID: 20, Parent: 0, Name: "halab", Args: []string{"/usr/local/bin/halab", "agent", "haproxy"}},
		{PID: 21, Parent: 20, Name: "haproxy", Args: []string{"/usr/sbin/haproxy", "-db"}},
		{PID: 30, Parent: 0, Name: "keepalived", Args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{PID: 31, Parent: 30, Name: "keepalived", Args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{PID: 40, Parent: 0, Name: "top", Args: []string{"top"}},
	}
}
