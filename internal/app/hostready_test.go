package app

import (
	"net/netip"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/preflight"
)

func TestHostReady(t *testing.T) {
	t.Parallel()
	request := agentapi.NetworkRequest{Lab: "halab", Parent: "halab0", Peer: "halab0p", Leg: "halab0h", LegIP: "192.168.99.1"}
	alias := agentapi.InterfaceAlias("halab")
	for _, test := range []struct {
		name   string
		change func(*preflight.Facts, *agentapi.NetworkRequest)
		want   bool
	}{
		{"all is there", nil, true},
		{"another engine's host", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Local = false }, false},
		{"another namespace's host", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Beside = preflight.No }, false},
		{"a namespace that is not known", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Beside = preflight.NotKnown }, false},
		{"no parent", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Interfaces = f.Interfaces[1:] }, false},
		{"no leg", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Interfaces = f.Interfaces[:2] }, false},
		{"the leg is down", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Interfaces[2].Up = false }, false},
		{"the leg has no address", func(f *preflight.Facts, _ *agentapi.NetworkRequest) { f.Interfaces[2].Addresses = nil }, false},
		{"another lab's", func(f *preflight.Facts, _ *agentapi.NetworkRequest) {
			f.Interfaces[0].Alias = agentapi.InterfaceAlias("two")
		}, false},
		{"a parent of somebody else's, and no leg", func(f *preflight.Facts, r *agentapi.NetworkRequest) {
			f.Interfaces, r.Parent, r.Peer, r.Leg = nil, "eth0", "", ""
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := preflight.Facts{Local: true, Beside: preflight.Yes, Interfaces: []preflight.Interface{
				{Name: "halab0", Alias: alias, Up: true}, {Name: "halab0p", Alias: alias, Up: true},
				{Name: "halab0h", Alias: alias, Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.99.1/24")}},
			}}
			r := request
			if test.change != nil {
				test.change(&f, &r)
			}
			if got := hostReady(f, r); got != test.want {
				t.Errorf("ready: %v, should be %v", got, test.want)
			}
		})
	}
}
