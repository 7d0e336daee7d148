package preflight

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/base"
	"halab/internal/engine"
)

func (f Facts) engine() Finding {
	what := fmt.Sprintf("version %s on Linux %s, %d CPUs, cgroup v%s", f.Engine.Version, f.Engine.Kernel, f.Engine.CPUs, f.Engine.CgroupVersion)
	if f.Engine.OS != "" && f.Engine.OS != "linux" {
		return matters("engine", Failure, "the engine runs on "+f.Engine.OS, "network namespaces, macvlan and VRRP are Linux's").
			cure("use a Docker Engine on Linux: --host ssh://user@machine")
	}
	return found("engine", OK, what)
}

// minimumAPI is that of Docker Engine 20.10.
const minimumMajor, minimumMinor = 1, 41

func (f Facts) api() Finding {
	what := "API " + f.Engine.APIVersion
	major, minor, _ := strings.Cut(f.Engine.APIVersion, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	switch {
	case errA != nil || errB != nil:
		return matters("api", Unknown, fmt.Sprintf("the engine calls its API version %q", f.Engine.APIVersion), "it is none that is known")
	case a < minimumMajor || a == minimumMajor && b < minimumMinor:
		return matters("api", Failure, what, "halab needs 1.41 or newer (Docker Engine 20.10)").cure("install a newer engine", "apt-get install docker.io")
	}
	return found("api", OK, what)
}

func (f Facts) macvlan() Finding {
	drivers := f.Engine.NetworkDrivers
	switch {
	case len(drivers) > 0 && !slices.Contains(drivers, "macvlan"):
		return matters("macvlan", Failure, "the engine has no network driver macvlan, only "+strings.Join(drivers, ", "), "the lab's network is made with it").
			cure("use a Docker Engine on Linux that has it; it is a part of every release since 1.12")
	case f.Local && f.Macvlan == No:
		return matters("macvlan", Failure, "the kernel "+f.Engine.Kernel+" has no macvlan", "the lab's network is made of macvlan interfaces").
			cure("load it", "modprobe macvlan").cure("or boot a kernel that has it (CONFIG_MACVLAN)")
	case f.Local && f.Macvlan == Yes:
		return found("macvlan", OK, "macvlan is in the kernel and in the engine")
	}
	return found("macvlan", Unknown, "the engine has the driver macvlan; whether its kernel has it is seen when the network is made")
}

// subnet looks for every user of the lab's subnet but the lab itself.
func (f Facts) subnet() []Finding {
	var all []Finding
	taken := func(owner string) Finding {
		return matters("subnet", Failure, fmt.Sprintf("the subnet %s is in use by %s", f.Subnet, owner), "a request to one of its addresses could go there")
	}
	const move = "halab up --subnet 192.168.77.0/24"
	for _, n := range f.Networks {
		lab, ours := n.Labels[engine.LabelLab], n.Labels[engine.LabelLab] == f.Lab
		for _, used := range n.Subnets {
			switch {
			case ours || !used.Overlaps(f.Subnet):
			case lab != "":
				all = append(all, taken(fmt.Sprintf("lab %s (network %s, %s)", lab, n.Name, used)).
					cure("take that lab down", "halab down --name "+lab).cure("or move the lab", move))
			default:
				all = append(all, taken(fmt.Sprintf("the Docker network %s (%s)", n.Name, used)).
					cure("remove it", "docker network rm "+n.Name).cure("or move the lab", move))
			}
		}
	}
	if f.sees() {
		f.subnetOnHost(func(owner string) { all = append(all, taken(owner).cure("move the lab", move)) })
	}
	all = append(all, f.elsewhere()...)
	if len(all) == 0 {
		all = append(all, found("subnet", OK, "the subnet "+f.Subnet.String()+" is free, or the lab's own"))
	}
	return all
}

// subnetOnHost finds users of the subnet among the host's interfaces and
// routes. An interface is found once, by its address or else by its route.
func (f Facts) subnetOnHost(taken func(owner string)) {
	found := map[string]bool{}
	for _, i := range f.Interfaces {
		if f.ours(i) {
			found[i.Name] = true
			continue
		}
		for _, a := range i.Addresses {
			if a.Overlaps(f.Subnet) && !found[i.Name] {
				found[i.Name] = true
				taken(fmt.Sprintf("the host's interface %s (%s)", i.Name, a))
			}
		}
	}
	for _, r := range f.Routes {
		if r.To.Bits() > 0 && r.To.Overlaps(f.Subnet) && !found[r.Interface] && !f.bridges(r.To) {
			found[r.Interface] = true
			taken(fmt.Sprintf("a route of the host to %s through %s", r.To, r.Interface))
		}
	}
}

// ours says whether an interface is the lab's own, or the parent that was
// named: that one may well be on the subnet.
func (f Facts) ours(i Interface) bool {
	return i.Alias == agentapi.InterfaceAlias(f.Lab) || !f.Own && i.Name == f.Parent
}

// bridges says whether a route belongs to a Docker network, which is told of by
// its name.
func (f Facts) bridges(to netip.Prefix) bool {
	return slices.ContainsFunc(f.Networks, func(n engine.Network) bool { return slices.Contains(n.Subnets, to) })
}

func (f Facts) parent() []Finding {
	if shared := f.shared(); len(shared) > 0 {
		return shared
	}
	return []Finding{f.parentThere()}
}

func (f Facts) parentThere() Finding {
	switch {
	case f.Own:
		return found("parent", OK, "the lab makes a parent interface of its own, "+f.Parent)
	case !f.sees():
		return found("parent", Unknown, "the parent interface "+f.Parent+" is on another machine, or in another network namespace")
	}
	var names []string
	for _, i := range f.Interfaces {
		if i.Name == f.Parent {
			return found("parent", OK, "the parent interface "+f.Parent+" is there")
		}
		names = append(names, i.Name)
	}
	return matters("parent", Failure, "the host has no interface "+f.Parent, "--parent names the interface under the lab's network").
		cure("name one of " + strings.Join(names, ", ") + ", or leave --parent out")
}

// Sizes below which the disk is too full.
const (
	leastFree = 500 << 20 // bytes; no image can be built
	goodFree  = 2 << 30   // bytes; the images of two bases
)

func (f Facts) disk() Finding {
	if !f.Local || f.Free < 0 {
		return found("disk", Unknown, "the engine's disk is on another machine")
	}
	what := fmt.Sprintf("%.1f GB free at %s", float64(f.Free)/1e9, f.Engine.DataRoot)
	room := func(f Finding) Finding { return f.cure("make room", "docker image prune", "docker builder prune") }
	switch {
	case f.Free < leastFree:
		return room(matters("disk", Failure, what, "the images need more"))
	case f.Free < goodFree:
		return room(matters("disk", Warning, what, "building all images may need 2 GB"))
	}
	return found("disk", OK, what)
}

// base says where images can come from.
func (f Facts) base() Finding {
	want, err := base.Named(f.Base)
	here := err == nil && f.serves(want)
	if f.Base == base.Auto {
		here = slices.ContainsFunc(base.All(), func(b base.Base) bool {
			return (b.ID == base.CentOS7 || b.ID == base.Debian12) && f.serves(b)
		})
		want.Title = "Debian 12"
	}
	switch {
	case here:
		return found("base", OK, fmt.Sprintf("base %s: images can be had", f.Base))
	case f.Base == base.CentOS7:
		return matters("base", Warning, "the image of CentOS 7 is not here", "it has to be pulled when the images are built").
			cure("pull it", "docker pull centos:7").cure("or use Debian: --base debian12")
	case f.Mmdebstrap:
		return found("base", OK, fmt.Sprintf("no base image is here; %s can be made with mmdebstrap", want.Title))
	}
	return matters("base", Warning, "neither a base image nor mmdebstrap is here", "the images can be built only if a base image can be pulled").
		cure("install it", "apt-get install mmdebstrap")
}

// serves says whether an image is here that a base's images can be built on.
func (f Facts) serves(b base.Base) bool {
	prefixes := append([]string{"halab/node:" + b.ID, "halab/base:" + b.ID}, b.Public...)
	return slices.ContainsFunc(f.Images, func(image string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(image, p) })
	})
}

func (f Facts) leftovers() Finding {
	states := map[engine.State]int{}
	helpers := 0
	for _, c := range f.Containers {
		states[c.State]++
		if c.Labels[engine.LabelService] == "helper" {
			helpers++
		}
	}
	var parts []string
	for _, s := range []engine.State{engine.StateRunning, engine.StatePaused, engine.StateExited, engine.StateCreated, engine.StateDead} {
		if states[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", states[s], s))
		}
	}
	what := "the lab's containers: " + strings.Join(parts, ", ")
	left := func(why string) Finding {
		return matters("leftovers", Warning, what, why).cure("take it from there", "halab up").cure("or remove it", "halab down")
	}
	switch {
	case len(f.Containers) == 0:
		return found("leftovers", OK, "nothing of lab "+f.Lab+" is on the engine")
	case helpers > 0 && states[engine.StateRunning] == 0:
		return left("a helper was left behind by a run that was interrupted")
	case states[engine.StateCreated] > 0 || states[engine.StateDead] > 0:
		return left("an up was interrupted")
	}
	return found("leftovers", OK, what)
}
