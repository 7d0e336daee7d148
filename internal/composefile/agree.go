package composefile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"halab/internal/engine"
)

// checkSettings checks that what the file writes out agrees with what was asked
// for, and with the x-halab section: the containers are told by the one, and
// halab goes by the other.
func (b *builder) checkSettings() {
	b.checkNetworkSettings()
	for _, name := range b.project.ServiceNames() {
		service := b.project.Services[name]
		r, known := b.roles[name]
		if known {
			told := b.environment(r)
			for _, key := range slices.Sorted(maps.Keys(told)) {
				if v := service.Environment[key]; v != nil && *v != told[key] {
					b.disagrees([]string{"services", name, "environment", key}, "service "+name, key, *v, told[key])
				}
			}
		}
		b.checkLabels([]string{"services", name, "labels"}, "service "+name, service.Labels, b.labels(optional(r, known)))
		b.checkImage(name, service.Image)
	}
	for name, network := range b.project.Networks {
		b.checkLabels([]string{"networks", name, "labels"}, "network "+name, network.Labels, b.labels(nil))
	}
	for name, volume := range b.project.Volumes {
		b.checkLabels([]string{"volumes", name, "labels"}, "volume "+name, volume.Labels, b.labels(nil))
	}
}

func optional(r role, known bool) *role {
	if !known {
		return nil
	}
	return &r
}

// checkNetworkSettings checks --subnet and --parent against the file's network.
func (b *builder) checkNetworkSettings() {
	o, n := b.options, b.lab.Network
	if o.Subnet != "" && n.Subnet.IsValid() && n.Subnet.String() != o.Subnet {
		b.wrong([]string{"networks", n.Key, "ipam", "config", "0", "subnet"}, fmt.Sprintf("the subnet is %s, and --subnet asks for %s", n.Subnet, o.Subnet),
			"the file's addresses are written out, so they can't move", fmt.Sprintf("write them with ${%s}, as in ${%s:-192.168.99}.11, or leave --subnet away", varPrefix, varPrefix))
	}
	if o.Parent != "" && n.Parent != "" && n.Parent != o.Parent {
		b.wrong([]string{"networks", n.Key, "driver_opts", "parent"}, fmt.Sprintf("the parent interface is %s, and --parent asks for %s", n.Parent, o.Parent),
			"the file has it written out", fmt.Sprintf("write ${%s:-halab0} there, or leave --parent away", varParent))
	}
}

// checkLabels finds labels of halab's own that say something else.
func (b *builder) checkLabels(path []string, whose string, found, wanted map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if v, ok := found[key]; ok && v != wanted[key] {
			b.disagrees(append(slices.Clone(path), key), whose, key, v, wanted[key])
		}
	}
}

// disagrees notes a value that the file writes out and that is another one in
// truth.
func (b *builder) disagrees(path []string, whose, key, found, wanted string) {
	why := "by x-halab and the services' networks it must be " + fmt.Sprintf("%q", wanted)
	if flag, name := asked(key); flag != "" {
		why = fmt.Sprintf("the lab has %q (%s)", wanted, flag)
		b.wrong(path, fmt.Sprintf("%s has %s %q", whose, key, found), why, fmt.Sprintf("write ${%s:-%s} there, or remove it: halab adds it", name, found))
		return
	}
	b.wrong(path, fmt.Sprintf("%s has %s %q", whose, key, found), why, "correct the one or the other, or remove it here: halab adds it")
}

// asked is the flag and the variable that set what a label or an environment
// variable of this name says.
func asked(key string) (flag, variable string) {
	switch key {
	case engine.LabelLab, "HALAB_LAB":
		return "--name", varName
	case engine.LabelProfile, "HALAB_PROFILE":
		return "--profile", varProfile
	case engine.LabelBase:
		return "--base", varBase
	}
	return "", ""
}

// checkImage checks that halab's own images are of the lab's base.
func (b *builder) checkImage(service, image string) {
	name, tag, _ := strings.Cut(image, ":")
	if !strings.HasPrefix(name, "halab/") || b.lab.Base == "" || tag == b.lab.Base || strings.HasPrefix(tag, b.lab.Base+"-") {
		return
	}
	by := "as its first node has it"
	if b.options.Base != "" {
		by = "--base"
	}
	b.wrong([]string{"services", service, "image"}, fmt.Sprintf("service %s has image %s", service, image),
		fmt.Sprintf("the lab's base is %s (%s), and daemons of different ages make no pair", b.lab.Base, by), fmt.Sprintf("write %s:${%s:-%s}", name, varBase, b.lab.Base))
}
