package adapt

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/daemonconf/inventory"
)

// seen is a pair whose machines were imported: lb1 held the VIP then, both have a
// second interface towards the servers and a third that nothing needs.
func seen(t *testing.T, change func(lb1, lb2 *inventory.Record), extra string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	records := map[string]*inventory.Record{}
	for i, name := range []string{"lb1", "lb2"} {
		r := inventory.New()
		r.Name, r.Hostname = name, name+".example.org"
		r.Keepalived = inventory.Daemon{Version: "2.2.7", Files: []string{"/keepalived.conf"}}
		r.HAProxy = inventory.Daemon{Version: "2.4.22", Files: []string{"/haproxy.cfg"}}
		for _, dev := range []struct{ name, addresses string }{
			{"lo", "127.0.0.1/8"}, {"ens3", fmt.Sprintf("192.0.2.%d/25", 11+i)}, {"ens4", fmt.Sprintf("198.51.100.%d/24", 1+i)}, {"docker0", "172.17.0.1/16"},
		} {
			r.Interfaces = append(r.Interfaces, inventory.Interface{Name: dev.name, Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix(dev.addresses)}})
		}
		r.Sysctls["net.ipv4.ip_nonlocal_bind"] = "1"
		records[name] = &r
		files[name+"/keepalived.conf"] = &fstest.MapFile{Data: fmt.Appendf(nil, "vrrp_instance a {\n interface ens3\n virtual_router_id 7\n priority %d\n%s virtual_ipaddress {\n  192.0.2.10/25\n }\n}\n", 101-i, extra)}
		files[name+"/haproxy.cfg"] = &fstest.MapFile{Data: []byte("listen web\n bind :80\n mode http\n server a 198.51.100.11:80 check\n")}
	}
	records["lb1"].Interfaces[1].Addresses = append(records["lb1"].Interfaces[1].Addresses, netip.MustParsePrefix("192.0.2.10/25"))
	if change != nil {
		change(records["lb1"], records["lb2"])
	}
	for name, r := range records {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		files[name+"/"+inventory.File] = &fstest.MapFile{Data: data}
	}
	return files
}

// What an import saw is taken as it is.
func TestMachinesAsTheyAre(t *testing.T) {
	got := text(of(t, seen(t, nil, "")))
	for _, want := range []string{
		"net1 [192.0.2.0/25]\nnet2 [198.51.100.0/24]\n",
		"node lb1 (lb1.example.org)\n  ens3 on net1 [192.0.2.11/25]\n  ens4 on net2 [198.51.100.1/24]\n  here",
		"node lb2 (lb2.example.org)\n  ens3 on net1 [192.0.2.12/25]\n  ens4 on net2 [198.51.100.2/24]\n",
		"behind has [198.51.100.254/24 198.51.100.11/24] on net2\n",
		"adapted, all: its interface docker0 is left out: no file needs it\n",
		"adapted, all: HAProxy 2.6.12 runs, not 2.4.22 as on the machine\n",
	} {
		if !strings.Contains(strings.Replace(got, "\nnode lb2", "\n  here\nnode lb2", 1), want) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
	for _, not := range []string{"was not seen", "chosen", "keepalived 2.2.7 runs", "route to"} {
		if strings.Contains(got, not) {
			t.Errorf("with %q:\n%s", not, got)
		}
	}
	if l := of(t, seen(t, nil, "")); l.Nodes[0].Sysctls["net.ipv4.ip_nonlocal_bind"] != "1" {
		t.Errorf("%v", l.Nodes[0].Sysctls)
	}
}

// A mistake in a file stays one: the lab does not give a machine the address that
// its file wrongly calls its own, nor an interface another name.
func TestMistakesStay(t *testing.T) {
	l := of(t, seen(t, nil, " unicast_src_ip 192.0.2.99\n"))
	if got := text(l); strings.Contains(got, "[192.0.2.99") {
		t.Errorf("a machine has an address that it never had:\n%s", got)
	}
	l = of(t, seen(t, func(_, lb2 *inventory.Record) { lb2.Interfaces[1].Name = "eth0" }, ""))
	if got := text(l); !strings.Contains(got, "unmet, lb2: the files name the interface ens3, which the machine does not have") {
		t.Errorf("%s", got)
	}
}
