package e2e

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

// A node on the lab's own parent knows the lab's subnet and nothing else, so
// nothing that it sends gets to another network of the host or beyond. The
// host's own addresses on other networks are tried by a connection that never
// leaves this machine.
func TestNodesReachNothingElse(t *testing.T) {
	lab := Shared(t)
	for _, machine := range []string{"frontend-01", "backend-02", "client"} {
		for _, line := range lines(lab.Run(t, "shell", machine, "--", "ip", "-4", "route").Stdout) {
			if !strings.HasPrefix(line, lab.Prefix+".0/24 ") {
				t.Errorf("%s has a route to elsewhere: %s", machine, line)
			}
		}
		for _, line := range lines(lab.Run(t, "shell", machine, "--", "ip", "-6", "route").Stdout) {
			if line != "" && !strings.HasPrefix(line, "fe80::/64 ") {
				t.Errorf("%s has an IPv6 route to elsewhere: %s", machine, line)
			}
		}
	}
	listener, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	try := func(address string) Result {
		return lab.Try(t, "shell", "frontend-01", "--", "curl", "-sS", "--max-time", "2", "http://"+net.JoinHostPort(address, port)+"/")
	}
	// That the listener is there: over the host's leg it is reached, and hangs up.
	if r := try(lab.hostLeg()); !strings.Contains(r.All(), "Empty reply") && !strings.Contains(r.All(), "reset") {
		t.Errorf("the test itself: nobody listens on the host's leg\n%s", r)
	}
	others := 0
	for _, address := range hostAddresses(t) {
		if strings.HasPrefix(address, lab.Prefix+".") {
			continue
		}
		others++
		if r := try(address); r.Code != 7 || !strings.Contains(r.All(), "Couldn't connect") && !strings.Contains(r.All(), "unreachable") {
			t.Errorf("the host's address %s: %s", address, r)
		}
	}
	if others == 0 {
		t.Error("this host has no address beside the lab's")
	}
	checkLegForwardsNothing(t, lab)
}

// hostAddresses are this machine's IPv4 addresses, without loopback.
func hostAddresses(t testing.TB) []string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range all {
		if ip := a.(*net.IPNet).IP; ip.To4() != nil && !ip.IsLoopback() {
			list = append(list, ip.String())
		}
	}
	return list
}

// checkLegForwardsNothing asks the kernel what it would do with a packet that a
// node has sent to the host's leg although it goes elsewhere. Nothing is sent.
func checkLegForwardsNothing(t *testing.T, lab *Lab) {
	leg := ""
	var links []struct {
		Name      string                   `json:"ifname"`
		Addresses []struct{ Local string } `json:"addr_info"`
	}
	if err := ipJSON(&links, "-4", "addr", "show"); err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		for _, a := range l.Addresses {
			if a.Local == lab.hostLeg() {
				leg = l.Name
			}
		}
	}
	// 198.51.100.0/24 is for documentation (RFC 5737); only the route is asked for.
	if _, err := tryCommand("ip", "route", "get", "198.51.100.1"); err != nil {
		t.Log("this host has no default route, so there is nothing that it could forward to")
	}
	if out, err := tryCommand("ip", "route", "get", "198.51.100.1", "from", lab.Address(11), "iif", leg); err == nil {
		t.Errorf("the host would forward what arrives on %s:\n%s", leg, out)
	}
	if out, err := tryCommand("ip", "route", "get", lab.hostLeg(), "from", lab.Address(11), "iif", leg); err != nil {
		t.Errorf("the test itself: the host does not take what is for its own leg: %v\n%s", err, out)
	}
}
