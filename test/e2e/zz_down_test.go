package e2e

import (
	"strings"
	"testing"
	"time"
)

// The last test: down takes the shared lab away, found by its label alone, and
// from a folder that has no Compose file.
func TestDown(t *testing.T) {
	lab := shared.Lab
	bringShared(t)
	lab.AwaitReady(t, 15*time.Second)
	if n := len(lab.containers(t)); n != 17 {
		t.Errorf("%d containers; four nodes with three services each, and a client, are 17", n)
	}
	Says(t, lab.Run(t, "down"), "removed 17 containers, 1 network, 4 volumes")
	for _, line := range snapshot(t) {
		if ours(line) && !strings.HasPrefix(line, "route unreachable") { // a guard, not a user
			t.Errorf("left behind: %s", line)
		}
	}
	Says(t, lab.Run(t, "down"), "nothing to remove")
}
