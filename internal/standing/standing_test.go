package standing

import (
	"os"
	"strings"
	"testing"

	"halab/internal/agentapi"
)

// dump is what keepalived 2.2.7 wrote in a lab of profile classic whose HAProxy on one
// node was stopped.
func dump(t *testing.T, name string) agentapi.VRRPDump {
	t.Helper()
	read := func(kind string) string {
		text, err := os.ReadFile("testdata/classic-" + name + "." + kind)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return agentapi.VRRPDump{Data: read("data"), Stats: read("stats")}
}

const vip = "192.168.99.10"

// said joins the sentences of one explanation.
func said(asked []Asked, wire ...agentapi.WireEvent) string {
	return strings.Join(Explain("web-00", vip, asked, wire, 1).Why, "\n")
}

// What two real keepalived say: one is master, the other in FAULT, and for which check.
func TestRealDumps(t *testing.T) {
	advert := agentapi.WireEvent{Kind: "advert", Source: "192.168.99.12", RouterID: 10, Priority: 99}
	text := said([]Asked{
		{Node: "one", Address: "192.168.99.11", Dump: dump(t, "fault")},
		{Node: "two", Address: "192.168.99.12", Dump: dump(t, "master"), Holds: true},
	}, advert, agentapi.WireEvent{Kind: "advert", Source: "192.168.99.12", RouterID: 20, Priority: 7})
	for _, want := range []string{
		"two has it: its keepalived says MASTER with priority 99; 1 adverts a second are heard of it, of priority 99",
		"one is in FAULT, and takes nothing over: script haproxy says BAD",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among\n%s", want, text)
		}
	}
}

// of changes what a real keepalived wrote.
func of(d agentapi.VRRPDump, changes ...string) agentapi.VRRPDump {
	r := strings.NewReplacer(changes...)
	return agentapi.VRRPDump{Data: r.Replace(d.Data), Stats: r.Replace(d.Stats)}
}

// Each reason for which a node is not the master.
func TestReasons(t *testing.T) {
	master := dump(t, "master")
	backup := of(master, "State = MASTER", "State = BACKUP")
	for _, c := range []struct {
		name, want string
		other      agentapi.VRRPDump
	}{
		{"less", "b says BACKUP with priority 90: less than 99", of(backup, "riority = 99", "riority = 90")},
		{"equal", "equal to that of a, and a backup leaves it", backup},
		{"nopreempt", "more than 99, but nopreempt", of(backup, "riority = 99", "riority = 120", "Preempt = enabled", "Preempt = disabled")},
		{"about to", "more than 99, so it is about to take it", of(backup, "riority = 99", "riority = 120", "Preempt = disabled", "Preempt = enabled")},
		{"a check took", "with priority 98 (120 by its file; script haproxy fails: -22)", of(backup,
			"Effective priority = 99", "Effective priority = 98", "Priority = 99", "Priority = 120", "haproxy weight 0", "haproxy weight -22", "Status = GOOD", "Status = BAD")},
		{"a check added", "with priority 103 (99 by its file; script haproxy succeeds: +4)", of(backup,
			"Effective priority = 99", "Effective priority = 103", "haproxy weight 0", "haproxy, weight 4")},
		{"refused", "b has refused 31 adverts since it started (packet: address list)", of(backup, "Address List: 0", "Address List: 31")},
		{"a password", "b has refused 5 adverts since it started (authentication: failure)", of(backup, "    Failure: 0", "    Failure: 5")},
		{"two", "b says MASTER with priority 99, and the address is not on its interface", master},
		{"another VIP", "b: no instance of its keepalived has " + vip, of(backup, vip, "192.168.99.77")},
	} {
		asked := []Asked{{Node: "a", Address: "192.168.99.12", Dump: master, Holds: true}, {Node: "b", Address: "192.168.99.11", Dump: c.other}}
		if text := said(asked); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is not among\n%s", c.name, c.want, text)
		}
	}
	both := []Asked{{Node: "a", Dump: master, Holds: true}, {Node: "b", Dump: backup, Holds: true}}
	if text := said(both); !strings.Contains(text, "a and b have "+vip+" at once") || !strings.Contains(text, "the address is left from before") {
		t.Errorf("two holders:\n%s", text)
	}
	if text := said([]Asked{{Node: "a", Unread: "its keepalived does not run"}}); !strings.Contains(text, "nobody has") || !strings.Contains(text, "a: its keepalived does not run") {
		t.Errorf("nobody:\n%s", text)
	}
}

// FuzzParse: whatever keepalived writes, reading it ends.
func FuzzParse(f *testing.F) {
	f.Add(" VRRP Instance = a\n   Tracked scripts :\n     x, weight\n", "VRRP Instance: a\n  Packet Errors:\n    TTL: 1\n")
	f.Fuzz(func(_ *testing.T, data, stats string) { parse(data, stats) })
}
