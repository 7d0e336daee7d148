package preflight

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// HostFacts is what is known of one host of a lab.
type HostFacts struct {
	Node, Endpoint, Interface string
	Address                   netip.Addr
	RouterID                  int
	VIP                       netip.Addr   // of its cluster
	Peers                     []netip.Addr // the other nodes of its cluster

	Error      error // why the engine can't be used, with the node's name; nothing else is known then
	Arch       string
	Wanted     string // architecture of the images
	Version    string
	API        string
	Containers []engine.Container // with a lab's label, of any lab
	Lab        string

	Offset, Within time.Duration
	ClockKnown     bool

	Look    *agentapi.HostReply // nil: nobody looked there
	NoLook  string              // why
	Running bool                // the lab is up there, so that its peers must be heard
}

// clockLimit is how far a clock may be off before the order of log lines is
// worth a warning; they are corrected all the same.
const clockLimit = 500 * time.Millisecond

// found makes a finding that names the host.
func (f HostFacts) found(level Level, what, why string) Finding {
	return matters("host", level, f.Node+": "+what, why)
}

// Host judges the facts of one host. Every finding names it.
func Host(f HostFacts) []Finding {
	name := fmt.Sprintf("%s (%s)", f.Node, f.Endpoint)
	if f.Error != nil {
		return Of("host", f.Error)
	}
	all := []Finding{found("host", OK, fmt.Sprintf("%s: version %s, API %s, %s", name, f.Version, f.API, f.Arch))}
	add := func(level Level, what, why string) Finding {
		all = append(all, f.found(level, what, why))
		return all[len(all)-1]
	}
	if f.Wanted != "" && f.Arch != f.Wanted {
		add(Failure, "the architecture is "+f.Arch, "the images are of "+f.Wanted).cure("give the lab hosts of one architecture")
	}
	for _, other := range f.otherLabs() {
		add(Failure, "it has containers of lab "+other, "two labs on one host want the same ports").cure("take that lab down", "halab down --name "+other)
	}
	off, within := f.Offset.Round(100*time.Microsecond), f.Within.Round(100*time.Microsecond)
	switch {
	case !f.ClockKnown:
		add(Unknown, "its clock could not be read", "")
	case off.Abs() > clockLimit:
		add(Warning, "its clock is off by "+off.String(), "logs are put into order by the measured offset, to ±"+within.String()).cure("synchronise it", "apt-get install chrony")
	case off.Abs() <= within:
		add(OK, fmt.Sprintf("its clock is right, ±%s", within), "")
	default:
		add(OK, fmt.Sprintf("its clock is off by %s, ±%s", off, within), "")
	}
	return append(all, f.looked()...)
}

func (f HostFacts) otherLabs() []string {
	var labs []string
	for _, c := range f.Containers {
		if lab := c.Labels[engine.LabelLab]; lab != f.Lab && !slices.Contains(labs, lab) {
			labs = append(labs, lab)
		}
	}
	slices.Sort(labs)
	return labs
}

// looked judges what was found on the host itself.
func (f HostFacts) looked() []Finding {
	switch l := f.Look; {
	case l == nil:
		return []Finding{f.found(Unknown, "its interface was not looked at", f.NoLook)}
	case !l.Found:
		return []Finding{f.found(Failure, "it has no interface "+f.Interface, "the address and the VIP belong there").
			cure("name the right one in x-halab: ip -brief address shows them")}
	case !l.Up:
		return []Finding{f.found(Failure, "its interface "+f.Interface+" is down", "nothing can be sent there").
			cure("switch it on there, and look at the cable", "ip link set "+f.Interface+" up")}
	case !slices.Contains(l.Addresses, f.Address.String()):
		return []Finding{f.found(Failure, fmt.Sprintf("its interface %s does not have %s, only %s", f.Interface, f.Address, strings.Join(l.Addresses, ", ")),
			"the other nodes look for it there").cure("correct x-halab, or give it there", fmt.Sprintf("ip address add %s/24 dev %s", f.Address, f.Interface))}
	case len(l.Taken) > 0:
		return []Finding{f.found(Failure, fmt.Sprintf("somebody listens on TCP port %s already", numbers(l.Taken)), "HAProxy and the app want it on every address of the host").
			cure("end what has it", fmt.Sprintf("ss -ltnp 'sport = :%d'", l.Taken[0]))}
	case l.Problem != "":
		return []Finding{f.found(Failure, l.Problem, "keepalived moves the VIP and talks VRRP").
			cure("is the engine rootless, or do its users have another network namespace? Use one that runs as root")}
	}
	return append([]Finding{f.found(OK, fmt.Sprintf("%s is up and has %s", f.Interface, f.Address), "")}, f.vrrp()...)
}

// numbers lists ports.
func numbers(ports []int) string {
	words := make([]string, len(ports))
	for i, p := range ports {
		words[i] = strconv.Itoa(p)
	}
	return strings.Join(words, ", ")
}

// vrrp judges who was heard.
func (f HostFacts) vrrp() []Finding {
	var all []Finding
	peers, heard := 0, []string{}
	for _, h := range f.Look.Heard {
		from, err := netip.ParseAddr(h.From)
		switch {
		case err != nil:
		case slices.Contains(f.Peers, from):
			peers++
		case from != f.Address && h.RouterID == f.RouterID:
			all = append(all, f.found(Failure, fmt.Sprintf("%s sends VRRP with router ID %d, and is no node of the lab", h.From, h.RouterID),
				"two clusters with one router ID on a network take each other's VIP").cure("give the cluster another router_id in x-halab"))
		case from != f.Address:
			heard = append(heard, h.From+" (router ID "+strconv.Itoa(h.RouterID)+")")
		}
	}
	also := ""
	if len(heard) > 0 {
		also = "; also from " + strings.Join(heard, ", ")
	}
	if f.Running && peers == 0 && !slices.Contains(f.Look.Addresses, f.VIP.String()) {
		return append(all, f.found(Warning, "VRRP is heard from no node of its cluster"+also,
			"it has not the VIP, so the other one sends adverts that do not arrive").
			cure("is the network's multicast filtered (IGMP snooping, a firewall for protocol 112)? look there", "tcpdump -ni "+f.Interface+" proto 112"))
	}
	text := fmt.Sprintf("VRRP is heard from %d of its cluster", peers)
	if slices.Contains(f.Look.Addresses, f.VIP.String()) {
		text = fmt.Sprintf("it has the VIP %s, and is the one that sends VRRP", f.VIP)
	}
	return append(all, f.found(OK, text+also, ""))
}
