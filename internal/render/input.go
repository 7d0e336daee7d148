// Package render makes haproxy.cfg and keepalived.conf of a node from embedded
// templates, for the version of the daemon that will read them. It is pure: the
// agent calls it inside an image, and halab calls it to show the same files
// without one.
package render

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/topology"
)

// DefaultInterface is the interface of a node that no variable names.
const DefaultInterface = "eth0"

// Member is a node of the cluster.
type Member struct {
	Name    string
	Address netip.Addr
}

// Input is all that the two files depend on, besides the daemon's version.
type Input struct {
	Lab       string
	Profile   topology.Profile
	Cluster   string
	Node      string   // this node
	Nodes     []Member // the cluster in order of VRRP rank
	VIP       netip.Prefix
	VIPName   string // name of the VRRP instance
	RouterID  int    // virtual_router_id, 1–255
	Interface string
	// Upstream says that the apps of this cluster ask another one, and so
	// need longer for an answer; empty for the last tier.
	Upstream string
	// Shared says that agentapi.RunDir is there, so that keepalived can follow
	// files in it. Without it keepalived follows nothing.
	Shared bool
	// Slow says that the node has stepped down: what is paced takes
	// agentapi.SlowTimes as long. The classic profile has no such times.
	Slow bool
}

// Rank is the place of the node in its cluster, 0 for the first, -1 when the
// node is not in the list.
func (in Input) Rank() int {
	for i, m := range in.Nodes {
		if m.Name == in.Node {
			return i
		}
	}
	return -1
}

// FromEnv reads the environment that agentapi describes. It reports every
// variable that is missing or wrong at once.
func FromEnv(getenv func(string) string) (Input, error) {
	r := reader{getenv: getenv}
	in := Input{
		Lab:       r.word(agentapi.EnvLab, "halab"),
		Profile:   topology.Profile(r.word(agentapi.EnvProfile, string(topology.ProfileFast))),
		Cluster:   r.word(agentapi.EnvCluster, ""),
		Node:      r.word(agentapi.EnvNode, ""),
		Nodes:     r.nodes(),
		VIP:       r.vip(),
		VIPName:   r.word(agentapi.EnvVIPName, ""),
		RouterID:  r.routerID(),
		Interface: r.word(agentapi.EnvInterface, DefaultInterface),
		Upstream:  r.upstream(),
		Shared:    true,
	}
	if in.Profile != topology.ProfileFast && in.Profile != topology.ProfileClassic {
		r.fault(agentapi.EnvProfile, string(in.Profile), "a profile is fast or classic")
	}
	if in.Node != "" && len(in.Nodes) > 0 && in.Rank() < 0 {
		r.fault(agentapi.EnvNodes, getenv(agentapi.EnvNodes), "it does not list this node, "+in.Node)
	}
	for _, m := range in.Nodes {
		if in.VIP.IsValid() && m.Address == in.VIP.Addr() {
			r.fault(agentapi.EnvVIP, in.VIP.String(), "it is the address of "+m.Name+" too; a VIP needs an address of its own")
		}
	}
	if len(r.faults) > 0 {
		return Input{}, fmt.Errorf("the environment does not describe a node:\n%w", errors.Join(r.faults...))
	}
	return in, nil
}

// reader collects what is wrong while it reads.
type reader struct {
	getenv func(string) string
	faults []error
}

func (r *reader) fault(name, value, why string) {
	if value == "" {
		r.faults = append(r.faults, fmt.Errorf("  %s is not set: %s", name, why))
		return
	}
	r.faults = append(r.faults, fmt.Errorf("  %s=%q: %s", name, value, why))
}

// word reads a name. Only characters that mean nothing to either daemon's
// parser are let through, so that no value can add a line to a file.
func (r *reader) word(name, otherwise string) string {
	value := r.getenv(name)
	if value == "" {
		value = otherwise
	}
	if value == "" {
		r.fault(name, "", "set it to a name")
	} else if !isName(value) {
		r.fault(name, value, "a name has letters, digits, '.', '_' and '-' only")
	}
	return value
}

func isName(s string) bool {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 63
}

func (r *reader) nodes() []Member {
	value := r.getenv(agentapi.EnvNodes)
	const form = `write the cluster in order of rank, "frontend-01=192.168.99.11 frontend-02=192.168.99.12"`
	if strings.TrimSpace(value) == "" {
		r.fault(agentapi.EnvNodes, "", form)
		return nil
	}
	var members []Member
	names, addresses := map[string]bool{}, map[netip.Addr]bool{}
	for _, field := range strings.Fields(value) {
		name, text, found := strings.Cut(field, "=")
		address, err := netip.ParseAddr(text)
		switch {
		case !found || !isName(name):
			r.fault(agentapi.EnvNodes, field, form)
		case err != nil || !address.Is4():
			r.fault(agentapi.EnvNodes, field, "no IPv4 address after '='; "+form)
		case names[name] || addresses[address]:
			r.fault(agentapi.EnvNodes, field, "the name or the address is there twice")
		default:
			names[name], addresses[address] = true, true
			members = append(members, Member{Name: name, Address: address})
		}
	}
	if len(members) > 200 {
		r.fault(agentapi.EnvNodes, value, "a cluster has at most 200 nodes, because VRRP priorities end at 254")
	}
	return members
}

func (r *reader) vip() netip.Prefix {
	value := r.getenv(agentapi.EnvVIP)
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !prefix.Addr().Is4() {
		r.fault(agentapi.EnvVIP, value, "write an IPv4 address with its prefix length, 192.168.99.10/24")
		return netip.Prefix{}
	}
	return prefix
}

func (r *reader) routerID() int {
	value := r.getenv(agentapi.EnvRouterID)
	id, err := strconv.Atoi(value)
	if err != nil || id < 1 || id > 255 {
		r.fault(agentapi.EnvRouterID, value, "a virtual router has a number from 1 to 255 (RFC 5798, section 5.2.3)")
	}
	return id
}

func (r *reader) upstream() string {
	value := r.getenv(agentapi.EnvUpstream)
	if value == "" {
		return ""
	}
	if u, err := url.Parse(value); err != nil || u.Scheme != "http" || u.Host == "" {
		r.fault(agentapi.EnvUpstream, value, "write the URL to ask, http://192.168.99.20/backend, or leave it out")
	}
	return value
}
