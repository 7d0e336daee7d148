package composefile

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"halab/test/golden"
)

const exampleHosts = "../../examples/hosts.yaml"

// The example is what WriteHosts writes, and a lab that halab takes.
func TestExampleOfHosts(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	err := WriteHosts(&text, FourHosts("examples/hosts.yaml", "192.168.99", "eth1", func(h *Host) {
		h.Endpoint, h.Interface = "ssh://root@"+h.Name, "eth1"
	}))
	if err != nil {
		t.Fatal(err)
	}
	golden.File(t, exampleHosts, text.String())
	p, err := Load(t.Context(), Options{Files: []string{exampleHosts}, Base: "debian12"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Networks) != 0 || len(p.Volumes) != 4 || len(p.Containers) != 17 || len(p.Warnings) != 0 {
		t.Errorf("%d networks, %d volumes, %d containers, warnings %v", len(p.Networks), len(p.Volumes), len(p.Containers), p.Warnings)
	}
	for _, v := range p.Volumes {
		if want := "ssh://root@" + strings.TrimSuffix(strings.TrimPrefix(v.Name, "halab-"), "-run"); v.Endpoint != want {
			t.Errorf("volume %s is on %q", v.Name, v.Endpoint)
		}
	}
	for _, c := range p.Containers {
		if c.Spec.NetworkMode != "host" || c.Spec.Endpoint != c.Endpoint || (c.Endpoint == "") != (c.Service == "client") {
			t.Errorf("container %s: network %s, endpoint %q, %q", c.Service, c.Spec.NetworkMode, c.Endpoint, c.Spec.Endpoint)
		}
		if strings.HasSuffix(c.Service, "-haproxy") && !slices.Contains(c.Spec.CapAdd, "NET_BIND_SERVICE") {
			t.Errorf("%s can't have port 80", c.Service)
		}
	}
}
