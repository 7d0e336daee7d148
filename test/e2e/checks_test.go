package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// moreChecks are checks as they are found in real files, beside that of the example.
const moreChecks = `vrrp_script chk_port {
    script "/etc/keepalived/port.sh"
    interval 2
    weight -2
}

vrrp_script chk_process {
    script "/usr/bin/pgrep haproxy"
    interval 2
    weight -2
    user nobody
}

vrrp_script chk_words {
    script "/bin/kill -0 $(cat /run/haproxy.pid)"
    interval 2
    weight 2
}

vrrp_script chk_forgotten {
    script "/bin/true"
}

vrrp_instance`

// withMoreChecks is the example with those checks.
func withMoreChecks(t *testing.T) string {
	t.Helper()
	dir := example(t, "copied")
	for _, node := range []string{"lb1", "lb2"} {
		at := filepath.Join(dir, node, "etc/keepalived")
		if err := os.WriteFile(filepath.Join(at, "port.sh"), []byte("#!/bin/sh\nnc -z 127.0.0.1 8443 || echo 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		conf := filepath.Join(at, "keepalived.conf")
		edit(t, conf, "vrrp_instance", moreChecks)
		edit(t, conf, "        chk_haproxy\n", "        chk_haproxy\n        chk_port\n        chk_process\n        chk_words\n")
	}
	return dir
}

// What each check says while HAProxy is up, dead and hung: the one that always succeeds
// is found out, and the one that needs a shell. The VIP stays where it is, HAProxy is
// mended, and so it is after an interrupt in the middle.
func TestChecks(t *testing.T) {
	lab := Spare(t)
	lab.Run(t, "-c", withMoreChecks(t), "up")
	// lb2 may have been first; lb1, whose priority is higher, takes the VIP then.
	for end := time.Now().Add(20 * time.Second); lab.HolderOf(t, "cluster") != "lb1"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("lb1 does not take the VIP")
		}
	}
	type run struct {
		Exit int
		Ms   float64
		User string
		Last string
	}
	r := lab.Try(t, "checks", "--json")
	tables := decode[[]struct {
		Node   string
		Held   []string
		Checks []struct {
			Name, Verdict, Off string
			Up, Dead, Hung     *run
			Tells              bool
		}
	}](t, r)
	if r.Code != 1 || len(tables) != 1 || tables[0].Node != "lb2" || len(tables[0].Held) != 0 || len(tables[0].Checks) != 5 {
		t.Fatalf("exit %d: %+v", r.Code, tables)
	}
	for i, want := range []struct {
		name, verdict, user string
		exits               [3]int
	}{
		{"chk_haproxy", "ok", "root", [3]int{0, 1, 1}},
		{"chk_port", "never fails: it succeeds though HAProxy is dead", "root", [3]int{}},
		{"chk_process", "ok; does not see a hang", "nobody", [3]int{0, 1, 0}},
		{"chk_words", "never succeeds: it fails though HAProxy is up", "root", [3]int{1, 1, 1}},
	} {
		c := tables[0].Checks[i]
		if c.Name != want.name || c.Verdict != want.verdict || c.Up == nil || c.Dead == nil || c.Hung == nil {
			t.Errorf("%s: %+v", want.name, c)
			continue
		}
		if exits := [3]int{c.Up.Exit, c.Dead.Exit, c.Hung.Exit}; exits != want.exits || c.Up.User != want.user || c.Up.Ms <= 0 {
			t.Errorf("%s: exit codes %v as %s in %g ms", c.Name, exits, c.Up.User, c.Up.Ms)
		}
	}
	checks := tables[0].Checks
	if ms := checks[0].Hung.Ms; ms < 2000 || ms > 2900 {
		t.Errorf("curl waits 2 s for a hung HAProxy, and the check took %g ms", ms)
	}
	if checks[1].Dead.Last != "1" || checks[4].Up != nil || checks[4].Off == "" {
		t.Errorf("chk_port said %q; chk_forgotten: %+v", checks[1].Dead.Last, checks[4])
	}
	lab.AwaitReady(t, 5*time.Second)
	if holder := lab.HolderOf(t, "cluster"); holder != "lb1" {
		t.Errorf("%s holds the VIP: it moved", holder)
	}

	p := lab.Start(t, "checks", "lb2")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		state, err := tryCommand("docker", "inspect", "-f", "{{.State.Status}}", lab.container(t, "lb2", "haproxy"))
		if err == nil && state == "paused\n" || err == nil && state == "paused" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("HAProxy on lb2 was never hung: %s %v", state, err)
		}
	}
	p.Signal(syscall.SIGINT)
	if r := p.Wait(); r.Code != 130 {
		t.Errorf("interrupted: exit %d\n%s", r.Code, r.Stderr)
	}
	lab.AwaitReady(t, 5*time.Second)

	Says(t, lab.Try(t, "checks", "cluster"), "lb2, which holds no VIP", "CHECK", "chk_words, dead: /bin/kill")
	lab.Run(t, "fail", "lb2", "haproxy")
	lab.Refuse(t, 1, []string{"haproxy on lb2 is exited", "halab restore lb2"}, "checks", "lb2")
	lab.Refuse(t, 2, []string{"lb9"}, "checks", "lb9")
}
