package daemonconf

import (
	"maps"
	"slices"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/inventory"
)

// Versions are the daemons that the files are read for. Where halab import found
// others on a node's machine, those count, unless these were named by hand.
type Versions struct {
	Keepalived facts.Version `json:"keepalived"`
	HAProxy    facts.Version `json:"haproxy"`

	keepalivedNamed, haproxyNamed bool
}

// Named says which versions were named by hand.
func (v Versions) Named(keepalived, haproxy bool) Versions {
	v.keepalivedNamed, v.haproxyNamed = keepalived, haproxy
	return v
}

// On gives the versions that count for a machine; nil is one of which only files
// are known.
func (v Versions) On(r *inventory.Record) Versions {
	if r != nil && r.Keepalived.Version != "" && !v.keepalivedNamed {
		v.Keepalived = facts.Version(r.Keepalived.Version)
	}
	if r != nil && r.HAProxy.Version != "" && !v.haproxyNamed {
		v.HAProxy = facts.Version(r.HAProxy.Version)
	}
	return v
}

func bases() map[string]Versions {
	return map[string]Versions{
		"centos7":   {Keepalived: "1.3.5", HAProxy: "1.5.18"},
		"debian11":  {Keepalived: "2.1.5", HAProxy: "2.2.9"},
		"debian12":  {Keepalived: "2.2.7", HAProxy: "2.6.12"},
		"debian13":  {Keepalived: "2.3.3", HAProxy: "3.0.11"},
		"debiansid": {Keepalived: "2.3.4", HAProxy: "3.2.26"},
	}
}

// Bases are those whose daemons are known. The lab has images of some of them;
// files can be read for all.
func Bases() []string { return slices.Sorted(maps.Keys(bases())) }

// BaseVersions are the daemons that a base has.
func BaseVersions(base string) (Versions, bool) {
	v, ok := bases()[base]
	return v, ok
}
