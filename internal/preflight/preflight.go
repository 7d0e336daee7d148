// Package preflight looks at an engine and its host before a lab is made and
// says what stands in the way: what was found, why it matters, what to do. The
// judgement is pure; Collect gathers what it judges.
package preflight

import (
	"net/netip"

	"halab/internal/engine"
	"halab/internal/problem"
)

// Level says how much a finding matters.
type Level string

// The levels: a lab can't be made with a Failure, may not work well with a
// Warning, and needs nothing done for the others. Unknown is what could not be
// looked at from here.
const (
	OK      Level = "ok"
	Unknown Level = "unknown"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Finding is one thing that was looked at: what was found, why it matters where
// it does, and what to do.
type Finding struct {
	Check string `json:"check"` // engine, api, macvlan, subnet, names, parent, disk, base or leftovers
	Level Level  `json:"level"`
	*problem.Problem
}

// found makes a finding that needs nothing said beyond what was found.
func found(check string, level Level, what string) Finding {
	return Finding{check, level, problem.New("%s", what)}
}

// matters makes a finding with why it matters; the caller adds what to do.
func matters(check string, level Level, what, why string) Finding {
	return Finding{check, level, problem.New("%s", what).Because(why)}
}

// cure adds what to do, and the commands that do it.
func (f Finding) cure(do string, run ...string) Finding {
	f.Cure(do, run...)
	return f
}

// Facts are what is known about an engine, its host and the lab that is wanted.
type Facts struct {
	Lab    string
	Subnet netip.Prefix
	Parent string // interface under the network
	Own    bool   // the parent is a pair that halab makes
	Hosts  bool   // the nodes are hosts of their own: no network is made
	Names  Names  // what the lab's objects will be called

	EngineError error // why the engine can't be used; nothing else is known then
	Engine      engine.Info
	Networks    []engine.Network   // all of the engine
	Containers  []engine.Container // of the lab
	Others      []engine.Container // of anybody else
	Volumes     []engine.Volume    // all of the engine

	// Local says that the engine runs on this machine, and that the fields below
	// are about its host.
	Local bool
	// Beside says that halab is in the network namespace of the engine's host, so
	// that Interfaces and Routes are those under the lab, and that the host's leg
	// can be reached from here. Before a helper was there nobody knows; it is
	// taken for granted then where the engine is on this machine.
	Beside     Known
	Interfaces []Interface
	Routes     []Route
	Macvlan    Known // in the kernel
	AppArmor   Known // on in the kernel
	Parser     bool  // apparmor_parser is there, by which the engine gives the kernel its profile
	Free       int64 // bytes free where the engine keeps its data; negative: not known

	Base       string // "auto", or a base family
	Images     []string
	Mmdebstrap bool // installed here
}

// Known is a fact that may not be known.
type Known int

// What is known of a fact.
const (
	NotKnown Known = iota
	Yes
	No
)

// Interface is a network interface of the host.
type Interface struct {
	Name      string
	Alias     string
	Up        bool           // switched on, and with a carrier
	Addresses []netip.Prefix // IPv4, each with the size of its network
}

// Route is an IPv4 route of the host that leads somewhere; routes that only
// refuse (unreachable, blackhole, prohibit) are no use of a subnet.
type Route struct {
	Interface string
	To        netip.Prefix
}

// sees says whether the interfaces of this process are taken for those of the
// engine's host.
func (f Facts) sees() bool { return f.Local && f.Beside != No }

// Failed says whether any finding is a Failure.
func Failed(all []Finding) bool {
	for _, f := range all {
		if f.Level == Failure {
			return true
		}
	}
	return false
}

// Error is the failures among findings as one error, nil when there are none.
func Error(all []Finding) error {
	var failures problem.List
	for _, f := range all {
		if f.Level == Failure {
			failures = append(failures, f.Problem)
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return failures
}

// Of is what an error says is wrong, each as a failure of a check.
func Of(check string, err error) []Finding {
	var all []Finding
	for _, p := range problem.Of(err) {
		all = append(all, Finding{check, Failure, p})
	}
	return all
}

// Evaluate judges the facts.
func Evaluate(f Facts) []Finding {
	if f.EngineError != nil {
		return Of("engine", f.EngineError)
	}
	if f.Hosts {
		return append([]Finding{f.engine(), f.api()}, append(f.apparmor(), f.disk(), f.base(), f.leftovers())...)
	}
	all := append([]Finding{f.engine(), f.api(), f.macvlan()}, f.apparmor()...)
	all = append(all, f.subnet()...)
	all = append(all, f.names()...)
	all = append(all, f.beside()...)
	return append(all, append(f.parent(), f.disk(), f.base(), f.leftovers())...)
}
