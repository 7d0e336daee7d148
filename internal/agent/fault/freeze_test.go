package fault

import (
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// A freeze stops every process of the node and lets no frame through; afterwards
// all go on, but for one that another fault holds.
func TestFreeze(t *testing.T) {
	if !room(t) {
		return
	}
	agenttest.Must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1"}))
	site := Site{Iface: "eth0", run: t.TempDir()}
	app, haproxy := victim(t, "gunicorn"), victim(t, "haproxy")
	endHang := does(t, site, agentapi.FaultRequest{ID: "hang", Fault: agentapi.FaultHang, Service: "haproxy"})
	does(t, site, agentapi.FaultRequest{ID: "freeze", Fault: agentapi.FaultFreeze})
	if a, h := stateOf(app), stateOf(haproxy); a != 'T' || h != 'T' {
		t.Errorf("frozen, the app is in state %c and HAProxy in %c", a, h)
	}
	if there, err := hasTable("freeze"); err != nil || !there {
		t.Errorf("the interface is not silent: %v", err)
	}
	for range 2 { // a second undo is as good as the first
		if _, err := site.Undo("freeze"); err != nil {
			t.Fatal(err)
		}
	}
	agenttest.Await(t, "the app goes on", func() bool { return stateOf(app) == 'S' })
	if h := stateOf(haproxy); h != 'T' {
		t.Errorf("HAProxy hangs by another fault, and is in state %c", h)
	}
	if there, err := hasTable("freeze"); err != nil || there {
		t.Errorf("the interface is still silent: %v", err)
	}
	endHang()
	agenttest.Await(t, "HAProxy goes on", func() bool { return stateOf(haproxy) == 'S' })
}

// What was cut short is mended as well: a freeze that stopped processes and had
// not come further.
func TestUndoOfHalfAFreeze(t *testing.T) {
	if !room(t) {
		return
	}
	agenttest.Must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1"}))
	site := Site{Iface: "eth0", run: t.TempDir()}
	app := victim(t, "gunicorn")
	unlock, err := site.store().lock()
	agenttest.Must(t, err)
	r := newRecord(agentapi.FaultRequest{ID: "half", Fault: agentapi.FaultFreeze})
	agenttest.Must(t, site.store().begin(r))
	agenttest.Must(t, freezeNode().apply(site, r))
	unlock() // and its process dies here
	agenttest.Await(t, "the app stops", func() bool { return stateOf(app) == 'T' })
	if _, err := site.Undo("all"); err != nil {
		t.Fatal(err)
	}
	agenttest.Await(t, "the app goes on", func() bool { return stateOf(app) == 'S' })
	if records, err := site.store().records(); err != nil || len(records) > 0 {
		t.Errorf("left %v, %v", records, err)
	}
}
