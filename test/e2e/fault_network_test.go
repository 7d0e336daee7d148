package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// numbers are the last numbers of the nodes' own addresses.
func number(node string) int {
	return map[string]int{"frontend-01": 11, "frontend-02": 12, "backend-01": 21, "backend-02": 22}[node]
}

// answers says whether HAProxy on a node answers the lab's client at the node's
// own address.
func (l *Lab) answers(t testing.TB, node string) bool {
	t.Helper()
	return l.clientGets(t, fmt.Sprintf("http://%s/haproxy-alive", l.Address(number(node))))
}

func (l *Lab) clientGets(t testing.TB, url string) bool {
	t.Helper()
	r := l.Try(t, "shell", "client", "--", "curl", "-s", "-f", "-o", "/dev/null", "-m", "1", url)
	return r.Code == 0
}

// networkCases are what is done to a node's way to others.
func networkCases() []faultCase {
	return []faultCase{
		{name: "vip stolen", words: "vip stolen", lists: []listed{{"", "node", "vip stolen"}}, see: func(t *testing.T, lab *Lab, at place) {
			// The frontend's VIP may have moved, and its other node is then the one robbed.
			lab.Refuse(t, 1, []string{"no VIP now"}, "fail", Other(lab.HolderOf(t, "backend")), "vip", "stolen")
			lab.Serves(t, 4, 3*time.Second) // keepalived has seen to it, here or on the other node
		}},
		{name: "link down", words: "link down", lists: []listed{{"", "node", "link down"}}, see: func(t *testing.T, lab *Lab, at place) {
			lab.checkFate(t, "frontend", at.holder, moves)
			if s := decode[struct {
				Clusters []struct {
					Nodes []struct{ Name, Link, VRRP string }
				}
			}](t, lab.Run(t, "status", "--json")); !strings.Contains(fmt.Sprint(s), fmt.Sprintf("{%s down FAULT}", at.node)) {
				t.Errorf("the status has no link that is down: %v", s)
			}
			if lab.answers(t, at.node) {
				t.Errorf("%s answers without a link", at.node)
			}
			lab.Serves(t, 4, 3*time.Second)
		}},
		{name: "partition", words: "partition OTHER", lists: []listed{{"", "node", "partition OTHER"}, {"OTHER", "node", "partition OTHER"}},
			see: twoMasters},
		{name: "partition", words: "partition OTHER --one-way", lists: []listed{{"OTHER", "node", "partition OTHER"}},
			see: func(t *testing.T, lab *Lab, at place) {
				Eventually(t, 3*time.Second, "the backup, which hears nothing, takes the VIP", func() (bool, string) {
					holders := lab.Status(t).Holders("frontend")
					return slices.Contains(holders, at.backup()), fmt.Sprint(holders)
				})
			}},
		{name: "partition", words: "partition client", lists: []listed{{"", "node", "partition client"}},
			see: func(t *testing.T, lab *Lab, at place) {
				if lab.answers(t, at.node) || lab.clientGets(t, "http://"+lab.frontendVIP()+"/haproxy-alive") {
					t.Error("the client reaches the node that it is cut off from")
				}
				lab.checkFate(t, "frontend", at.holder, stays)
				lab.Serves(t, 4, 3*time.Second) // the host is not cut off
			}},
		{name: "drop vrrp", words: "drop vrrp", lists: []listed{{"", "node", "drop vrrp"}}, see: twoMasters},
		{name: "drop vrrp", words: "drop vrrp out", lists: []listed{{"", "node", "drop vrrp out"}}, see: twoMasters},
		{name: "drop vrrp", backup: true, words: "drop vrrp out", lists: []listed{{"", "node", "drop vrrp out"}},
			see: func(t *testing.T, lab *Lab, at place) { lab.checkFate(t, "frontend", at.holder, stays) }},
		{name: "drop arp", backup: true, words: "drop arp", lists: []listed{{"", "node", "drop arp"}}, see: movesUnnoticed},
	}
}

// twoMasters: both hold the VIP, and each one serves at its own address.
func twoMasters(t *testing.T, lab *Lab, at place) {
	t.Helper()
	lab.checkFate(t, "frontend", at.holder, doubles)
	for _, node := range []string{at.holder, at.backup()} {
		if !lab.answers(t, node) {
			t.Errorf("%s does not answer, and has nothing but a deaf ear", node)
		}
	}
}

// Between clusters a partition leaves a frontend without a backend.
func TestPartitionOfClusters(t *testing.T) {
	lab := Shared(t)
	lab.Run(t, "fail", "frontend", "partition", "backend")
	Eventually(t, 5*time.Second, "the frontend answers, with no backend", func() (bool, string) {
		body, err := lab.Get("/frontend", 2*time.Second)
		return err == nil && strings.Contains(body, `"backend":null`), fmt.Sprint(body, err)
	})
	for _, cluster := range []string{"frontend", "backend"} {
		if holders := lab.Status(t).Holders(cluster); len(holders) != 1 {
			t.Errorf("within %s nobody is cut off, and %v hold the VIP", cluster, holders)
		}
	}
	lab.Run(t, "restore")
	lab.AwaitReady(t, 2*time.Second)
	lab.Intact(t)
	lab.Serves(t, 4, 2*time.Second)
}

// mac is the address of a node's interface.
func (l *Lab) mac(t testing.TB, node string) string {
	t.Helper()
	return strings.TrimSpace(l.Run(t, "shell", node, "--", "cat", "/sys/class/net/eth0/address").Stdout)
}

// neighbour is the MAC address that the client has for the frontend's VIP.
func (l *Lab) neighbour(t testing.TB) string {
	t.Helper()
	fields := strings.Fields(l.Run(t, "shell", "client", "--", "ip", "neigh", "show", l.frontendVIP()).Stdout)
	if at := slices.Index(fields, "lladdr"); at >= 0 && at+1 < len(fields) {
		return fields[at+1]
	}
	return ""
}

// movesUnnoticed: the VIP goes to the node whose gratuitous ARPs are lost, and a
// neighbour goes on asking the old one. Without the fault it notices at once.
func movesUnnoticed(t *testing.T, lab *Lab, at place) {
	vip := "http://" + lab.frontendVIP() + "/haproxy-alive"
	old, heir := lab.mac(t, at.holder), lab.mac(t, at.node)
	if !lab.clientGets(t, vip) || lab.neighbour(t) != old {
		t.Fatalf("before anything moved, the client has %q for the VIP, not %s", lab.neighbour(t), old)
	}
	lab.Run(t, "switch", "frontend")
	lab.AwaitHolder(t, "frontend", at.node, 2*time.Second)
	// The old holder keeps the VIP for itself for a second, for what was under way.
	Eventually(t, 5*time.Second, "the client gets no answer any more", func() (bool, string) { return !lab.clientGets(t, vip), "it does" })
	if now := lab.neighbour(t); now != old {
		t.Errorf("the client has %q for the VIP, and nobody told it that it left %s", now, old)
	}
	lab.Run(t, "restore", at.node, "drop", "arp")
	Eventually(t, time.Second, "the client has heard of "+at.node, func() (bool, string) {
		now := lab.neighbour(t)
		return now == heir, "it has " + now
	})
	lab.AwaitReady(t, 5*time.Second)
	lab.Run(t, "switch", "frontend")
	Eventually(t, time.Second, "without the fault a move is noticed", func() (bool, string) {
		now := lab.neighbour(t)
		return now == old, "the client has " + now
	})
	lab.Run(t, "fail", at.node, "drop", "arp") // what follows undoes it once more
}
