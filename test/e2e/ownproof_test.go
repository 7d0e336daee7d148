package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What lint says of the user's own files stands beside what their drill measured: a
// weight that is below the gap never moves the VIP, which a minute of waiting shows, and
// a check of ten failures does after half a minute.
func TestOwnProof(t *testing.T) {
	Nightly(t)
	lab, dir := Spare(t), example(t, "copied")
	for _, node := range []string{"lb1", "lb2"} {
		edit(t, filepath.Join(dir, node, "etc/keepalived/keepalived.conf"), "weight -2", "weight 2")
	}
	edit(t, filepath.Join(dir, "lb1/etc/keepalived/keepalived.conf"), "priority 101", "priority 150")
	drill := []string{"drill", "cluster/haproxy-kill", "--repeat", "1", "--attempts", tries, "--strict"}
	lab.Run(t, "-c", dir, "up")
	page := filepath.Join(t.TempDir(), "proof.html")
	Says(t, lab.Run(t, append(drill, "--html", page)...), "weight-below-gap", "confirmed never → the VIP did not move in 6")
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), `<td class="l good">confirmed</td>`) {
		t.Errorf("the page confirms no finding: %v", err)
	}
	lab.AwaitReady(t, time.Minute)

	lab.Run(t, "-c", example(t, "copied"), "up")
	Says(t, lab.Run(t, drill...), "slow-check", "confirmed 29.6–33.", "check-too-deep", "no drill of this lab shows it")
}
