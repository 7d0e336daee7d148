package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// Names are what the lab will be called by on its engine and its host.
type Names struct {
	Containers, Networks, Volumes, Interfaces []string
}

// names looks for somebody else's objects that have the lab's names. A volume
// would be used as it is, a container refused in the middle of up.
func (f Facts) names() []Finding {
	var all []Finding
	taken := func(kind, name, owner, remove string) {
		whose := "which no lab made"
		if owner != "" {
			whose = "of lab " + owner
		}
		all = append(all, matters("names", Failure, fmt.Sprintf("there is a %s %s already, %s", kind, name, whose),
			"this lab's own would have the same name").cure("give this lab another name", "halab up --name two").cure("or remove it", remove+" "+name))
	}
	foreign := func(labels map[string]string, name string, wanted []string) bool {
		return labels[engine.LabelLab] != f.Lab && slices.Contains(wanted, name)
	}
	for _, c := range f.Others {
		if foreign(c.Labels, c.Name, f.Names.Containers) {
			taken("container", c.Name, c.Labels[engine.LabelLab], "docker rm -f")
		}
	}
	for _, n := range f.Networks {
		if foreign(n.Labels, n.Name, f.Names.Networks) {
			taken("network", n.Name, n.Labels[engine.LabelLab], "docker network rm")
		}
	}
	for _, v := range f.Volumes {
		if foreign(v.Labels, v.Name, f.Names.Volumes) {
			taken("volume", v.Name, v.Labels[engine.LabelLab], "docker volume rm")
		}
	}
	if f.sees() {
		for _, i := range f.Interfaces {
			if !slices.Contains(f.Names.Interfaces, i.Name) || i.Alias == agentapi.InterfaceAlias(f.Lab) || f.half(i) {
				continue
			}
			owner, labelled := strings.CutPrefix(i.Alias, agentapi.InterfaceAlias(""))
			if !labelled {
				owner = ""
			}
			taken("network interface", i.Name, owner, "ip link delete")
		}
	}
	if len(all) == 0 {
		all = append(all, found("names", OK, "the lab's names are free, or its own"))
	}
	return all
}

// half: an interface without an alias may be one end of the lab's own pair, as an
// interrupted up leaves it. Then the other end has the alias, and the helper on
// the host looks closer.
func (f Facts) half(i Interface) bool {
	return i.Alias == "" && slices.ContainsFunc(f.Interfaces, func(o Interface) bool {
		return o.Name != i.Name && slices.Contains(f.Names.Interfaces, o.Name) && o.Alias == agentapi.InterfaceAlias(f.Lab)
	})
}

// elsewhere refuses to move a lab that is there to another subnet: its
// containers would all be made anew, which nobody asked for by a name.
func (f Facts) elsewhere() []Finding {
	var all []Finding
	for _, n := range f.Networks {
		if n.Labels[engine.LabelLab] != f.Lab || len(n.Subnets) == 0 || slices.Contains(n.Subnets, f.Subnet) {
			continue
		}
		all = append(all, matters("subnet", Failure, fmt.Sprintf("lab %s is there already, on %s", f.Lab, n.Subnets[0]),
			fmt.Sprintf("on %s it would be another lab of the same name", f.Subnet)).
			cure("take it down first", "halab down --name "+f.Lab).cure("or give this one another name: --name two"))
	}
	return all
}

// sharing is the API of the first engine whose macvlan networks may share a
// parent (Docker Engine 27).
const sharingMinor = 46

// shared looks for another network on the parent, where the engine takes one
// alone.
func (f Facts) shared() []Finding {
	major, minor, _ := strings.Cut(f.Engine.APIVersion, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil || a > minimumMajor || b >= sharingMinor {
		return nil
	}
	var all []Finding
	for _, n := range f.Networks {
		if n.Driver != "macvlan" || n.Options["parent"] != f.Parent || n.Labels[engine.LabelLab] == f.Lab {
			continue
		}
		whose := "Docker network " + n.Name
		if lab := n.Labels[engine.LabelLab]; lab != "" {
			whose = "lab " + lab
		}
		all = append(all, matters("parent", Failure, fmt.Sprintf("the parent interface %s is that of %s", f.Parent, whose),
			fmt.Sprintf("an engine of version %s allows one macvlan network on a parent", cmp.Or(f.Engine.Version, "before 27"))).
			cure("leave --parent out, and the lab makes one of its own; or name another interface"))
	}
	return all
}
