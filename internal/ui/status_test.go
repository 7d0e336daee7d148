package ui

import (
	"strings"
	"testing"

	"halab/internal/lab"
	"halab/test/golden"
)

func healthy() *lab.State {
	node := func(name, address, vrrp string, peers ...string) lab.Node {
		servers := map[string]string{}
		for _, p := range peers {
			servers[p] = "UP"
		}
		return lab.Node{Name: name, Address: address, State: "running", VRRP: vrrp, Link: "up", HAProxy: "up", Keepalived: "up",
			Services: map[string]string{"app": "running", "haproxy": "running", "keepalived": "running"}, Servers: servers}
	}
	return &lab.State{
		Lab: "halab", Base: "debian12", Profile: "fast", Ready: true, ClientState: "running",
		Clusters: []lab.Cluster{
			{Name: "frontend", VIP: lab.VIP{Name: "frontend-00", Address: "192.168.99.10", Holders: []string{"frontend-01"}},
				Nodes: []lab.Node{
					node("frontend-01", "192.168.99.11", "MASTER", "frontend-01", "frontend-02"),
					node("frontend-02", "192.168.99.12", "BACKUP", "frontend-01", "frontend-02")}},
			{Name: "backend", VIP: lab.VIP{Name: "backend-00", Address: "192.168.99.20", Holders: []string{"backend-02"}},
				Nodes: []lab.Node{
					node("backend-01", "192.168.99.21", "BACKUP", "backend-01", "backend-02"),
					node("backend-02", "192.168.99.22", "MASTER", "backend-01", "backend-02")}},
		},
	}
}

// ailing has about everything wrong at once.
func ailing() *lab.State {
	s := healthy()
	s.Ready, s.ClientState = false, "exited"
	front := &s.Clusters[0]
	front.VIP.Holders = []string{"frontend-01", "frontend-02"}
	front.Nodes[0].Services["haproxy"] = "paused"
	front.Nodes[0].HAProxy = "hung"
	front.Nodes[0].Servers = map[string]string{}
	front.Nodes[1].VRRP = "MASTER"
	front.Nodes[1].Services["app"] = "exited"
	front.Nodes[1].Servers["frontend-02"] = "DOWN"
	back := &s.Clusters[1]
	back.VIP.Holders = []string{}
	back.Nodes[0].State, back.Nodes[0].VRRP, back.Nodes[0].Servers = "missing", "", nil
	back.Nodes[0].Services = map[string]string{"app": "missing", "haproxy": "missing", "keepalived": "missing"}
	back.Nodes[1].VRRP = "FAULT"
	back.Nodes[1].HAProxy = "gone"
	back.Nodes[1].Servers = nil
	return s
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		file   string
		status *lab.State
		style  Style
	}{
		{"status.txt", healthy(), Style{}},
		{"status-ailing.txt", ailing(), Style{}},
		{"status-painted.txt", ailing(), Painted()},
	} {
		var out strings.Builder
		if err := Status(&out, c.status, c.style); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if Width(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("%s: wider than 80 columns: %q", c.file, line)
			}
		}
		golden.File(t, "testdata/"+c.file, out.String())
	}
}

func TestStatusJSON(t *testing.T) {
	var out strings.Builder
	if err := WriteJSON(&out, ailing()); err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/status.json", out.String())
}

// A node that stepped down says so and is well; a keepalived whose supervisor
// holds it stopped is not up, though its container runs.
func TestStatusOfASlowNodeAndAHeldKeepalived(t *testing.T) {
	s := healthy()
	s.Clusters[0].Nodes[0].Slow = "this machine is too slow: adverts, checks and timeouts take 20 times as long (process 1 and keepalived took 45 % of a core)"
	s.Clusters[0].Nodes[1].VRRP, s.Clusters[0].Nodes[1].Keepalived = "STOP", "gone"
	var out strings.Builder
	if err := Status(&out, s, Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  ! frontend-01: this machine is too slow: adverts, checks and timeouts take 20\n    times as long (process 1 and keepalived took",
		"frontend-02  192.168.99.12  up  STOP    up   up       mute",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if Width(strings.TrimRight(line, "\n")) > statusWidth {
			t.Errorf("wider than %d columns: %s", statusWidth, line)
		}
	}
}
