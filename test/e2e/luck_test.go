package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
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

// between is a random moment, from included.
func between(random *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(random.Int64N(int64(to-from)))
}

// upTime is longer than up takes, so that some moments are after its end.
const upTime = 4 * time.Second

// Ctrl-C at any point of up: exit code 130, and down takes it from there.
func TestInterruptedUpThenDown(t *testing.T) {
	random := dice(t)
	for range 4 {
		moment := between(random, 0, upTime)
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
		time.Sleep(between(random, 0, upTime/2))
		p.Signal(syscall.SIGINT)
		p.Wait()
	}
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
}

// halab killed without a chance to clean up: nothing is lost that down needs.
// Half of the moments are those in which the engine makes containers, which it
// goes on with for a moment.
func TestKilledUpThenDown(t *testing.T) {
	random := dice(t)
	for i := range 6 {
		moment := between(random, 0, upTime)
		if i%2 == 1 {
			moment = between(random, 300*time.Millisecond, time.Second)
		}
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

// What down had begun goes on for a moment without it: the up after it makes
// what that took away. Half of the moments are those in which a helper takes the
// host's interfaces away.
func TestKilledDownThenUp(t *testing.T) {
	random := dice(t)
	lab := Spare(t)
	for i := range 4 {
		lab.Run(t, "up")
		p := lab.Start(t, "down")
		if i%2 == 1 {
			lab.awaitHelper(t, p)
			time.Sleep(between(random, 0, 300*time.Millisecond))
		} else {
			time.Sleep(between(random, 150*time.Millisecond, 600*time.Millisecond))
		}
		p.Signal(syscall.SIGKILL)
		t.Logf("down killed: %d", p.Wait().Code)
		lab.Run(t, "up")
		lab.AwaitReady(t, 15*time.Second)
	}
}

// awaitHelper waits until the lab's helper is there, or the command has ended.
func (l *Lab) awaitHelper(t testing.TB, p *Process) {
	t.Helper()
	Eventually(t, 15*time.Second, "a helper", func() (bool, string) {
		for name := range l.containers(t) {
			if strings.Contains(name, "-helper-") {
				return true, ""
			}
		}
		return p.Ended(), "none"
	})
}

// Also in the middle of down.
func TestKilledDownThenDown(t *testing.T) {
	random := dice(t)
	lab := Spare(t)
	before := snapshot(t)
	lab.Run(t, "up")
	p := lab.Start(t, "down")
	time.Sleep(between(random, 0, time.Second))
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
