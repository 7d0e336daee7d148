package lint

import (
	"encoding/json"
	"net/netip"
	"testing"

	"halab/internal/daemonconf/inventory"
)

// machines are the records of both nodes of a sound pair, with a change.
func machines(t *testing.T, change func(lb1, lb2 *inventory.Record)) map[string]string {
	t.Helper()
	one := func(name, address string) inventory.Record {
		r := inventory.New()
		r.Name, r.Hostname = name, name
		r.Keepalived.Files, r.HAProxy.Files = []string{"/keepalived.conf"}, []string{"/haproxy.cfg"}
		r.Interfaces = []inventory.Interface{{Name: "lo", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}},
			{Name: "eth0", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix(address)}}}
		r.Programs = []inventory.Program{{Name: "/usr/bin/pgrep", Path: "/usr/bin/pgrep"}}
		r.Sysctls["net.ipv4.ip_nonlocal_bind"] = "0"
		return r
	}
	lb1, lb2 := one("lb1", "192.0.2.1/24"), one("lb2", "192.0.2.2/24")
	// The holder was looked at while it had the VIP.
	lb1.Interfaces[1].Addresses = append(lb1.Interfaces[1].Addresses, netip.MustParsePrefix("192.0.2.10/24"))
	if change != nil {
		change(&lb1, &lb2)
	}
	files := map[string]string{}
	for _, r := range []inventory.Record{lb1, lb2} {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		files[r.Name+"/"+inventory.File] = string(text)
	}
	return files
}

// What an import knows of the machines shows what files alone can't.
func TestMachines(t *testing.T) {
	both := func(f func(*inventory.Record)) func(lb1, lb2 *inventory.Record) {
		return func(lb1, lb2 *inventory.Record) { f(lb1); f(lb2) }
	}
	onVIP := []string{"bind :80", "bind 192.0.2.10:80"}
	for name, c := range map[string]struct {
		change
		machines func(lb1, lb2 *inventory.Record)
		rule     string // "" is sound
		kill     string // haproxy-kill, "" leaves it open
	}{
		"as it is":                {},
		"another interface there": {machines: func(_, lb2 *inventory.Record) { lb2.Interfaces[1].Name = "ens3" }, rule: "interface-missing", kill: nobody},
		"dynamic interfaces": {change: change{both: []string{"script_user", "dynamic_interfaces\n    script_user"}},
			machines: func(_, lb2 *inventory.Record) { lb2.Interfaces[1].Name = "ens3" }},
		"no killall": {change: change{both: []string{script, `"killall -0 haproxy"`}}, rule: "program-missing", kill: nobody,
			machines: both(func(r *inventory.Record) { r.Programs = []inventory.Program{{Name: "killall"}} })},
		"a program that nobody looked for": {change: change{both: []string{script, `"killall -0 haproxy"`}}},
		"bound to the VIP":                 {change: change{both: onVIP}, rule: "bind-needs-address"},
		"bound to the VIP, allowed": {change: change{both: onVIP},
			machines: both(func(r *inventory.Record) { r.Sysctls["net.ipv4.ip_nonlocal_bind"] = "1" })},
		"bound to a machine's own": {change: change{lb1: []string{"bind :80", "bind :80\n    bind 192.0.2.1:81"}, lb2: []string{"bind :80", "bind :80\n    bind 192.0.2.2:81"}}},
		"bound to the other's own": {change: change{both: []string{"bind :80", "bind :80\n    bind 192.0.2.1:81"}}, rule: "bind-needs-address"},
		"unicast as another":       {change: change{lb1: unicast("192.0.2.1", "192.0.2.2"), lb2: unicast("192.0.2.3", "192.0.2.1")}, rule: "foreign-source"},
		"unicast to somebody else": {change: change{lb1: peers("192.0.2.3"), lb2: peers("192.0.2.1")}, rule: "peer-missing", kill: two},
		"unicast to each other":    {change: change{lb1: peers("192.0.2.2"), lb2: peers("192.0.2.1")}},
		"script security, and a user": {change: change{both: []string{"script_user root", "enable_script_security"}}, machines: both(func(r *inventory.Record) {
			r.Accounts = []inventory.Account{{Name: "keepalived_script", Present: true}}
		})},
		"script security, and no user": {change: change{both: []string{"script_user root", "enable_script_security"}}, rule: "script-disabled",
			machines: both(func(r *inventory.Record) { r.Accounts = []inventory.Account{{Name: "keepalived_script"}} })},
		"1.3.5 on the machines": {change: change{both: []string{script, `"ss -ltn | grep -q :80"`}}, kill: "1.6–4.6 s",
			machines: both(func(r *inventory.Record) { r.Keepalived.Version = "1.3.5" })},
	} {
		c.files = machines(t, c.machines)
		r := variant(t, c.change)
		switch loud := r.Count(Error) + r.Count(Warning); {
		case c.rule == "" && loud > 0:
			t.Errorf("%s: sound, but\n%s", name, text(r))
		case c.rule != "" && !has(r, c.rule, Error):
			t.Errorf("%s: no %s:\n%s", name, c.rule, text(r))
		}
		if words := Words(r.Tables[0].Rows[0]); c.kill != "" && words != c.kill {
			t.Errorf("%s: haproxy-kill is forecast as %s (%s), not as %s", name, words, r.Tables[0].Rows[0].Formula, c.kill)
		}
	}
}

// peers makes a node speak unicast, from whatever its interface has.
func peers(peer string) []string {
	return []string{iface, iface + "    unicast_peer {\n        " + peer + "\n    }\n"}
}
