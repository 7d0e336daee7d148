package preflight

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// well is a host on which nothing is wrong, and which has not the VIP.
func well() HostFacts {
	return HostFacts{
		Node: "frontend-01", Endpoint: "ssh://a", Interface: "eth1", Address: netip.MustParseAddr("10.0.0.11"),
		VIP: netip.MustParseAddr("10.0.0.10"), RouterID: 10, Peers: []netip.Addr{netip.MustParseAddr("10.0.0.12")},
		Arch: "x86_64", Wanted: "x86_64", Version: "20.10.24", API: "1.41", Lab: "mine", Running: true,
		Offset: 3 * time.Millisecond, Within: 4 * time.Millisecond, ClockKnown: true,
		Look: &agentapi.HostReply{Found: true, Up: true, Addresses: []string{"10.0.0.11"},
			Heard: []agentapi.Heard{{From: "10.0.0.12", RouterID: 10}}},
	}
}

func TestHost(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*HostFacts)
		level  Level
		words  string
	}{
		"well":               {func(*HostFacts) {}, OK, "frontend-01: VRRP is heard from 1 of its cluster"},
		"its clock is right": {func(*HostFacts) {}, OK, "its clock is right, ±4ms"},
		"clock":              {func(f *HostFacts) { f.Offset = -5 * time.Second }, Warning, "its clock is off by -5s"},
		"little off":         {func(f *HostFacts) { f.Offset = 40 * time.Millisecond }, OK, "its clock is off by 40ms, ±4ms"},
		"silent":             {func(f *HostFacts) { f.Error = errors.New("frontend-01 (ssh://a): no answer within 2s") }, Failure, "frontend-01 (ssh://a): no answer within 2s"},
		"architecture":       {func(f *HostFacts) { f.Arch = "aarch64" }, Failure, "frontend-01: the architecture is aarch64"},
		"another lab": {func(f *HostFacts) {
			f.Containers = []engine.Container{{Labels: map[string]string{engine.LabelLab: "theirs"}}}
		}, Failure, "containers of lab theirs"},
		"no interface": {func(f *HostFacts) { f.Look = &agentapi.HostReply{} }, Failure, "it has no interface eth1"},
		"down":         {func(f *HostFacts) { f.Look.Up = false }, Failure, "its interface eth1 is down"},
		"address":      {func(f *HostFacts) { f.Look.Addresses = []string{"10.0.0.9"} }, Failure, "does not have 10.0.0.11, only 10.0.0.9"},
		"ports":        {func(f *HostFacts) { f.Look.Taken = []int{80, 8080} }, Failure, "somebody listens on TCP port 80, 8080 already"},
		"not allowed":  {func(f *HostFacts) { f.Look.Problem = "its containers may not change eth1" }, Failure, "may not change eth1"},
		"router ID": {func(f *HostFacts) {
			f.Look.Heard = append(f.Look.Heard, agentapi.Heard{From: "10.0.0.99", RouterID: 10})
		}, Failure, "10.0.0.99 sends VRRP with router ID 10, and is no node"},
		"somebody else's": {func(f *HostFacts) {
			f.Look.Heard = append(f.Look.Heard, agentapi.Heard{From: "10.0.0.21", RouterID: 20})
		}, OK, "also from 10.0.0.21 (router ID 20)"},
		"nobody is heard":      {func(f *HostFacts) { f.Look.Heard = nil }, Warning, "VRRP is heard from no node of its cluster"},
		"the VIP's holder":     {func(f *HostFacts) { f.Look.Heard = nil; f.Look.Addresses = append(f.Look.Addresses, "10.0.0.10") }, OK, "it has the VIP 10.0.0.10"},
		"before the lab is up": {func(f *HostFacts) { f.Look.Heard, f.Running = nil, false }, OK, "heard from 0 of its cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			f := well()
			c.change(&f)
			found := false
			for _, finding := range Host(f) {
				found = found || finding.Level == c.level && strings.Contains(finding.What, c.words)
				if !strings.Contains(finding.What, "frontend-01") {
					t.Errorf("does not name the host: %s", finding)
				}
				if c.level == OK && (finding.Level == Warning || finding.Level == Failure) {
					t.Errorf("nothing is wrong, but: %s", finding)
				}
			}
			if !found {
				t.Errorf("%q is not among %v", c.words, Host(f))
			}
		})
	}
}
