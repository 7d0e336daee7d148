package daemonconf

import (
	"halab/internal/base"
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

// BaseVersions are the daemons that a base has.
func BaseVersions(id string) (Versions, bool) {
	of, err := base.Named(id)
	return Versions{Keepalived: facts.Version(of.Keepalived), HAProxy: facts.Version(of.HAProxy)}, err == nil
}
