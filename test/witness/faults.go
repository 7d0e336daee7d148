package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
)

// faults are what the witness watches: the words of halab, with VIP for the
// name of the VIP and CLUSTER for that of the cluster.
var faults = []struct{ name, words string }{
	{"keepalived stop", "fail VIP keepalived"},
	{"haproxy kill", "fail VIP haproxy --how kill"},
	{"haproxy stop", "fail VIP haproxy"},
	{"haproxy hang", "fail VIP haproxy --how hang"},
	{"node crash", "fail VIP node --how kill"},
	{"node freeze", "fail VIP node --how hang"},
	{"app stop", "fail VIP app"},
	{"app kill", "fail VIP app --how kill"},
	{"app hang", "fail VIP app --how hang"},
	{"switch", "switch CLUSTER"},
}

// witness knows the lab it watches.
type witness struct {
	halab, cluster string
	repeat, rate   int
	name, vip, leg string
}

// commandTime bounds a call of halab.
const commandTime = time.Minute

// do runs halab.
func (w *witness) do(ctx context.Context, args ...string) error {
	_, err := w.ask(ctx, args...)
	return err
}

func (w *witness) ask(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.halab, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("halab %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out, err
}

// find reads who the lab's VIP is, and which address of this machine is on its
// network: without one nothing is sent.
func (w *witness) find(ctx context.Context) error {
	out, err := w.ask(ctx, "status", "--json")
	if err != nil {
		return err
	}
	var status struct {
		Clusters []struct {
			Name string `json:"name"`
			VIP  struct{ Name, Address string }
		} `json:"clusters"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		return fmt.Errorf("what halab status says: %w", err)
	}
	for _, c := range status.Clusters {
		if c.Name == w.cluster {
			w.name, w.vip = c.VIP.Name, c.VIP.Address
		}
	}
	if w.vip == "" {
		return fmt.Errorf("the lab has no cluster %q", w.cluster)
	}
	w.leg, err = legTo(w.vip)
	return err
}

// legTo finds this machine's address on the network of another address.
func legTo(vip string) (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.Contains(net.ParseIP(vip)) {
			return n.IP.String(), nil
		}
	}
	return "", fmt.Errorf("this machine has no address on the network of %s\n  make one:  halab network up", vip)
}

// words are the arguments of a fault.
func (w *witness) words(text string) []string {
	return strings.Fields(strings.NewReplacer("VIP", w.name, "CLUSTER", w.cluster).Replace(text))
}
