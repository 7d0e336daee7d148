package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/topology"
	"halab/internal/vagrant"
)

// A session has one injector, which knows the power of its nodes: drills and
// comparisons made their own, without it, and their poweroff failed.
func TestOneInjector(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var makers []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "fault.NewInjector(") {
			makers = append(makers, file)
		}
	}
	if len(makers) != 1 || makers[0] != "power.go" {
		t.Errorf("injectors are made in %v; ask Session.injector for it", makers)
	}
}

// A node that is a machine of Vagrant's is switched in its folder, through the
// configuration of ssh that its endpoint names.
func TestMachinesOf(t *testing.T) {
	t.Parallel()
	l := &topology.Lab{Clusters: []topology.Cluster{{Nodes: []topology.Node{
		{Name: "a-01", Vagrant: "/machines", Endpoint: vagrant.Endpoint("a-01", "/machines/a $lab.ssh")},
		{Name: "a-02", Endpoint: "ssh://elsewhere"},
	}}}}
	if m := machinesOf(l); len(m) != 1 || m["a-01"] != (machine{"/machines", "/machines/a $lab.ssh"}) || m.Has("a-02") || m.Has("client") {
		t.Errorf("machines: %v", m)
	}
}
