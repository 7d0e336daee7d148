package agent

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"halab/internal/agent/behind"
	"halab/internal/agent/command"
	"halab/internal/agent/fault"
	"halab/internal/agent/host"
	"halab/internal/agent/machine"
	"halab/internal/agent/own"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"
)

const (
	// flushLimit is how long process 1 waits at its end for standard output.
	flushLimit = 20 * time.Millisecond
	// repeatInterval is the time between two writes of what FaultFile says
	// already. keepalived reads the file and then begins to watch its folder; a
	// change in between would be lost to it for good.
	repeatInterval = time.Second
)

// node is process 1 of a node.
type node struct {
	recorder  *recorder
	own       *agentapi.Own // nil: the daemons have halab's own files
	vips      map[netip.Addr]bool
	iface     string
	down      map[string]bool // interfaces whose link is down
	acts      bool            // the fast profile: tell keepalived; classic only observes
	mu        sync.Mutex
	unhealthy bool // what FaultFile says
	told      bool // a failure to write it was reported
	faults    *faultWatch
	signs     lifesign // of HAProxy
	servers   *serverWatch
	linger    *linger // nil where answers under way can't outlive a move of the VIP
}

// runNode is process 1 of a node: it reaps, watches and reports until ctx
// ends. It goes on with whatever part of that it can do.
func runNode(ctx context.Context, out command.Output) error {
	// Whenever a thread comes back from a call in which it was blocked, the
	// runtime's monitor wakes and looks every 20 µs for the next 10 ms whether one
	// of several processors is stuck. HAProxy is asked fifty times a second, so that
	// took more than all the rest. With one processor it sees at once that none is.
	runtime.GOMAXPROCS(1)
	startReaping(ctx)
	mine, ownErr := own.This()
	in, envErr := render.FromEnv(os.Getenv)
	if mine != nil {
		envErr = settle(*mine)
	}
	n := newNode(in, mine, errors.Join(envErr, ownErr), out)
	r := n.recorder
	r.note(now(), agentapi.Event{Name: agentapi.EventStarted}, nil)
	if envErr != nil {
		r.fail("%s", strings.ReplaceAll(envErr.Error(), "\n", ""))
	}
	if err := os.MkdirAll(agentapi.RunDir, 0o755); err != nil {
		n.acts = false
		r.fail("no folder for what node and services share, so a dead HAProxy moves no VIP: %v", err)
	} else if err := n.faults.site.Clear(); err != nil {
		r.fail("faults: %v", err)
	}
	n.tidyHost()
	_ = os.Remove(agentapi.SlowFile) // of an earlier life: whether the machine is too slow is seen anew
	n.begin(ctx, in)
	<-ctx.Done()
	r.note(now(), agentapi.Event{Name: agentapi.EventStopping}, nil)
	r.close(flushLimit)
	return nil
}

// tidyHost takes off the host's network what an earlier life of the node left
// there: the network of a host is not new, as that of a container is.
func (n *node) tidyHost() {
	if !machine.OnHost() {
		return
	}
	removed, err := host.Clean(n.iface, n.faults.site.VIPs...)
	if err != nil {
		n.recorder.fail("what an earlier life of this node left on the host: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if len(removed) > 0 {
		n.recorder.note(now(), agentapi.Event{Name: agentapi.EventSwept, Detail: strings.Join(removed, "; ")}, nil)
	}
}

// settle makes this machine the one that the user's files want.
func settle(mine agentapi.Own) error {
	return errors.Join(own.Wire(mine), own.Furnish(mine))
}

func newNode(in render.Input, mine *agentapi.Own, envErr error, out command.Output) *node {
	name := in.Node
	if mine != nil {
		name = mine.Name
	}
	if name == "" {
		if name = os.Getenv(agentapi.EnvNode); name == "" {
			name, _ = os.Hostname()
		}
	}
	n := &node{
		own: mine, down: map[string]bool{},
		recorder:  newRecorder(name, out.Answer),
		vips:      map[netip.Addr]bool{},
		iface:     in.Interface,
		acts:      mine == nil && envErr == nil && in.Profile == topology.ProfileFast,
		unhealthy: true,
	}
	if n.iface == "" {
		n.iface = render.DefaultInterface
	}
	if in.VIP.IsValid() {
		n.vips[in.VIP.Addr()] = true
	}
	if mine != nil {
		for _, a := range mine.VIPs {
			n.vips[a] = true
		}
	}
	if machine.OnHost() {
		n.recorder.state.MAC = hardwareOf(n.iface)
	} else if n.acts && arpKeepsQuiet(n.iface) {
		n.linger = &linger{fail: n.recorder.fail, ends: map[netip.Addr]*time.Timer{}}
	}
	n.servers = newServerWatch(n.recorder)
	n.signs.address, n.signs.current, n.signs.report = netip.AddrPortFrom(loopback(), render.WebPort), healthGone, n.onHAProxy
	n.faults = &faultWatch{site: fault.ThisNode(), node: n}
	n.recorder.mute = n.faults.quiet
	return n
}

// begin starts the watchers.
func (n *node) begin(ctx context.Context, in render.Input) {
	r := n.recorder
	if n.acts {
		// HAProxy is not up yet: keepalived must not take the VIP before it is.
		n.writeFault(true)
		go n.repeatFault(ctx)
	}
	go func() {
		if err := readFIFO(ctx, agentapi.NotifyFIFO, n.onNotify); err != nil {
			r.fail("VRRP states are not known: %v", err)
		}
	}()
	go n.faults.run(ctx)
	go watchSelf(ctx, r)
	if n.own != nil {
		n.beginOwn(ctx)
	} else {
		go n.watchNetwork(ctx, n.iface)
		go n.followHAProxy(ctx)
		go n.servers.run(ctx)
	}
	if n.acts {
		go n.watchShare(ctx, in)
	}
	go watchProcess(ctx, topology.ServiceKeepalived, func(up bool, at moment) { noteKeepalived(r, up, at) })
	go watchProcess(ctx, topology.ServiceApp, func(up bool, at moment) { noteApp(r, up, at) })
}

// beginOwn starts what a machine with files of the user's own has instead: HAProxy
// need not answer halab there, so its process is what is seen of it.
func (n *node) beginOwn(ctx context.Context) {
	for _, i := range n.own.Interfaces {
		go n.watchNetwork(ctx, i.Name)
	}
	go watchProcess(ctx, topology.ServiceHAProxy, func(up bool, at moment) { noteHAProxy(n.recorder, up, at) })
	if n.own.Local == nil {
		return
	}
	go func() {
		if err := behind.Run(ctx, *n.own.Local, agentapi.BehindSocket, io.Discard); err != nil {
			n.recorder.fail("what stands for servers on this node: %v", err)
		}
	}()
}

// followHAProxy follows HAProxy, and says so if it can't.
func (n *node) followHAProxy(ctx context.Context) {
	if err := n.signs.run(ctx); err != nil {
		n.recorder.fail("HAProxy is not followed, so its death moves no VIP: %v", err)
	}
}

func loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

// watchNetwork follows an interface, and starts again if it can't.
func (n *node) watchNetwork(ctx context.Context, name string) {
	for told := false; ctx.Err() == nil; {
		watch := netWatch{name: name, address: n.noteAddress, link: func(up bool, at moment) { n.noteLink(name, up, at) }}
		if err := watch.run(ctx); err != nil && !told {
			told = true
			n.recorder.fail("addresses of %s are not known: %v", name, err)
		}
		machine.Pause(ctx, findInterval)
	}
}
