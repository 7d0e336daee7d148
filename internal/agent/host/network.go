package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
	"halab/internal/problem"
)

// Network makes or removes a lab's interfaces on the engine's host, or only
// says which network namespace that is in. It runs in a helper container that has
// the host's network and NET_ADMIN.
func Network(args []string, out command.Output) error {
	if len(args) != 2 || !slices.Contains([]string{"up", "down", "look"}, args[0]) {
		return command.Usagef("network up|down|look JSON")
	}
	var request agentapi.NetworkRequest
	if err := json.Unmarshal([]byte(args[1]), &request); err != nil {
		return command.Usagef("network: the request is not JSON: %v", err)
	}
	w, err := newWiring(request)
	if err != nil {
		return err
	}
	w.reply.Namespace = agentapi.NetworkNamespace()
	act := map[string]func() error{"up": w.up, "down": w.down, "look": func() error { return nil }}[args[0]]
	if err := act(); err != nil {
		var p *problem.Problem
		if !errors.As(err, &p) {
			p = problem.New("%w", err).Cure("look on the engine's host; the helper needs the host's network and NET_ADMIN", "ip -d link")
		}
		w.reply.Problem = p
	}
	if err := json.NewEncoder(out.Answer).Encode(w.reply); err != nil {
		return err
	}
	if w.reply.Problem != nil {
		return w.reply.Problem
	}
	return nil
}

// wiring is one request being carried out.
type wiring struct {
	request agentapi.NetworkRequest
	alias   string
	subnet  netip.Prefix
	leg     netip.Addr
	reply   agentapi.NetworkReply
}

func newWiring(r agentapi.NetworkRequest) (*wiring, error) {
	w := &wiring{request: r, alias: agentapi.InterfaceAlias(r.Lab)}
	if r.Lab == "" || r.Parent == "" {
		return nil, command.Usagef("network: name the lab and the parent interface")
	}
	for _, name := range []string{r.Parent, r.Peer, r.Leg} {
		if len(name) > 15 {
			return nil, command.Usagef("network: %q is too long for an interface, which has at most 15 characters", name)
		}
	}
	var err error
	if r.Subnet != "" {
		if w.subnet, err = netip.ParsePrefix(r.Subnet); err != nil {
			return nil, command.Usagef("network: subnet: %v", err)
		}
	}
	if r.Leg != "" && r.LegIP != "" {
		if w.leg, err = netip.ParseAddr(r.LegIP); err != nil || !w.subnet.Contains(w.leg) {
			return nil, command.Usagef("network: %q is no address of the subnet %s", r.LegIP, r.Subnet)
		}
	}
	return w, nil
}

// find looks for an interface; nil is none.
func find(name string) (netlink.Link, error) {
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	return link, nil
}

// up makes what is missing and mends what is half made. It changes nothing
// where something stands in the way.
func (w *wiring) up() error {
	if err := w.checkSubnet(); err != nil {
		return err
	}
	if err := w.checkNames(); err != nil {
		return err
	}
	parent, err := w.parent()
	if err != nil {
		return err
	}
	if w.request.Leg == "" {
		return nil
	}
	return w.makeLeg(parent)
}

// checkNames refuses interfaces that have our names but are somebody else's.
func (w *wiring) checkNames() error {
	names := []string{w.request.Leg}
	if w.request.Peer != "" {
		names = append(names, w.request.Parent, w.request.Peer)
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		link, err := find(name)
		if err != nil {
			return err
		}
		if link != nil && link.Attrs().Alias != w.alias && !w.halfMade(link) {
			return problem.New("interface %s is on the host already and does not belong to lab %s (alias %q)", name, w.request.Lab, link.Attrs().Alias).
				Cure("give the lab another name with --name, or remove the interface", "ip link delete "+name)
		}
	}
	return nil
}

// halfMade: an end of a veth pair without an alias whose other end has ours, as
// an interrupted run leaves it.
func (w *wiring) halfMade(link netlink.Link) bool {
	if link.Attrs().Alias != "" || link.Type() != "veth" || link.Attrs().ParentIndex == 0 {
		return false
	}
	other, err := netlink.LinkByIndex(link.Attrs().ParentIndex)
	return err == nil && other.Attrs().Alias == w.alias
}

// parent finds or makes the interface under the macvlan network.
func (w *wiring) parent() (netlink.Link, error) {
	r := w.request
	parent, err := find(r.Parent)
	if err != nil {
		return nil, err
	}
	if r.Peer == "" {
		if parent == nil {
			return nil, problem.New("the host has no interface %s", r.Parent).
				Cure("name one of `ip -br link`, or leave --parent out: halab then makes a parent of its own")
		}
		return parent, nil
	}
	if parent != nil {
		if peer, err := find(r.Peer); err != nil || peer != nil {
			return parent, errors.Join(err, w.finishPair(parent, peer, &w.reply.Found))
		}
		// The name is there without its peer: not a pair that can be used.
		if err := netlink.LinkDel(parent); err != nil {
			return nil, fmt.Errorf("remove half a pair, %s: %w", r.Parent, err)
		}
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = r.Parent
	attributes.Alias = w.alias
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: r.Peer}); err != nil {
		return nil, fmt.Errorf("make the pair %s and %s: %w", r.Parent, r.Peer, err)
	}
	parent, err = netlink.LinkByName(r.Parent)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", r.Parent, err)
	}
	peer, err := netlink.LinkByName(r.Peer)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", r.Peer, err)
	}
	return parent, w.finishPair(parent, peer, &w.reply.Made)
}

// finishPair marks both ends as the lab's and switches them on: a macvlan on a
// parent without carrier sends nothing.
func (w *wiring) finishPair(parent, peer netlink.Link, list *[]string) error {
	for _, link := range []netlink.Link{parent, peer} {
		if err := w.finish(link); err != nil {
			return err
		}
		*list = append(*list, link.Attrs().Name)
	}
	return nil
}

// finish gives an interface the lab's alias and switches it on.
func (w *wiring) finish(link netlink.Link) error {
	name := link.Attrs().Name
	if link.Attrs().Alias != w.alias {
		if err := netlink.LinkSetAlias(link, w.alias); err != nil {
			return fmt.Errorf("mark %s as the lab's: %w", name, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("switch %s on: %w", name, err)
	}
	return nil
}
