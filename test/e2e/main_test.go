package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shared is the one lab that most tests use; it comes up with the first of
// them.
var shared = struct {
	sync.Once
	*Lab
}{Lab: NewLab("e2e", "10.198.98")}

// spare is the name and the subnet of labs that live for one test.
const (
	spareName   = "e2eb"
	sparePrefix = "10.198.97"
)

func TestMain(m *testing.M) {
	if os.Getenv("HALAB_E2E") != "1" {
		fmt.Println("skipped: the end-to-end tests need a Docker Engine; HALAB_E2E=1 (or: make e2e) runs them")
		return
	}
	if _, err := os.Stat(binary()); err != nil {
		fmt.Printf("there is no binary to test: %v\n  build it:  make build\n", err)
		os.Exit(1)
	}
	keepFiles()
	if tier("quick") {
		os.Exit(m.Run()) // the lab and its images stay for the next time
	}
	os.Exit(runAll(m))
}

// keepFiles keeps what this process was started with (a lock, say) from what it
// starts: an engine and the end of a fault may outlive it.
func keepFiles() {
	entries, _ := os.ReadDir("/proc/self/fd") // where there is no /proc there is no lab either
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// runAll runs the tests between two looks at the machine.
func runAll(m *testing.M) int {
	labs := []*Lab{shared.Lab, NewLab(spareName, sparePrefix), NewLab(bootName, sparePrefix), NewLab(hostsName, hostsPrefix)}
	removeHosts()
	removeMachines()
	for _, lab := range labs { // what a run that was killed left behind
		if out, err := lab.down(); err != nil {
			fmt.Printf("halab down of %s: %v\n%s\n", lab.Name, err, out)
			return 1
		}
	}
	before, err := Snapshot()
	if err != nil {
		fmt.Println("look at the machine:", err)
		return 1
	}
	images := halabImages()
	code := m.Run()
	for _, lab := range labs {
		if out, err := lab.down(); err != nil {
			fmt.Printf("halab down of %s: %v\n%s\n", lab.Name, err, out)
			code = 1
		}
	}
	removeMachineImage()
	removeImages(images)
	if diff := settled(before); len(diff) > 0 {
		fmt.Printf("FAIL: after all tests the machine is not as it was:\n  %s\n", strings.Join(diff, "\n  "))
		code = 1
	}
	return code
}

func halabImages() []string {
	out, err := tryCommand("docker", "images", "-a", "-q", "--no-trunc", "--filter", "label=halab.image")
	if err != nil {
		return nil
	}
	return lines(out)
}

// removeImages removes what the run built, but for what was there before.
func removeImages(before []string) {
	if os.Getenv("HALAB_E2E_KEEP") != "" {
		return
	}
	for range 3 { // images stand on images
		for _, id := range halabImages() {
			if id != "" && !slices.Contains(before, id) {
				_, _ = tryCommand("docker", "rmi", "-f", id) // the next round tries again what others stood on
			}
		}
	}
}

// bringShared brings the shared lab up, once. All images are there then, and
// nothing of it begins while a test looks at the machine.
func bringShared(t *testing.T) {
	t.Helper()
	shared.Do(func() {
		shared.Run(t, "up")
		shared.AwaitReady(t, 15*time.Second)
	})
}

// Shared gives the lab that most tests use, whole; the test leaves it whole.
func Shared(t *testing.T) *Lab {
	t.Helper()
	bringShared(t)
	if !shared.Status(t).Ready {
		shared.Run(t, "up")
	}
	t.Cleanup(func() { shared.mend(t) })
	shared.KeepOnFailure(t)
	shared.AwaitReady(t, 15*time.Second)
	return shared.Lab
}

// mend undoes what a test did, by the gentlest means that works.
func (l *Lab) mend(t *testing.T) {
	t.Helper()
	if l.Status(t).Ready {
		return
	}
	if r := l.Try(t, "restore", "--timeout", "20s"); r.Code == 0 && l.Status(t).Ready {
		return
	}
	l.Run(t, "up")
	l.AwaitReady(t, 30*time.Second)
}

// Spare gives a lab for this test alone: it is not up, and what the test makes
// of it is gone afterwards, to the last trace.
func Spare(t *testing.T, env ...string) *Lab {
	t.Helper()
	bringShared(t)
	l := NewLab(spareName, sparePrefix, env...)
	LeavesNothing(t)
	t.Cleanup(func() { l.Run(t, "down") })
	l.KeepOnFailure(t)
	return l
}
