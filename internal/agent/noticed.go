package agent

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

// What process 1 notices becomes the node's state, and a line in its log.

// onHAProxy acts first and reports then.
func (n *node) onHAProxy(h health, at moment) {
	if n.acts {
		n.writeFault(h != healthUp)
	}
	names := map[health]agentapi.EventName{
		healthUp: agentapi.EventHAProxyUp, healthGone: agentapi.EventHAProxyGone, healthHung: agentapi.EventHAProxyHung,
	}
	n.recorder.note(at, agentapi.Event{Name: names[h]}, func(s *agentapi.State, e *agentapi.Event) bool {
		e.From, e.To = s.HAProxy, string(h)
		s.HAProxy = string(h)
		if h != healthUp {
			s.Servers = map[string]string{}
		}
		return true
	})
	n.servers.hint()
}

// writeFault tells keepalived.
func (n *node) writeFault(unhealthy bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faults.quiet() {
		return // syncFault comes when the node goes on
	}
	n.unhealthy = unhealthy
	n.writeFaultLocked()
}

// syncFault tells keepalived how HAProxy is now.
func (n *node) syncFault() {
	if n.acts {
		n.writeFault(n.recorder.snapshot().HAProxy != string(healthUp))
	}
}

func (n *node) writeFaultLocked() {
	if n.faults.quiet() {
		return // a frozen machine writes nothing
	}
	err := writeFlag(agentapi.FaultFile, n.unhealthy)
	if err != nil && !n.told {
		n.recorder.fail("keepalived can't be told about HAProxy: %v", err)
	}
	n.told = err != nil
}

func (n *node) repeatFault(ctx context.Context) {
	for ctx.Err() == nil {
		machine.Pause(ctx, repeatInterval)
		n.mu.Lock()
		n.writeFaultLocked()
		n.mu.Unlock()
	}
}

// onNotify takes what daemons say in the FIFO.
func (n *node) onNotify(at moment, line string) {
	if strings.HasPrefix(line, serverKind+" ") {
		n.servers.hint()
		return
	}
	instance, state, ok := parseNotify(line)
	if !ok {
		return
	}
	e := agentapi.Event{Name: agentapi.EventVRRP, To: state, Detail: instance}
	n.recorder.note(at, e, func(s *agentapi.State, e *agentapi.Event) bool {
		e.From = s.VRRP
		if n.own != nil {
			e.From = s.Instances[instance]
			s.Instances = merge(s.Instances, instance, state)
			s.VRRP = sum(s.Instances)
			return e.From != e.To
		}
		s.VRRP = state
		return e.From != e.To
	})
}

// merge notes the state of an instance.
func merge(all map[string]string, instance, state string) map[string]string {
	if all == nil {
		all = map[string]string{}
	}
	all[instance] = state
	return all
}

// sum is the state of all instances in a word, or, where they differ, of each.
func sum(all map[string]string) string {
	var each []string
	var last string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		last = all[name]
		each = append(each, name+" "+last)
	}
	for _, state := range all {
		if state != last {
			return strings.Join(each, ", ")
		}
	}
	return last
}

func (n *node) noteAddress(ip netip.Addr, there bool, at moment) {
	if !n.vips[ip] {
		return
	}
	if n.linger != nil {
		n.linger.note(ip, there)
	}
	e := agentapi.Event{Name: agentapi.EventVIPRemoved, Address: ip.String()}
	if there {
		e.Name = agentapi.EventVIPAdded
	}
	n.recorder.note(at, e, func(s *agentapi.State, e *agentapi.Event) bool {
		i := slices.Index(s.VIPs, e.Address)
		switch {
		case there && i < 0:
			s.VIPs = append(s.VIPs, e.Address)
		case !there && i >= 0:
			s.VIPs = slices.Delete(s.VIPs, i, i+1)
		default:
			return false
		}
		return true
	})
}

// noteLink notes that the link of an interface went up or down. Of several, all must
// be up.
func (n *node) noteLink(name string, up bool, at moment) {
	n.mu.Lock()
	delete(n.down, name)
	if !up {
		n.down[name] = true
	}
	to := "down"
	if len(n.down) == 0 {
		to = "up"
	}
	n.mu.Unlock()
	n.recorder.note(at, agentapi.Event{Name: agentapi.EventLink, To: to}, func(s *agentapi.State, e *agentapi.Event) bool {
		e.From = s.Link
		s.Link = to
		return e.From != e.To
	})
}
