package e2e

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"halab/internal/base"
)

// The JSON has what docs/json.md promises, for every node of the topology.
func TestStatusJSON(t *testing.T) {
	lab := Shared(t)
	s := lab.Status(t)
	if s.Lab != lab.Name || s.Profile != "fast" || !s.Ready || !slices.Contains(base.IDs(), s.Base) {
		t.Errorf("lab %q, profile %q, base %q, ready %v", s.Lab, s.Profile, s.Base, s.Ready)
	}
	last := map[string]int{"frontend-01": 11, "frontend-02": 12, "backend-01": 21, "backend-02": 22}
	for i, want := range []struct {
		cluster string
		vip     int
	}{{"frontend", 10}, {"backend", 20}} {
		c := s.Clusters[i]
		if c.Name != want.cluster || c.VIP.Name != want.cluster+"-00" || c.VIP.Address != lab.Address(want.vip) || len(c.VIP.Holders) != 1 {
			t.Errorf("cluster %d is %q with VIP %+v", i, c.Name, c.VIP)
		}
		for j, n := range c.Nodes {
			name := want.cluster + []string{"-01", "-02"}[j]
			vrrp := "BACKUP"
			if slices.Contains(c.VIP.Holders, name) {
				vrrp = "MASTER"
			}
			if n.Name != name || n.Address != lab.Address(last[name]) || n.State != "running" || n.VRRP != vrrp {
				t.Errorf("node %d of %s: %+v, VRRP should be %s", j, c.Name, n, vrrp)
			}
			if want := map[string]string{"app": "running", "haproxy": "running", "keepalived": "running"}; !maps.Equal(n.Services, want) {
				t.Errorf("%s has services %v", n.Name, n.Services)
			}
			if want := map[string]string{want.cluster + "-01": "UP", want.cluster + "-02": "UP"}; !maps.Equal(n.Servers, want) {
				t.Errorf("HAProxy on %s sees %v", n.Name, n.Servers)
			}
		}
	}
}

// What the JSON says is what the interfaces have.
func TestStatusHolderIsSeenOnTheInterface(t *testing.T) {
	lab := Shared(t)
	for cluster, vip := range map[string]string{"frontend": lab.frontendVIP(), "backend": lab.backendVIP()} {
		holder := lab.HolderOf(t, cluster)
		for _, node := range []string{cluster + "-01", cluster + "-02"} {
			has := strings.Contains(lab.Run(t, "shell", node, "--", "ip", "-brief", "address").Stdout, vip+"/")
			if has != (node == holder) {
				t.Errorf("%s has %s on an interface: %v; status says that %s holds it", node, vip, has, holder)
			}
		}
	}
}

func TestStatusForPeople(t *testing.T) {
	lab := Shared(t)
	r := lab.Run(t, "status")
	Says(t, r, "ready", "frontend-00", lab.frontendVIP(), "backend-00", lab.backendVIP(), "MASTER", "BACKUP", "frontend-02", "backend-01")
	for _, line := range lines(r.Stdout) {
		if len(line) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	if strings.Contains(r.Stdout, "\x1b") {
		t.Errorf("colours without a terminal:\n%q", r.Stdout)
	}
}

// status --watch shows a change without being asked again; Ctrl-C ends it.
func TestStatusWatchShowsChanges(t *testing.T) {
	lab := Shared(t)
	p := lab.Start(t, "status", "--watch", "--json")
	Eventually(t, 5*time.Second, "the first status", func() (bool, string) { return p.Output() != "", p.Output() })
	lab.Run(t, "fail", "backend-02", "app")
	Eventually(t, 10*time.Second, "the app is seen as gone", func() (bool, string) {
		return slices.ContainsFunc(lines(p.Output()), func(line string) bool {
			var s Status
			return json.Unmarshal([]byte(line), &s) == nil && s.Node("backend-02").Services["app"] == "exited"
		}), p.Output()
	})
	p.Signal(syscall.SIGINT)
	if r := p.Wait(); r.Code != 130 {
		t.Errorf("exit code %d after Ctrl-C:\n%s", r.Code, r.Stderr)
	}
}

func TestStatusOfALabThatIsNotUp(t *testing.T) {
	lab := Spare(t)
	s := lab.Status(t)
	if s.Ready || len(s.Clusters) != 0 || s.Lab != lab.Name {
		t.Errorf("status of nothing: %+v", s)
	}
	Says(t, lab.Try(t, "status"), "halab up")
}

// The binary is static: it needs no library of the machine.
func TestBinaryIsStatic(t *testing.T) {
	out, err := exec.Command("ldd", binary()).CombinedOutput()
	if err == nil {
		t.Errorf("ldd finds libraries:\n%s", out)
	}
}
