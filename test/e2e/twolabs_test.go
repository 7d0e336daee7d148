package e2e

import (
	"strings"
	"testing"
	"time"
)

// Two labs side by side on one engine: each has its own of everything, what is
// done to one does nothing to the other, and each has its own drills.
func TestTwoLabsAtOnce(t *testing.T) {
	first, second := Shared(t), Spare(t)
	flags := []string{"--name", second.Name, "--subnet", second.Prefix + ".0/24"}
	byFlags := &Lab{Name: second.Name, Prefix: second.Prefix} // no HALAB_NAME, no HALAB_SUBNET
	byFlags.Run(t, append(flags, "up")...)
	second.AwaitReady(t, 15*time.Second) // by HALAB_NAME it is the same lab
	first.AwaitReady(t, 5*time.Second)
	first.Serves(t, 4, 5*time.Second)
	second.Serves(t, 4, 5*time.Second)

	holder := second.HolderOf(t, "frontend")
	first.Run(t, "fail", "frontend", "haproxy", "--how", "kill")
	first.Run(t, "fail", "backend-01", "link", "down")
	if s := second.Status(t); !s.Ready {
		t.Errorf("what was done to %s broke %s:\n%s", first.Name, second.Name, second.Try(t, "status"))
	}
	if len(second.Faults(t)) > 0 {
		t.Errorf("%s lists faults of %s", second.Name, first.Name)
	}
	Says(t, second.Run(t, "restore"), "nothing was broken")
	if len(first.Faults(t)) != 3 {
		t.Errorf("a restore of %s mended %s: %v", second.Name, first.Name, first.Faults(t))
	}
	second.AwaitHolder(t, "frontend", holder, time.Second)
	first.Run(t, "restore")
	first.AwaitReady(t, 5*time.Second)

	// Each is drilled while the other serves. Two processors are too few to drill
	// both at once: their probes alone keep the apps from answering in time.
	for _, lab := range []*Lab{first, second} {
		r := lab.Run(t, "drill", "frontend/keepalived-stop", "--repeat", "1", "--attempts", tries, "--json")
		if d := readDrill(t, r.Stdout); len(d.Scenarios) != 1 || d.metric(t, "frontend/keepalived-stop", "edge.outage") > 1000 {
			t.Errorf("the drill of %s measured nothing that makes sense:\n%.400s", lab.Name, r.Stdout)
		}
		first.AwaitReady(t, 5*time.Second)
		second.AwaitReady(t, 5*time.Second)
	}
	Says(t, byFlags.Run(t, "down", "--name", second.Name), "removed 17 containers, 1 network, 4 volumes")
	first.AwaitReady(t, 5*time.Second)
	first.Serves(t, 4, 5*time.Second)
}

// What two labs can't both have is refused before anything is made.
func TestClashesOfLabs(t *testing.T) {
	first := Shared(t)
	before := snapshot(t)
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"the subnet", []string{"up", "--name", spareName, "--subnet", first.Prefix + ".0/24"}, []string{first.Prefix, "lab " + first.Name, "--subnet"}},
		{"the name, on another subnet", []string{"up", "--name", first.Name, "--subnet", sparePrefix + ".0/24"}, []string{"lab " + first.Name + " is there already", first.Prefix, "--name"}},
		{"the parent", []string{"up", "--name", spareName, "--subnet", sparePrefix + ".0/24", "--parent", first.parent(t)}, []string{"parent", "lab " + first.Name}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := (&Lab{Name: spareName, Prefix: sparePrefix}).Try(t, c.args...)
			if r.Code != 1 || strings.Contains(r.Stderr, "panic") {
				t.Errorf("exit code %d, not 1:\n%s", r.Code, r)
			}
			Says(t, r, c.says...)
			SameAs(t, before)
			first.AwaitReady(t, time.Second)
		})
	}
}
