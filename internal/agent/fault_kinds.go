package agent

import (
	"fmt"
	"net/netip"
	"os"

	"halab/internal/agentapi"
	"halab/internal/render"
)

// faultSite is the node that faults are done to.
type faultSite struct {
	iface string
	vips  []netip.Addr
	run   string // agentapi.RunDir
}

// thisNode describes the node this process runs in.
func thisNode() faultSite {
	s := faultSite{iface: render.DefaultInterface, run: agentapi.RunDir}
	in, err := render.FromEnv(os.Getenv)
	if in.Interface != "" {
		s.iface = in.Interface
	}
	if err == nil {
		s.vips = append(s.vips, in.VIP.Addr())
	}
	return s
}

// nodeFault is one way to break a node from inside. apply may be cut short at
// any point by SIGKILL: undo mends whatever is left, also when nothing is, and
// also a second time.
type nodeFault struct {
	name string
	// needs names what two faults can't have at once.
	needs string
	// prepare refuses what can't be done and notes what undo will need. It
	// changes nothing. May be nil.
	prepare func(s faultSite, r *agentapi.FaultRecord) error
	apply   func(s faultSite, r agentapi.FaultRecord) error
	// there says why the effect is not there.
	there func(s faultSite, r agentapi.FaultRecord) error
	undo  func(s faultSite, r agentapi.FaultRecord) error
	// gone says what is left of the effect.
	gone func(s faultSite, r agentapi.FaultRecord) error
}

// nodeFaults lists every fault that is done inside a node.
func nodeFaults() []nodeFault {
	return []nodeFault{
		linkDown(), partition(), dropVRRP(), dropARP(), loss(), delay(), rate(),
		slowApp(), failApp(), burnCPU(), fillMemory(), fillDisk(), freezeNode(), hangService(),
	}
}

func lookupFault(name string) (nodeFault, error) {
	for _, f := range nodeFaults() {
		if f.name == name {
			return f, nil
		}
	}
	return nodeFault{}, fmt.Errorf("this agent knows no fault %q: the image is of another version of halab\n  make it anew:  halab up", name)
}

// shortFault is a record as a State lists it.
func shortFault(r agentapi.FaultRecord) agentapi.Fault {
	return agentapi.Fault{ID: r.ID, Fault: r.Fault, Words: r.Words, Service: r.Service, Since: r.Since, Until: r.Until}
}
