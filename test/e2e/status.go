package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// Status is the public JSON of `halab status --json`, declared here a second
// time on purpose: the tests hold its shape.
type Status struct {
	Lab      string
	Base     string
	Profile  string
	Ready    bool
	Clusters []struct {
		Name string
		VIP  struct {
			Name, Address string
			Holders       []string
		}
		Nodes []Node
	}
}

// Node is a node in the public JSON.
type Node struct {
	Name, Address, State, VRRP, Slow string
	Services, Servers                map[string]string
}

// Status reads the lab's state.
func (l *Lab) Status(t testing.TB) Status {
	t.Helper()
	return decode[Status](t, l.Run(t, "status", "--json"))
}

// decode reads an answer that is one JSON document.
func decode[T any](t testing.TB, r Result) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(r.Stdout))
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, r)
	}
	if d.More() {
		t.Fatalf("more than one document:\n%s", r)
	}
	return v
}

// Holders of a cluster's VIP, as the nodes' interfaces have it.
func (s Status) Holders(cluster string) []string {
	for _, c := range s.Clusters {
		if c.Name == cluster {
			return c.VIP.Holders
		}
	}
	return nil
}

// Node finds a node by its name.
func (s Status) Node(name string) Node {
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			if n.Name == name {
				return n
			}
		}
	}
	return Node{}
}

// HolderOf is the one node that holds the cluster's VIP.
func (l *Lab) HolderOf(t testing.TB, cluster string) string {
	t.Helper()
	holders := l.Status(t).Holders(cluster)
	if len(holders) != 1 {
		t.Fatalf("the VIP of %s should have one holder, and has %v", cluster, holders)
	}
	return holders[0]
}

// awaitOneHolder waits until one node holds the VIP: while it moves it may be
// none or both.
func (l *Lab) awaitOneHolder(t testing.TB, cluster string) (holder string) {
	t.Helper()
	Eventually(t, 3*time.Second, "one node holds the VIP of "+cluster, func() (bool, string) {
		holders := l.Status(t).Holders(cluster)
		holder = strings.Join(holders, " and ")
		return len(holders) == 1, "holders " + holder
	})
	return holder
}

// Other is the other node of the same cluster of two.
func Other(node string) string {
	stem := node[:len(node)-1]
	if strings.HasSuffix(node, "1") {
		return stem + "2"
	}
	return stem + "1"
}

// poll is how often a condition is looked at.
const poll = 100 * time.Millisecond

// Eventually waits until the condition holds; the deadline makes it fail with
// the last reason that the condition gave.
func Eventually(t testing.TB, deadline time.Duration, what string, condition func() (bool, string)) {
	t.Helper()
	end := time.Now().Add(deadline)
	for {
		met, reason := condition()
		if met {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s; at last: %s", what, deadline, reason)
		}
		time.Sleep(poll)
	}
}

// AwaitReady waits until the lab is whole: one holder of each VIP, everything
// running, every server up.
func (l *Lab) AwaitReady(t testing.TB, deadline time.Duration) Status {
	t.Helper()
	var s Status
	Eventually(t, deadline, "lab "+l.Name+" is ready", func() (bool, string) {
		if s = l.Status(t); s.Ready {
			return true, ""
		}
		return false, l.Try(t, "status").Stdout
	})
	return s
}

// AwaitHolder waits until exactly that node holds the cluster's VIP.
func (l *Lab) AwaitHolder(t testing.TB, cluster, node string, deadline time.Duration) {
	t.Helper()
	Eventually(t, deadline, node+" holds the VIP of "+cluster, func() (bool, string) {
		holders := l.Status(t).Holders(cluster)
		return slices.Equal(holders, []string{node}), "holders " + strings.Join(holders, ", ")
	})
}
