package composefile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/graph"
	"github.com/compose-spec/compose-go/v2/types"
)

// checkReferences finds names in the services that lead nowhere, and settings
// that exclude each other: compose-go finds them too, but one at a time and
// without their place.
func (l *loader) checkReferences(p *types.Project) {
	before := len(l.findings)
	for _, name := range p.ServiceNames() {
		l.checkServiceReferences(p, p.Services[name])
	}
	if len(l.findings) > before {
		return // the circle would be looked for along paths that lead nowhere
	}
	if err := graph.CheckCycle(p); err != nil {
		l.wrong([]string{"services"}, clean(err), "neither could start first", "break the circle: depends_on, network_mode, pid")
	}
}

func (l *loader) checkServiceReferences(p *types.Project, s types.ServiceConfig) {
	at := func(more ...string) []string { return append([]string{"services", s.Name}, more...) }
	services := p.ServiceNames()
	if s.Image == "" && s.Build == nil {
		l.wrong(at("image"), fmt.Sprintf("service %s has no image", s.Name), "there is nothing to run", "name one: image")
	}
	if s.NetworkMode != "" && len(s.Networks) > 0 {
		l.wrong(at("network_mode"), fmt.Sprintf("service %s has network_mode and networks", s.Name), "they exclude each other", "remove one of them")
	}
	for _, mode := range []struct{ field, value string }{{"network_mode", s.NetworkMode}, {"pid", s.Pid}} {
		other, ok := strings.CutPrefix(mode.value, "service:")
		if _, found := p.Services[other]; ok && !found {
			l.dangling(at(mode.field), fmt.Sprintf("service %s joins service %q", s.Name, other), "service", other, services)
		}
	}
	for _, other := range slices.Sorted(maps.Keys(s.DependsOn)) {
		_, found := p.Services[other]
		implied := s.NetworkMode == "service:"+other || s.Pid == "service:"+other
		if _, disabled := p.DisabledServices[other]; !found && !disabled && !implied {
			l.dangling(at("depends_on", other), fmt.Sprintf("service %s depends on service %q", s.Name, other), "service", other, services)
		}
	}
	for _, network := range slices.Sorted(maps.Keys(s.Networks)) {
		if _, ok := p.Networks[network]; !ok {
			l.dangling(at("networks", network), fmt.Sprintf("service %s is on network %q", s.Name, network), "network", network, p.NetworkNames())
		}
	}
	l.checkMountReferences(p, s)
}

// checkMountReferences finds volumes that there are not, and paths that two
// mounts claim.
func (l *loader) checkMountReferences(p *types.Project, s types.ServiceConfig) {
	claimed := map[string]bool{}
	claim := func(target string, path ...string) {
		if claimed[target] {
			l.wrong(append([]string{"services", s.Name}, path...), fmt.Sprintf("service %s mounts %s twice", s.Name, target), "only one of the two could be seen", "remove one of them")
		}
		claimed[target] = true
	}
	for i, t := range s.Tmpfs {
		target, _, _ := strings.Cut(t, ":")
		claim(target, "tmpfs", fmt.Sprint(i))
	}
	for i, v := range s.Volumes {
		claim(v.Target, "volumes", fmt.Sprint(i))
		if v.Type != types.VolumeTypeVolume || v.Source == "" {
			continue
		}
		if _, ok := p.Volumes[v.Source]; !ok {
			l.dangling([]string{"services", s.Name, "volumes", fmt.Sprint(i)}, fmt.Sprintf("service %s mounts volume %q", s.Name, v.Source), "volume", v.Source, p.VolumeNames())
		}
	}
}

// dangling notes a name that leads nowhere.
func (l *loader) dangling(path []string, what, kind, name string, known []string) {
	cure := fmt.Sprintf("describe it under %ss, or correct the name", kind)
	if close := suggestField(name, known); close != "" {
		cure = "did you mean " + close + "?"
	}
	l.wrong(path, what, fmt.Sprintf("the file has no such %s", kind), cure)
	l.hush(path)
}
