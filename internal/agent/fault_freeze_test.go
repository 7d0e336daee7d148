package agent

import (
	"testing"

	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
)

// A freeze stops every process of the node and lets no frame through; afterwards
// all go on, but for one that another fault holds.
func TestFreeze(t *testing.T) {
	if !room(t) {
		return
	}
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1"}))
	site := faultSite{iface: "eth0", run: t.TempDir()}
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
		if _, err := undoFaults(site, "freeze"); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the app goes on", func() bool { return stateOf(app) == 'S' })
	if h := stateOf(haproxy); h != 'T' {
		t.Errorf("HAProxy hangs by another fault, and is in state %c", h)
	}
	if there, err := hasTable("freeze"); err != nil || there {
		t.Errorf("the interface is still silent: %v", err)
	}
	endHang()
	await(t, "HAProxy goes on", func() bool { return stateOf(haproxy) == 'S' })
}

// What was cut short is mended as well: a freeze that stopped processes and had
// not come further.
func TestUndoOfHalfAFreeze(t *testing.T) {
	if !room(t) {
		return
	}
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1"}))
	site := faultSite{iface: "eth0", run: t.TempDir()}
	app := victim(t, "gunicorn")
	unlock, err := site.store().lock()
	must(t, err)
	r := newRecord(agentapi.FaultRequest{ID: "half", Fault: agentapi.FaultFreeze})
	must(t, site.store().begin(r))
	must(t, freezeNode().apply(site, r))
	unlock() // and its process dies here
	await(t, "the app stops", func() bool { return stateOf(app) == 'T' })
	if _, err := undoFaults(site, "all"); err != nil {
		t.Fatal(err)
	}
	await(t, "the app goes on", func() bool { return stateOf(app) == 'S' })
	if records, err := site.store().records(); err != nil || len(records) > 0 {
		t.Errorf("left %v, %v", records, err)
	}
}
