package fault

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

// burner is the one process of a fault of load.
func burner(t *testing.T) machine.Process {
	t.Helper()
	list, err := burners("test")
	if err != nil || len(list) != 1 {
		t.Fatalf("processes %v, %v", list, err)
	}
	return list[0]
}

// used is the processor time of a process (proc_pid_stat(5): utime and stime, in
// hundredths of a second).
func used(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	agenttest.Must(t, err)
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(string(f))
		agenttest.Must(t, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// Busy loops keep processors busy, and leave a quarter of them alone: even with
// more loops than processors. Their process is gone afterwards.
func TestCPU(t *testing.T) {
	if !room(t) {
		return
	}
	for _, loops := range []int{1, 4 * runtime.NumCPU()} {
		undo := does(t, Site{run: t.TempDir()}, agentapi.FaultRequest{Fault: agentapi.FaultCPU, Count: loops})
		p := burner(t)
		begin, had := time.Now(), used(t, p.PID)
		time.Sleep(time.Second) // what is measured is a rate
		share := float64(used(t, p.PID)-had) / float64(time.Since(begin))
		most := burnShare * math.Min(float64(loops), float64(runtime.NumCPU()))
		t.Logf("%d loops took %.2f processors of %d", loops, share, runtime.NumCPU())
		if share > most+0.15 {
			t.Errorf("%d loops took %.2f processors; at most %.2f are theirs", loops, share, most)
		}
		// How much they get is a matter of who else is busy here.
		agenttest.Await(t, "some work", func() bool { return used(t, p.PID)-had > 0 })
		undo()
		if list, err := burners("test"); err != nil || len(list) > 0 {
			t.Errorf("left %v, %v", list, err)
		}
	}
}

// busyShare leaves a quarter, whatever the number of loops.
func TestBusyShare(t *testing.T) {
	for n := 1; n <= MaxBurn; n *= 2 {
		for _, processors := range []int{1, 2, 7, 64} {
			if all := float64(n) * busyShare(n, processors); all > burnShare*float64(processors)+1e-9 || busyShare(n, processors) > burnShare {
				t.Errorf("%d loops on %d processors may take %.2f", n, processors, all)
			}
		}
	}
}

// Memory is taken, page by page, by a process that is the first to go; it is
// free again afterwards.
func TestMemory(t *testing.T) {
	if !room(t) {
		return
	}
	const size = 64 << 20
	undo := does(t, Site{run: t.TempDir()}, agentapi.FaultRequest{Fault: agentapi.FaultMemory, Bytes: size})
	p := burner(t)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	agenttest.Must(t, err)
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil || kb<<10 < size {
		t.Errorf("%d kB are taken, not %d (%v)", kb, size>>10, err)
	}
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", p.PID))
	if err != nil || strings.TrimSpace(string(score)) != "1000" {
		t.Errorf("oom_score_adj is %s, %v", score, err)
	}
	undo()
	if list, err := burners("test"); err != nil || len(list) > 0 {
		t.Errorf("left %v, %v", list, err)
	}
}

// More than half of what the host has left is not taken.
func TestMemoryOfTheHost(t *testing.T) {
	left, err := memoryLeft()
	agenttest.Must(t, err)
	_, err = applyFault(Site{run: t.TempDir()}, agentapi.FaultRequest{ID: "m", Fault: agentapi.FaultMemory, Bytes: left}, func() error { return nil })
	if err == nil || !strings.Contains(err.Error(), "more than half") {
		t.Errorf("it was done: %v", err)
	}
}

// A fault has a record also in the moment in which it gets its lasting name.
func TestRecordedWhileItIsRenamed(t *testing.T) {
	folder := t.TempDir()
	young, lasting := filepath.Join(folder, "x"+applyingSuffix), filepath.Join(folder, "x"+recordSuffix)
	for range 3000 {
		agenttest.Must(t, os.WriteFile(young, nil, 0o600))
		renamed := make(chan error, 1)
		go func() { renamed <- os.Rename(young, lasting) }()
		for over := false; !over; {
			select {
			case err := <-renamed:
				agenttest.Must(t, err)
				over = true
			default:
			}
			if !recorded(folder, "x") {
				t.Fatal("for a moment there was no record")
			}
		}
		agenttest.Must(t, os.Remove(lasting))
	}
}
