// Package fault breaks a node from inside and mends it: an applier a fault, each
// with a file and a test of its own, and the store of records that their undo works
// from.
package fault

import (
	"net/netip"
	"os"

	"halab/internal/agent/own"
	"halab/internal/agentapi"
	"halab/internal/problem"
	"halab/internal/render"
)

// Site is the node that faults are done to.
type Site struct {
	Iface string
	VIPs  []netip.Addr
	run   string // agentapi.RunDir
}

// ThisNode describes the node this process runs in.
func ThisNode() Site {
	s := Site{Iface: render.DefaultInterface, run: agentapi.RunDir}
	if mine, err := own.This(); err == nil && mine != nil {
		s.Iface = mine.Interfaces[0].Name
		for _, a := range mine.VIPs {
			if a.Is4() {
				s.VIPs = append(s.VIPs, a)
			}
		}
		return s
	}
	in, err := render.FromEnv(os.Getenv)
	if in.Interface != "" {
		s.Iface = in.Interface
	}
	if err == nil {
		s.VIPs = append(s.VIPs, in.VIP.Addr())
	}
	return s
}

// applier is one way to break a node from inside. apply may be cut short at
// any point by SIGKILL: undo mends whatever is left, also when nothing is, and
// also a second time.
type applier struct {
	name string
	// needs names what two faults can't have at once.
	needs string
	// prepare refuses what can't be done and notes what undo will need. It
	// changes nothing. May be nil.
	prepare func(s Site, r *agentapi.FaultRecord) error
	apply   func(s Site, r agentapi.FaultRecord) error
	// there says why the effect is not there.
	there func(s Site, r agentapi.FaultRecord) error
	undo  func(s Site, r agentapi.FaultRecord) error
	// gone says what is left of the effect.
	gone func(s Site, r agentapi.FaultRecord) error
}

// appliers lists every fault that is done inside a node.
func appliers() []applier {
	return []applier{
		linkDown(), partition(), dropVRRP(), dropARP(), stealVIP(), loss(), delay(), rate(),
		slowApp(), failApp(), burnCPU(), fillMemory(), fillDisk(), freezeNode(), hangService(),
	}
}

func lookup(name string) (applier, error) {
	for _, f := range appliers() {
		if f.name == name {
			return f, nil
		}
	}
	return applier{}, problem.New("this agent knows no fault %q: the image is of another version of halab", name).Cure("make it anew", "halab up")
}

// Short is a record as a State lists it.
func Short(r agentapi.FaultRecord) agentapi.Fault {
	return agentapi.Fault{ID: r.ID, Fault: r.Fault, Words: r.Words, Service: r.Service, Since: r.Since, Until: r.Until}
}
