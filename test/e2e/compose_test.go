package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compose runs plain docker-compose on the repository's own Compose file.
func compose(t *testing.T, lab *Lab, base string, args ...string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "..", "compose", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker-compose", append([]string{"-p", lab.Name, "-f", file}, args...)...)
	cmd.Env = append(os.Environ(), "HALAB_NAME="+lab.Name, "HALAB_BASE="+base, "HALAB_PREFIX="+lab.Prefix,
		"HALAB_PARENT="+lab.parent(t), "HALAB_MAC=02:68:0a:c6:61", "COMPOSE_PARALLEL_LIMIT=64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// parent is the interface under the lab's network.
func (l *Lab) parent(t *testing.T) string {
	t.Helper()
	config := decode[struct{ Network struct{ Parent string } }](t, l.Run(t, "config", "--json"))
	return config.Network.Parent
}

// Plain docker-compose on the same file brings the same lab to life, once its
// parent interface is there, and halab knows it as its own.
func TestPlainComposeBringsTheSameLabUp(t *testing.T) {
	lab := Spare(t)
	lab.Run(t, "network", "up")
	compose(t, lab, shared.Status(t).Base, "up", "-d")
	s := lab.AwaitReady(t, 30*time.Second)
	if s.Profile != "fast" || s.Lab != lab.Name {
		t.Errorf("status of the lab that Compose made: %+v", s)
	}
	lab.Serves(t, 4, 5*time.Second)
	decode[Answer](t, lab.Run(t, "curl"))

	holder := lab.HolderOf(t, "frontend")
	Says(t, lab.Run(t, "fail", "frontend-00", "keepalived"), "now held by "+Other(holder))
	lab.Run(t, "restore")
	Says(t, lab.Run(t, "down"), "removed")
}

// And the other way: Compose takes away what it made, halab the rest.
func TestComposeDown(t *testing.T) {
	lab := Spare(t)
	base := shared.Status(t).Base
	lab.Run(t, "network", "up")
	compose(t, lab, base, "up", "-d")
	compose(t, lab, base, "down", "-v", "-t", "1")
	lab.Run(t, "network", "down")
	if all := lab.containers(t); len(all) > 0 {
		t.Errorf("left: %v", all)
	}
}

// The parent interface and the host's leg come and go by themselves, too.
func TestNetworkUpAndDown(t *testing.T) {
	lab := Spare(t)
	before := snapshot(t)
	lab.Run(t, "network", "up")
	made := strings.Join(snapshot(t).Difference(before), "\n")
	parent := lab.parent(t)
	for _, name := range []string{parent + " ", parent + "p ", parent + "h ", lab.hostLeg()} {
		if !strings.Contains(made, name) {
			t.Errorf("no %s:\n%s", name, made)
		}
	}
	after := snapshot(t)
	lab.Run(t, "network", "up")
	SameAs(t, after)
	lab.Run(t, "network", "down")
	SameAs(t, before)
	lab.Run(t, "network", "down")
}
