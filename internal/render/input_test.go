package render

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/topology"
)

func env() map[string]string {
	return map[string]string{
		agentapi.EnvLab: "halab", agentapi.EnvProfile: "fast", agentapi.EnvCluster: "frontend",
		agentapi.EnvNode:  "frontend-02",
		agentapi.EnvNodes: "frontend-01=192.168.99.11 frontend-02=192.168.99.12",
		agentapi.EnvVIP:   "192.168.99.10/24", agentapi.EnvVIPName: "frontend-00",
		agentapi.EnvRouterID: "10", agentapi.EnvUpstream: "http://192.168.99.20/backend",
	}
}

func from(vars map[string]string) (Input, error) {
	return FromEnv(func(name string) string { return vars[name] })
}

func TestFromEnv(t *testing.T) {
	in, err := from(env())
	if err != nil {
		t.Fatal(err)
	}
	if in.Rank() != 1 || in.Interface != "eth0" || in.RouterID != 10 || in.VIP.String() != "192.168.99.10/24" || !in.Shared {
		t.Errorf("got %+v", in)
	}
	if in.Nodes[0].Name != "frontend-01" || in.Nodes[1].Address.String() != "192.168.99.12" {
		t.Errorf("nodes %+v", in.Nodes)
	}
}

func TestFromEnvDefaults(t *testing.T) {
	vars := env()
	delete(vars, agentapi.EnvLab)
	delete(vars, agentapi.EnvProfile)
	delete(vars, agentapi.EnvUpstream)
	in, err := from(vars)
	if err != nil || in.Lab != "halab" || in.Profile != topology.ProfileFast || in.Upstream != "" {
		t.Errorf("got %+v, %v", in, err)
	}
}

// TestFromEnvFaults gives one wrong value each and wants it named with its
// variable.
func TestFromEnvFaults(t *testing.T) {
	for name, values := range map[string][]string{
		agentapi.EnvProfile:   {"slow", "fast\nglobal"},
		agentapi.EnvCluster:   {"", "front end", "a\nb"},
		agentapi.EnvNode:      {"", "frontend-03", "x;y"},
		agentapi.EnvNodes:     {"", "frontend-02", "frontend-02=", "frontend-02=::1", "frontend-02=192.168.99.12 frontend-02=192.168.99.13", "frontend-02=192.168.99.12 x=192.168.99.12"},
		agentapi.EnvVIP:       {"", "192.168.99.10", "192.168.99.12/24", "fe80::1/64"},
		agentapi.EnvVIPName:   {"", "a b", "{"},
		agentapi.EnvRouterID:  {"", "0", "256", "ten"},
		agentapi.EnvInterface: {"eth 0", "eth0}"},
		agentapi.EnvUpstream:  {"192.168.99.20", "ftp://x/", "http://"},
	} {
		for _, value := range values {
			vars := env()
			vars[name] = value
			if _, err := from(vars); err == nil || !strings.Contains(err.Error(), name) && name != agentapi.EnvNode {
				t.Errorf("%s=%q: got %v", name, value, err)
			}
		}
	}
}

func TestFromEnvReportsAllAtOnce(t *testing.T) {
	_, err := from(map[string]string{agentapi.EnvRouterID: "999", agentapi.EnvProfile: "slow"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{agentapi.EnvProfile, agentapi.EnvCluster, agentapi.EnvNode, agentapi.EnvNodes,
		agentapi.EnvVIP, agentapi.EnvVIPName, agentapi.EnvRouterID} {
		if strings.Count(err.Error(), name+"=")+strings.Count(err.Error(), name+" is") == 0 {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

// FuzzFromEnv holds that whatever the environment says, it either is an error
// or renders, and never adds a line to a file by a line break in a value.
func FuzzFromEnv(f *testing.F) {
	f.Add("frontend-01=192.168.99.11", "192.168.99.10/24", "10", "frontend-01", "frontend-00")
	f.Add("a=1.2.3.4 b=1.2.3.5", "1.2.3.6/8", "255", "b", "v")
	f.Fuzz(func(t *testing.T, nodes, vip, id, node, vipName string) {
		in, err := from(map[string]string{agentapi.EnvCluster: "c", agentapi.EnvNode: node, agentapi.EnvNodes: nodes,
			agentapi.EnvVIP: vip, agentapi.EnvVIPName: vipName, agentapi.EnvRouterID: id})
		if err != nil {
			return
		}
		h, err := HAProxy(in, Version{2, 6, 12})
		if err != nil {
			t.Fatal(err)
		}
		k, err := Keepalived(in, Version{2, 2, 7})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(h, "\tserver "); got != len(in.Nodes) {
			t.Errorf("%d server lines for %d nodes", got, len(in.Nodes))
		}
		if got := strings.Count(k, "vrrp_instance "); got != 1 {
			t.Errorf("%d instances", got)
		}
	})
}
