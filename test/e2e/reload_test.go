package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Neither daemon loses anything when it reads its file again: no request, and not
// the VIP.
func TestReloadLosesNothing(t *testing.T) {
	lab := Shared(t)
	for _, kind := range []string{"haproxy-reload", "keepalived-reload"} {
		d := drillOne(t, lab, "frontend/"+kind)
		for _, metric := range []string{"edge.outage", "edge.failed", "elections"} {
			if n := d.metric(t, "frontend/"+kind, metric); n != 0 {
				t.Errorf("%s: %s is %g", kind, metric, n)
			}
		}
	}
}

// HAProxy reads what its file says now, and a connection that a request is on is
// served to its end by the process before. When HAProxy is killed after that, nothing
// of either is left.
func TestReloadTakesOver(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	node := lab.HolderOf(t, "frontend")
	processes := func() []string { return lab.processes(t, node, "haproxy") }
	before := processes()
	held := lab.dialStats(t, node)
	defer held.Close()
	fmt.Fprint(held, "GET / HTTP/1.1\r\nHost: a\r\n") // a request that is not complete
	Says(t, lab.Run(t, "fail", node, "haproxy", "--how", "reload"), "reloaded haproxy on "+node)
	if now := processes(); len(now) <= len(before) {
		t.Errorf("%v before, %v after: the one before should finish the request that it has", before, now)
	}
	fmt.Fprint(held, "\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(held), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the request that was under way: %v, %v", answer, err)
	}
	held.Close()
	Eventually(t, 5*time.Second, "the one before ends", func() (bool, string) {
		now := processes()
		return len(now) == len(before), fmt.Sprint(now)
	})
	lab.Run(t, "fail", node, "haproxy", "--how", "kill")
	Eventually(t, 3*time.Second, "nothing of HAProxy is left", func() (bool, string) {
		left := processes()
		return len(left) == 0, fmt.Sprint(left)
	})
	lab.Run(t, "restore")
	lab.AwaitReady(t, 5*time.Second)
}

// processes lists those of a name on a node.
func (l *Lab) processes(t testing.TB, node, name string) []string {
	t.Helper()
	out, _ := tryCommand("docker", "exec", l.container(t, node, "node"), "sh", "-c", "grep -lx "+name+" /proc/[0-9]*/comm") // 1 where there is none
	return strings.Fields(out)
}

// dialStats connects to the statistics of a node's HAProxy, from the host's own leg.
func (l *Lab) dialStats(t testing.TB, node string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(l.hostLeg())}, Timeout: 3 * time.Second}).Dial("tcp", l.Status(t).Node(node).Address+":8080")
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}
