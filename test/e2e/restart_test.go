package e2e

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// canRestart skips the test, in capitals, where the engine can't be restarted.
func canRestart(t *testing.T) {
	t.Helper()
	if why := mayRestart(shared.Name, spareName); why != "" {
		t.Skipf("NOT TESTED HERE: a restart of the Docker Engine; %s", why)
	}
}

// A restart of the engine ends all containers, and with them all faults: up
// brings the lab back, and restore does, with all that was broken before.
func TestEngineRestart(t *testing.T) {
	canRestart(t)
	lab := Shared(t)
	for _, mend := range []string{"up", "restore"} {
		t.Run(mend, func(t *testing.T) {
			made := lab.containers(t)
			lab.Run(t, "fail", "frontend-01", "link", "down")
			lab.Run(t, "fail", "backend-01", "app", "--how", "hang")
			lab.Run(t, "fail", "backend-02", "crash", "--for", "1m")
			if err := restartEngine(); err != nil {
				t.Fatal(err)
			}
			if r := lab.Run(t, "status"); strings.Contains(r.Stdout, ": ready") {
				t.Errorf("nothing runs, and the lab is called ready:\n%s", r)
			}
			lab.Run(t, mend)
			lab.AwaitReady(t, 15*time.Second)
			lab.Intact(t)
			lab.Serves(t, 4, 5*time.Second)
			// up may give a lab another budget of real time now that it is alone.
			if now := lab.containers(t); len(now) != len(made) || mend == "restore" && !maps.Equal(now, made) {
				t.Errorf("containers were made anew: %v, before %v", now, made)
			}
		})
	}
}

// bootName is a lab of this test alone: the engine keeps a record of the network
// that it lost, and takes it for a network of the same parent when it starts
// while that is there. No other test has this one.
const bootName = "e2eboot"

// After a boot the lab's interfaces are gone and its containers have ended; the
// engine lists the network and can't attach anything to it. up makes all anew.
func TestUpAfterABoot(t *testing.T) {
	canRestart(t)
	lab := NewLab(bootName, sparePrefix)
	t.Cleanup(func() { lab.Run(t, "down") })
	lab.KeepOnFailure(t)
	lab.Run(t, "up")
	parent := lab.parent(t)
	err := bootEngine(func() error {
		_, err := tryCommand("ip", "link", "del", parent)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lab.Refuse(t, 1, []string{"halab down"}, "restore", "--timeout", "1s")
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
	lab.Intact(t)
	lab.Serves(t, 4, 5*time.Second)
	lab.Run(t, "down")
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
}
