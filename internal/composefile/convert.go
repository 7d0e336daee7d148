package composefile

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"halab/internal/engine"
	"halab/internal/topology"
)

// containers converts every service: the nodes' in the lab's order, then the
// client, then the rest by name.
func (b *builder) containers() []Wanted {
	names := b.project.ServiceNames()
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(b.place(x), b.place(y)) })
	all := make([]Wanted, 0, len(names))
	for _, name := range names {
		all = append(all, b.container(b.project.Services[name]))
	}
	return all
}

// place is where a service stands in the order of containers.
func (b *builder) place(service string) int {
	r, ok := b.roles[service]
	switch {
	case !ok:
		return 1 << 20
	case r.node == nil:
		return 1 << 19
	}
	return r.rank*10 + slices.Index(topology.Services(), r.service)
}

// container converts one service.
func (b *builder) container(s types.ServiceConfig) Wanted {
	r, known := b.roles[s.Name]
	labels := maps.Clone(map[string]string(s.Labels))
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, b.labels(optional(r, known)))
	if !known {
		labels[engine.LabelService] = serviceExtra
	}
	spec := engine.ContainerSpec{
		Name: b.named(s.Name), Image: s.Image, Entrypoint: s.Entrypoint, Command: s.Command,
		Env: b.env(s, r, known), Labels: labels, Hostname: s.Hostname, User: s.User,
		PIDMode: b.namespace(s.Pid), ExtraHosts: slices.Sorted(slices.Values(s.ExtraHosts.AsList(":"))),
		CapAdd: s.CapAdd, CapDrop: s.CapDrop, SecurityOpt: s.SecurityOpt, Sysctls: s.Sysctls,
		ReadOnly: s.ReadOnly, Init: s.Init != nil && *s.Init, CPUShares: s.CPUShares,
		Memory: int64(s.MemLimit), PidsLimit: s.PidsLimit, StopSignal: s.StopSignal, TTY: s.Tty,
	}
	b.attach(&spec, s)
	b.mounts(&spec, s)
	if s.StopGracePeriod != nil {
		spec.StopGrace = time.Duration(*s.StopGracePeriod)
	}
	if s.Logging != nil {
		spec.LogDriver, spec.LogOpts = s.Logging.Driver, s.Logging.Options
	}
	w := Wanted{Service: s.Name, Spec: spec, DependsOn: slices.Sorted(maps.Keys(s.DependsOn))}
	w.Endpoint = b.endpoint(s.Name)
	w.Spec.Endpoint = w.Endpoint
	return w
}

// env is a service's environment with what halab adds, sorted.
func (b *builder) env(s types.ServiceConfig, r role, known bool) []string {
	values := map[string]string{}
	for k, v := range s.Environment {
		if v != nil {
			values[k] = *v
		}
	}
	if known {
		maps.Copy(values, b.environment(r))
	}
	var env []string
	for _, k := range slices.Sorted(maps.Keys(values)) {
		env = append(env, k+"="+values[k])
	}
	return env
}

// named is the name of a container, network or volume of the lab.
func (b *builder) named(key string) string { return b.lab.Name + "-" + key }

// namespace turns Compose's "service:X" into the engine's "container:LAB-X".
func (b *builder) namespace(mode string) string {
	if service, ok := strings.CutPrefix(mode, "service:"); ok {
		return "container:" + b.named(service)
	}
	return mode
}

// attach sets a container's network, address and MAC address.
func (b *builder) attach(spec *engine.ContainerSpec, s types.ServiceConfig) {
	spec.NetworkMode, spec.MAC = b.namespace(s.NetworkMode), s.MacAddress
	names := s.NetworksByPriority()
	if spec.NetworkMode != "" || len(names) == 0 {
		return
	}
	if len(names) > 1 {
		b.wrong([]string{"services", s.Name, "networks", names[1]}, fmt.Sprintf("service %s is on networks %s", s.Name, strings.Join(names, ", ")),
			"halab gives a container one interface", "leave one of them")
	}
	spec.NetworkMode = b.networkName(names[0], b.project.Networks[names[0]])
	if a := s.Networks[names[0]]; a != nil {
		spec.MAC = firstOf(a.MacAddress, spec.MAC)
		// parseAddress has its say where the address is a node's or the client's.
		spec.Address, _ = netip.ParseAddr(a.Ipv4Address)
		if a.Ipv4Address != "" && !spec.Address.IsValid() {
			b.parseAddress([]string{"services", s.Name, "networks", names[0], "ipv4_address"}, a.Ipv4Address)
		}
	}
}

// mounts sets a container's volumes, binds and memory disks.
func (b *builder) mounts(spec *engine.ContainerSpec, s types.ServiceConfig) {
	memory := map[string]string{}
	for _, t := range s.Tmpfs {
		path, options, _ := strings.Cut(t, ":")
		memory[path] = options
	}
	for i, v := range s.Volumes {
		path := []string{"services", s.Name, "volumes", fmt.Sprint(i)}
		b.checkMount(path, s.Name, v)
		switch v.Type {
		case types.VolumeTypeVolume:
			spec.Mounts = append(spec.Mounts, engine.Mount{Type: "volume", Source: b.volumeName(v.Source, b.project.Volumes[v.Source]), Target: v.Target, ReadOnly: v.ReadOnly})
		case types.VolumeTypeBind:
			spec.Mounts = append(spec.Mounts, engine.Mount{Type: "bind", Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly})
		case types.VolumeTypeTmpfs:
			memory[v.Target] = tmpfsOptions(v.Tmpfs)
		}
	}
	if len(memory) > 0 {
		spec.Tmpfs = memory
	}
}

// checkMount notes what halab can't do about a mount.
func (b *builder) checkMount(path []string, service string, v types.ServiceVolumeConfig) {
	refuse := func(what string) {
		b.wrong(path, fmt.Sprintf("service %s mounts %s with %s", service, v.Target, what), "halab has no way to do it, and without it the file would mean something else", "use a named volume, a path, or tmpfs, as it is")
	}
	switch v.Type {
	case types.VolumeTypeVolume:
		if v.Source == "" {
			refuse("a volume without a name")
		}
		if v.Volume != nil && (v.Volume.NoCopy || v.Volume.Subpath != "" || len(v.Volume.Labels) > 0) {
			refuse("nocopy, subpath or labels")
		}
	case types.VolumeTypeBind:
		if v.Bind != nil && (v.Bind.Propagation != "" || v.Bind.SELinux != "" || v.Bind.Recursive != "") {
			refuse("propagation, selinux or recursive")
		}
	case types.VolumeTypeTmpfs:
	default:
		refuse("type " + v.Type)
	}
}

// tmpfsOptions writes a memory disk's size and mode as mount(8) options.
func tmpfsOptions(t *types.ServiceVolumeTmpfs) string {
	var options []string
	if t != nil && t.Size > 0 {
		options = append(options, fmt.Sprintf("size=%d", int64(t.Size)))
	}
	if t != nil && t.Mode > 0 {
		options = append(options, fmt.Sprintf("mode=%04o", t.Mode))
	}
	return strings.Join(options, ",")
}
