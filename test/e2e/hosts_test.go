package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A lab on four hosts with engines of their own is used as one on a single
// engine, and what is wrong with one host is said in a line that names it. The
// parts of the test build on each other: one lab serves them all.
func TestHosts(t *testing.T) {
	Nightly(t)
	bringShared(t)
	h := newHosts(t)
	before := map[string][]string{}
	for _, n := range hostNodes {
		before[n.name] = h.traces(n.name)
	}
	way := newProxy(t, wayInPrefix+".11:2375")
	h.makeContext()
	lab := h.lab("hosts.yaml", map[string]string{"frontend-01": way.endpoint()})
	t.Cleanup(func() { lab.Try(t, "down") })
	lab.KeepOnFailure(t)
	part := func(name string, do func(t *testing.T)) {
		if !t.Run(name, do) {
			t.FailNow() // the next part would only tell of the same
		}
	}
	part("up in bad luck", func(t *testing.T) { h.upInBadLuck(t, lab, way) })
	part("up", func(t *testing.T) { h.upWell(t, lab) })
	part("strange hosts", func(t *testing.T) { h.strangers(t, way) })
	part("faults of services and nodes", func(t *testing.T) { h.faults(t, lab) })
	part("faults inside nodes", func(t *testing.T) { h.insideFaults(t, lab) })
	part("commands", func(t *testing.T) { h.commands(t, lab) })
	part("drill", func(t *testing.T) { h.drill(t, lab) })
	part("hosts that do not answer", func(t *testing.T) { h.silence(t, lab, way) })
	part("down", func(t *testing.T) { h.down(t, lab, before) })
}

// The connection of one host is lost in the middle of the images, and another
// host has no room for them: the first one's begin anew, the other one is named,
// and the three serve.
func (h *hostRig) upInBadLuck(t *testing.T, lab *Lab, way *proxy) {
	way.cutAfter.Store(20 << 20)
	r := lab.Refuse(t, 1, []string{"backend-02", "no space left on device", "docker -H ssh://root@" + wayInPrefix + ".22 system df"}, "up", "--verbose")
	Says(t, r, "frontend-01", "begins anew")
	if way.cuts.Load() != 1 {
		t.Errorf("the connection of frontend-01 was cut %d times", way.cuts.Load())
	}
	if left := h.inside("backend-02", "docker", "images", "-aq"); left != "" {
		t.Errorf("the host without room has a part of the images:\n%s", left)
	}
	lab.Serves(t, 8, 5*time.Second)
	s := lab.Status(t)
	if s.Node("frontend-01").State != "running" || s.Node("backend-01").State != "running" || s.Node("backend-02").State == "running" {
		t.Errorf("three hosts should run: %+v", s)
	}
	h.inside("backend-02", "mount", "-o", "remount,size="+largeDisk, "/var/lib/docker")
}

// The next up brings the fourth host, and leaves the others alone.
func (h *hostRig) upWell(t *testing.T, lab *Lab) {
	r := lab.Run(t, "up")
	Says(t, r, "lab "+hostsName+" is up")
	if strings.Contains(r.All(), "frontend-01") {
		t.Errorf("a host that was well should be left alone:\n%s", r)
	}
	lab.AwaitReady(t, 15*time.Second)
	for vip, path := range map[string]string{lab.frontendVIP(): "/frontend", lab.backendVIP(): "/backend"} {
		if body, err := lab.getFrom(vip, path, 2*time.Second); err != nil || !strings.Contains(body, "backend-0") {
			t.Errorf("%s%s answers %q, %v", vip, path, body, err)
		}
	}
	if r := lab.Run(t, "up", "--dry-run"); !strings.Contains(r.Stdout, "nothing to do") {
		t.Errorf("a second up would do something:\n%s", r)
	}
	r = unwrapped(lab.Run(t, "doctor"))
	for _, n := range hostNodes {
		Says(t, r, n.name+": eth1 is up and has "+lab.Address(n.last), n.name+": its clock is")
	}
	Says(t, r, "VRRP is heard from 1 of its cluster", "is the one that sends VRRP")
}

// unwrapped puts into one line what was wrapped for people.
func unwrapped(r Result) Result {
	r.Stdout = regexp.MustCompile(`\s+`).ReplaceAllString(r.Stdout, " ")
	return r
}

// What can't be had here plays a part: hosts of another kind.
func (h *hostRig) strangers(t *testing.T, way *proxy) {
	for name, c := range map[string]struct {
		engine strangeEngine
		words  []string
	}{
		"an older API":         {strangeEngine{API: "1.38", Arch: "x86_64"}, []string{"frontend-02", "speaks API 1.38", "needs 1.41"}},
		"another architecture": {strangeEngine{API: "1.41", Arch: "riscv128"}, []string{"frontend-02", "riscv128", "one architecture"}},
		"a clock 5 s off":      {strangeEngine{API: "1.41", Arch: "x86_64", Ahead: 5300 * time.Millisecond}, []string{"frontend-02", "its clock is off by 5", "chrony"}},
	} {
		t.Run(name, func(t *testing.T) {
			lab := h.lab(strings.ReplaceAll(name, " ", "-")+".yaml", map[string]string{
				"frontend-01": way.endpoint(), "frontend-02": c.engine.endpoint(t)})
			Says(t, unwrapped(lab.Try(t, "doctor")), append(c.words, "backend-02: eth1 is up")...)
		})
	}
	t.Run("containers of another lab", func(t *testing.T) {
		lab := h.lab("other.yaml", map[string]string{"frontend-01": way.endpoint()})
		image := lines(h.inside("frontend-02", "docker", "images", "-q"))[0]
		h.inside("frontend-02", "docker", "create", "--name", "stranger", "--label", "halab.lab=theirs", image)
		defer h.inside("frontend-02", "docker", "rm", "stranger")
		r := lab.Try(t, "doctor")
		if r.Code != 1 {
			t.Errorf("exit code %d:\n%s", r.Code, r)
		}
		Says(t, r, "frontend-02: it has containers of lab theirs", "halab down --name theirs")
	})
}

// Every way to break a service or a node, where the VIP is. Five engines on one
// machine take keepalived's turn now and then, and a healthy node takes the VIP
// from another one: so the node that was hit is the one that fail names, and
// where the VIP should stay, it is enough that one node has it.
func (h *hostRig) faults(t *testing.T, lab *Lab) {
	for _, f := range serviceFaults() {
		t.Run(f.service+" "+f.how, func(t *testing.T) {
			r := lab.Run(t, "fail", "frontend-00", f.service, "--how", f.how)
			hit := regexp.MustCompile(`frontend-0[12]`).FindString(r.Stdout)
			if !strings.Contains(r.Stdout, f.on(hit)) {
				t.Fatalf("which node was hit?\n%s", r)
			}
			lab.checkFailed(t, hit, f.service, f.state)
			if f.onHolder == stays {
				lab.awaitOneHolder(t, "frontend")
			} else {
				lab.checkFate(t, "frontend", hit, f.onHolder)
				has := strings.Contains(h.inside(hit, "ip", "-4", "-o", "addr", "show", "dev", "eth1"), lab.frontendVIP()+"/")
				if has != (f.onHolder == doubles) {
					t.Errorf("the interface of %s has the VIP: %v", hit, has)
				}
			}
			if f.onHolder != doubles {
				lab.Serves(t, 4, 5*time.Second)
			}
			lab.Run(t, "restore")
			lab.AwaitReady(t, 5*time.Second)
			lab.Serves(t, 4, 5*time.Second)
		})
	}
}

// Every fault that the agent does inside a node. The kernel of a test machine
// may have no netem, without which a delay is refused and nothing changes.
func (h *hostRig) insideFaults(t *testing.T, lab *Lab) {
	for _, words := range []string{
		"link down", "partition frontend-02", "partition backend --one-way", "partition client", "drop vrrp", "drop arp",
		"loss 20", "delay 20ms", "rate 1mbit", "slow 200ms", "error 50", "cpu 1", "memory 20MB", "disk", "freeze",
	} {
		t.Run(words, func(t *testing.T) {
			before := h.traces("frontend-01")
			r := lab.Try(t, append([]string{"fail", "frontend-01"}, strings.Fields(words)...)...)
			if strings.HasPrefix(words, "delay") && r.Code == 1 && strings.Contains(r.Stderr, "no netem") {
				return
			}
			if r.Code != 0 {
				t.Fatalf("this should have worked:\n%s", r)
			}
			Says(t, lab.Run(t, "faults"), strings.Fields(words)[0])
			lab.Run(t, "restore")
			lab.AwaitReady(t, 5*time.Second)
			Says(t, lab.Run(t, "faults"), "nothing is broken")
			after := h.traces("frontend-01")
			vip := func(line string) bool { return strings.Contains(line, lab.frontendVIP()+"/") }
			if a, b := slices.DeleteFunc(after, vip), slices.DeleteFunc(before, vip); !slices.Equal(a, b) {
				t.Errorf("the host is not as it was:\n%s\nbefore:\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		})
	}
}

func (h *hostRig) commands(t *testing.T, lab *Lab) {
	before := lab.awaitOneHolder(t, "backend")
	r := lab.Run(t, "shell", "backend-00", "--", "hostname")
	if on := strings.TrimSpace(r.Stdout); on != before && on != lab.awaitOneHolder(t, "backend") {
		t.Errorf("the shell is not on %s:\n%s", before, r)
	}
	r = lab.Run(t, "switch", "backend")
	if !regexp.MustCompile(`backend-01.*backend-02|backend-02.*backend-01`).MatchString(strings.ReplaceAll(r.Stdout, "\n", " ")) {
		t.Errorf("which node had the VIP, and which one has it?\n%s", r)
	}
	lab.AwaitReady(t, 5*time.Second)
	Says(t, lab.Run(t, "watch", "--count", "5"), "5")
	r = lab.Run(t, "logs", "--tail", "200")
	for _, n := range hostNodes {
		Says(t, r, n.name+": its clock is", n.name+" ")
	}
	var last string
	for _, line := range lines(r.Stdout) {
		if at, _, _ := strings.Cut(line, " "); at < last {
			t.Errorf("%q comes after %s", line, last)
		} else {
			last = at
		}
	}
	lab.Run(t, "fail", "backend-01", "app", "--for", "6s") // a slow machine takes 2 s to ask all hosts
	if is := lab.Status(t).Node("backend-01").Services["app"]; is != "exited" {
		t.Errorf("the app is %s", is)
	}
	Eventually(t, 20*time.Second, "the app is back by itself", func() (bool, string) {
		s := lab.Status(t)
		return s.Ready, fmt.Sprint(s)
	})
}

// The kinds of fault as drills. On a machine that runs five engines the prober
// may fall behind, and what it saw then is no measurement, or a host be silent
// for too long; but one round goes through, with a measurement, and the lab is
// whole afterwards.
func (h *hostRig) drill(t *testing.T, lab *Lab) {
	measured, failed, story := 0, []string(nil), ""
	for round := 1; round <= 3 && (measured == 0 || len(failed) > 0); round++ {
		r := lab.Try(t, "drill", "frontend/keepalived-stop", "frontend/keepalived-kill", "frontend/haproxy-stop", "frontend/haproxy-kill",
			"frontend/app-kill", "frontend/node-crash", "frontend/node-freeze", "frontend/switch",
			"--repeat", "1", "--attempts", "2", "--budget", "edge.outage.max<=9s", "--json")
		var n int
		n, failed = measurements(t, r)
		measured, story = measured+n, r.Stderr
		t.Logf("round %d: %d of 8 scenarios were measured, and these failed: %q", round, n, failed)
	}
	if measured == 0 || len(failed) > 0 {
		t.Errorf("%d measurements, and in the end failed %q:\n%s", measured, failed, story)
	}
	lab.AwaitReady(t, 10*time.Second)
}

// measurements counts the scenarios that were measured, and lists what failed.
// What was not measured says why.
func measurements(t *testing.T, r Result) (measured int, failed []string) {
	t.Helper()
	type result struct {
		Scenarios []struct {
			Name string
			Runs []struct {
				Error  string
				Phases []struct {
					Valid   bool
					Invalid string
				}
			}
		}
	}
	all := decode[result](t, r)
	if len(all.Scenarios) != 8 {
		t.Fatalf("%d scenarios of 8:\n%s", len(all.Scenarios), r.Stderr)
	}
	for _, s := range all.Scenarios {
		valid := false
		for _, run := range s.Runs {
			switch {
			case run.Error != "":
				failed = append(failed, s.Name+": "+run.Error)
			case len(run.Phases) > 0 && run.Phases[0].Valid:
				valid = true
			case len(run.Phases) > 0 && run.Phases[0].Invalid == "":
				t.Errorf("%s is no measurement, and nobody says why", s.Name)
			}
		}
		if valid {
			measured++
		}
	}
	return measured, failed
}
