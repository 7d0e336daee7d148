package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// dice are random, and can be thrown again: the seed is printed.
func dice(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("HALAB_E2E_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("HALAB_E2E_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// upTime is longer than up takes, so that some moments are after its end.
const upTime = 4 * time.Second

// Ctrl-C at any point of up: exit code 130, and down takes it from there.
func TestInterruptedUpThenDown(t *testing.T) {
	random := dice(t)
	for range 4 {
		moment := time.Duration(random.Int64N(int64(upTime)))
		t.Run(moment.Round(time.Millisecond).String(), func(t *testing.T) {
			lab := Spare(t)
			before := snapshot(t)
			p := lab.Start(t, "up")
			time.Sleep(moment)
			late := p.Ended()
			p.Signal(syscall.SIGINT)
			r := p.Wait()
			if !late && r.Code != 130 && r.Code != 0 || late && r.Code != 0 {
				t.Errorf("exit code %d:\n%s", r.Code, r)
			}
			if r.Code == 130 {
				checkManners(t, r)
			}
			lab.Run(t, "down")
			SameAs(t, before)
		})
	}
}

// So does up itself.
func TestInterruptedUpThenUp(t *testing.T) {
	random := dice(t)
	lab := Spare(t)
	for range 2 {
		p := lab.Start(t, "up")
		time.Sleep(time.Duration(random.Int64N(int64(upTime / 2))))
		p.Signal(syscall.SIGINT)
		p.Wait()
	}
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
}

// halab killed without a chance to clean up: nothing is lost that down needs.
func TestKilledUpThenDown(t *testing.T) {
	random := dice(t)
	for range 3 {
		moment := time.Duration(random.Int64N(int64(upTime)))
		t.Run(moment.Round(time.Millisecond).String(), func(t *testing.T) {
			lab := Spare(t)
			before := snapshot(t)
			p := lab.Start(t, "up")
			time.Sleep(moment)
			p.Signal(syscall.SIGKILL)
			p.Wait()
			lab.Run(t, "down")
			SameAs(t, before)
		})
	}
}

// Also in the middle of down.
func TestKilledDownThenDown(t *testing.T) {
	random := dice(t)
	lab := Spare(t)
	before := snapshot(t)
	lab.Run(t, "up")
	p := lab.Start(t, "down")
	time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
	p.Signal(syscall.SIGKILL)
	p.Wait()
	lab.Run(t, "down")
	SameAs(t, before)
}

// Also with everything in the lab broken in some way.
func TestDownOfABrokenLab(t *testing.T) {
	lab := Spare(t)
	before := snapshot(t)
	lab.Run(t, "up")
	lab.Run(t, "fail", "frontend", "node", "--how", "hang")
	lab.Run(t, "fail", "backend-01", "node", "--how", "kill")
	lab.Run(t, "fail", "backend-02", "keepalived", "--how", "hang")
	command(t, "docker", "rm", "-f", lab.container(t, "backend-02", "app"))
	lab.Run(t, "down")
	SameAs(t, before)
	Says(t, lab.Run(t, "down"), "nothing to remove")
}
