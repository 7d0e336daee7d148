package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// example copies a pair of examples/own-config, so that its files can be edited.
func example(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mine")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "own-config", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit changes a file of the user's.
func edit(t *testing.T, file, old, now string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q: %v", file, old, err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(old), []byte(now), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sameInNodes holds every file of the folder against the one in the node's containers,
// byte for byte.
func (l *Lab) sameInNodes(t *testing.T, dir string) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		node, at, _ := strings.Cut(rel, "/")
		want, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, service := range []string{"haproxy", "keepalived"} {
			got, err := tryCommand("docker", "exec", l.container(t, node, service), "sha256sum", "/"+at)
			if err != nil || !strings.HasPrefix(got, fmt.Sprintf("%x ", sha256.Sum256(want))) {
				t.Errorf("/%s in %s of %s is not the user's: %v\n%s", at, service, node, err, got)
			}
			count++
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Errorf("%d files compared: %v", count, err)
	}
}

// The user's own files run unchanged: with their addresses and interfaces, what stands
// behind them, their scripts. Every command works on them, without the folder.
func TestOwnConfig(t *testing.T) {
	lab, dir := Spare(t), example(t, "sound")
	Says(t, lab.Run(t, "-c", dir, "up"), "is up after", "profile own", "adapted: one container stands for what is behind")
	lab.sameInNodes(t, dir)
	if holder := lab.HolderOf(t, "cluster"); holder != "lb1" {
		t.Errorf("%s holds the VIP; lb1 has the higher priority", holder)
	}
	Says(t, lab.Run(t, "status"), "192.0.2.10 held by lb1", "profile own: ready")
	Says(t, lab.Run(t, "explain"), "192.0.2.10 is held by lb1", "lb1 has it: its keepalived says MASTER with priority 101",
		"lb2 says BACKUP with priority 100: less than 101", "the node crashes       without an answer for")
	Says(t, lab.Run(t, "curl"), "apiservers/cp-")
	Says(t, lab.Run(t, "config", "keepalived", "lb2"), "priority 100")
	Says(t, lab.Run(t, "config", "--adapted"), "198.51.100.21:6443")
	Says(t, lab.Run(t, "logs", "lb1", "keepalived"), "Entering MASTER STATE")
	Says(t, lab.Run(t, "shell", "lb1", "--", "sh", "-c", "hostname; ip addr show eth0"), "lb1", "192.0.2.10/24")
	lab.Refuse(t, 1, []string{"your own file"}, "switch", "cluster")
	lab.Refuse(t, 2, []string{"halab -c FOLDER up"}, "up")

	for _, words := range [][]string{{"haproxy", "--how", "kill"}, {"link", "down"}, {"crash"}, {"keepalived"}} {
		from := lab.HolderOf(t, "cluster")
		Says(t, lab.Run(t, append([]string{"fail", "192.0.2.10"}, words...)...), "is now held by "+otherLB(from))
		lab.Run(t, "restore")
		lab.AwaitReady(t, 10*time.Second)
	}

	// An edited file is noticed, and read anew by the daemon that it is for.
	Says(t, lab.Run(t, "-c", dir, "up", "--dry-run"), "nothing to do")
	before := lab.processes(t, "lb1", "keepalived")
	edit(t, filepath.Join(dir, "lb1/etc/haproxy/haproxy.cfg"), "timeout connect 5s", "timeout connect 4s")
	Says(t, lab.Run(t, "-c", dir, "up", "--dry-run"), "haproxy reads them anew")
	lab.Run(t, "-c", dir, "up")
	lab.sameInNodes(t, dir)
	Says(t, lab.Run(t, "logs", "lb1", "haproxy", "--tail", "30"), "Reloading HAProxy")
	if after := lab.processes(t, "lb1", "keepalived"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("keepalived was %v and is %v: nothing of its own changed", before, after)
	}
	holder := lab.HolderOf(t, "cluster")
	edit(t, filepath.Join(dir, otherLB(holder)+"/etc/keepalived/keepalived.conf"), "priority 10", "priority 20")
	Says(t, lab.Run(t, "-v", "-c", dir, "up"), "keepalived reads them anew")
	lab.AwaitHolder(t, "cluster", otherLB(holder), 10*time.Second)
	Says(t, lab.Run(t, "down"), "removed 8 containers, 1 network, 4 volumes")
}

func otherLB(node string) string { return map[string]string{"lb1": "lb2", "lb2": "lb1"}[node] }

// A pair whose check always fails never gets a holder. It comes up all the same, says
// why it is not ready, and can be looked at.
func TestOwnConfigThatNeverWorks(t *testing.T) {
	lab, dir := Spare(t), example(t, "copied")
	for _, node := range []string{"lb1", "lb2"} {
		edit(t, filepath.Join(dir, node, "etc/keepalived/keepalived.conf"), "weight -2", "")
		edit(t, filepath.Join(dir, node, "etc/keepalived/check_apiserver.sh"), "localhost:8443/readyz", "localhost:8444/readyz")
	}
	lab.Refuse(t, 1, []string{"nobody holds 192.0.2.10", "VRRP on lb1 is not known", "halab logs"}, "-c", dir, "up")
	Says(t, lab.Run(t, "explain"), "nobody has 192.0.2.10", "lb1 is in FAULT, and takes nothing over: script chk_haproxy says BAD")
	Says(t, lab.Run(t, "logs", "lb1", "keepalived"), "VRRP_Script(chk_haproxy) failed")
	Says(t, lab.Run(t, "down"), "removed 8 containers")
}

// The same pair is drilled: a client's outage is measured at a listener of its own, and
// stands beside what its files let one expect.
func TestOwnDrill(t *testing.T) {
	lab := Spare(t)
	lab.Run(t, "-c", example(t, "sound"), "up")
	Says(t, lab.Run(t, "drill", "--list"), "cluster/haproxy-kill", "follows no wish")
	d := drillOne(t, lab, "cluster/node-crash")
	if ms := d.metric(t, "cluster/node-crash", "edge.outage"); ms < 2000 || ms > 6000 {
		t.Errorf("a dead machine costs %g ms; three adverts of a second and the skew are 2.6–3.6 s", ms)
	}
}
