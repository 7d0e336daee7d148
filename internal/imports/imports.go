// Package imports reads machines that run HAProxy and keepalived into a folder
// that halab lint and the lab read. It asks a shell script on each host, over one
// connection of the machine's own ssh, and changes nothing there. Private keys,
// passwords and tokens stay where they are: see remote/redact.awk.
package imports

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"halab/internal/daemonconf/inventory"
	"halab/internal/event"
	"halab/internal/problem"
)

// Options say which machines are read, and how.
type Options struct {
	Hosts []string // as ssh knows them
	Sudo  bool     // read by sudo, which must ask for no password
	Tell  event.Sink
}

// CheckHosts says what is wrong with the names of hosts, before anything is asked.
// One that begins with a dash would be an option of ssh.
func CheckHosts(hosts []string) error {
	for i, h := range hosts {
		switch {
		case h == "" || strings.ContainsAny(h, " \t\r\n\x00"):
			return fmt.Errorf("HOST cannot be %q: it is a name that ssh knows, or USER@NAME", h)
		case h[0] == '-' || strings.Contains(h, "@-"):
			return fmt.Errorf("HOST cannot be %q: a host's name does not begin with a dash", h)
		case slices.Contains(hosts[:i], h):
			return fmt.Errorf("HOST %s is there twice", h)
		}
	}
	return nil
}

// Read reads all machines at once. It gives all of them or an error: half a pair
// can't be judged.
func Read(ctx context.Context, o Options) ([]*Node, error) {
	if err := CheckHosts(o.Hosts); err != nil {
		return nil, err
	}
	salt := nonce(16)
	nodes, errs := make([]*Node, len(o.Hosts)), make([]error, len(o.Hosts))
	var all sync.WaitGroup
	for i, host := range o.Hosts {
		all.Go(func() {
			end := o.Tell.Begin(host, "import", "connecting")
			nodes[i], errs[i] = read(ctx, host, salt, o)
			end(errs[i])
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return nodes, give(nodes)
}

func nonce(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func read(ctx context.Context, host, salt string, o Options) (*Node, error) {
	conn, err := dial(ctx, host, salt, o.Sudo)
	if err != nil {
		return nil, err
	}
	n := &Node{Record: inventory.New(), files: map[string]*taken{}}
	n.Record.Host, n.Record.Time = host, time.Now().UTC().Truncate(time.Second)
	t := &taker{remote: conn, node: n, sudo: o.Sudo, tell: func(path string) { o.Tell.Update(host, "import", path) }}
	if err := t.everything(); err != nil {
		conn.stop(err)
		_ = conn.close() // it is given up, for a reason that is known
		return nil, err
	}
	if err := conn.close(); err != nil {
		return nil, fmt.Errorf("%s: the connection did not end in order: %w", host, err)
	}
	if err := n.standIns(); err != nil {
		return nil, fmt.Errorf("%s: %w", host, err)
	}
	return n, nil
}

const nowhere = "it does not run, and there is no file of its own in /etc"

func (t *taker) everything() error {
	r := &t.node.Record
	lines, err := t.ask("about", "", "")
	if err != nil {
		return err
	}
	for _, what := range readMachine(lines, r) {
		if what != "ip" {
			return problem.New("%s has no %s, without which passwords can't be replaced there", t.host, what).
				Cure("install it: it is part of every distribution (coreutils, mawk, busybox)")
		}
		t.missing("interfaces and routes", "there is no command ip")
	}
	t.tell("its processes")
	if lines, err = t.ask("daemons", "", ""); err != nil {
		return err
	}
	running, installed := readDaemons(lines)
	k, kroot, err := t.daemon("keepalived", running, installed)
	if err != nil {
		return err
	}
	h, hroot, err := t.daemon("haproxy", running, installed)
	if err != nil {
		return err
	}
	if len(k.Files)+len(h.Files) == 0 {
		return problem.New("%s has neither HAProxy nor keepalived: none runs, and there is no file of theirs in /etc", t.host).
			Cure("is it the right host? it calls itself " + r.Hostname)
	}
	if len(k.Files) == 0 {
		t.missing("keepalived", nowhere)
	}
	if len(h.Files) == 0 {
		t.missing("HAProxy", nowhere)
	}
	r.Keepalived = k
	if err := t.keepalived(&r.Keepalived, kroot); err != nil {
		return err
	}
	r.HAProxy = h
	return t.haproxy(&r.HAProxy, hroot)
}

// give names the nodes' folders after the machines. Machines that call
// themselves alike (localhost) are named as ssh knows them.
func give(nodes []*Node) error {
	names := map[string]int{}
	short := func(n *Node) string { name, _, _ := strings.Cut(n.Record.Hostname, "."); return plain(name) }
	for _, n := range nodes {
		names[short(n)]++
	}
	used := map[string]string{}
	for _, n := range nodes {
		n.Record.Name = short(n)
		if names[n.Record.Name] > 1 || n.Record.Name == "" || n.Record.Name == "localhost" {
			n.Record.Name = plain(n.Record.Host[strings.LastIndex(n.Record.Host, "@")+1:])
		}
		if other, ok := used[n.Record.Name]; ok {
			return problem.New("%s and %s would have the same folder, %s", other, n.Record.Host, n.Record.Name).
				Cure("give them names of their own in ~/.ssh/config")
		}
		used[n.Record.Name] = n.Record.Host
	}
	return nil
}

// plain is a name that is good for a folder.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, name)
	return strings.Trim(name, "-.")
}

// names lists the node's files by their paths.
func (n *Node) names() []string { return slices.Sorted(maps.Keys(n.files)) }
