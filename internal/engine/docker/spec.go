package docker

import (
	"math"
	"sort"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"halab/internal/engine"
)

// creation is the body of a request to make a container.
type creation struct {
	config     *container.Config
	host       *container.HostConfig
	networking *network.NetworkingConfig
}

// containerCreation turns what is wanted into the request's words for an API
// version. It is pure.
func containerCreation(spec engine.ContainerSpec, version string) creation {
	config := &container.Config{
		Hostname:   spec.Hostname,
		User:       spec.User,
		Env:        spec.Env,
		Cmd:        spec.Command,
		Entrypoint: spec.Entrypoint,
		Image:      spec.Image,
		Labels:     spec.Labels,
		Tty:        spec.TTY,
		StopSignal: spec.StopSignal,
	}
	if spec.StopGrace > 0 {
		config.StopTimeout = new(wholeSeconds(spec.StopGrace))
	}
	host := &container.HostConfig{
		NetworkMode:    container.NetworkMode(spec.NetworkMode),
		PidMode:        container.PidMode(spec.PIDMode),
		ExtraHosts:     spec.ExtraHosts,
		CapAdd:         spec.CapAdd,
		CapDrop:        spec.CapDrop,
		SecurityOpt:    spec.SecurityOpt,
		Sysctls:        spec.Sysctls,
		ReadonlyRootfs: spec.ReadOnly,
		Tmpfs:          spec.Tmpfs,
		Mounts:         mounts(spec.Mounts),
		AutoRemove:     spec.AutoRemove,
		LogConfig:      container.LogConfig{Type: spec.LogDriver, Config: spec.LogOpts},
		Resources:      resources(spec),
	}
	if spec.Init {
		host.Init = new(true)
	}
	if spec.PidsLimit > 0 {
		host.PidsLimit = new(spec.PidsLimit)
	}
	if versions.LessThan(version, endpointMACAPI) {
		//lint:ignore SA1019 it is the only place for it before API 1.44
		config.MacAddress = spec.MAC
	}
	return creation{config: config, host: host, networking: endpoint(spec, version)}
}

// endpoint is the container's place on a network of its own, or nil where it
// has none: the host's, another container's, or none at all.
func endpoint(spec engine.ContainerSpec, version string) *network.NetworkingConfig {
	mode := container.NetworkMode(spec.NetworkMode)
	if mode == "" || !mode.IsUserDefined() {
		return nil
	}
	settings := &network.EndpointSettings{}
	switch {
	case spec.Address.Is4():
		settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: spec.Address.String()}
	case spec.Address.IsValid():
		settings.IPAMConfig = &network.EndpointIPAMConfig{IPv6Address: spec.Address.String()}
	}
	if !versions.LessThan(version, endpointMACAPI) {
		settings.MacAddress = spec.MAC
	}
	return &network.NetworkingConfig{
		EndpointsConfig: map[string]*network.EndpointSettings{spec.NetworkMode: settings},
	}
}

func mounts(wanted []engine.Mount) []mount.Mount {
	var all []mount.Mount
	for _, m := range wanted {
		all = append(all, mount.Mount{
			Type:     mount.Type(m.Type),
			Source:   m.Source,
			Target:   m.Target,
			ReadOnly: m.ReadOnly,
		})
	}
	return all
}

// wholeSeconds rounds up, so that a grace period is never shorter than asked.
func wholeSeconds(d time.Duration) int {
	return int(math.Ceil(d.Seconds()))
}

// labelFilters turns a filter into "label" or "label=value", sorted.
func labelFilters(filter engine.Filter) []string {
	all := make([]string, 0, len(filter))
	for label, value := range filter {
		if value != "" {
			label += "=" + value
		}
		all = append(all, label)
	}
	sort.Strings(all)
	return all
}

// resources maps the limits of a container.
func resources(spec engine.ContainerSpec) container.Resources {
	r := container.Resources{CPUShares: spec.CPUShares, Memory: spec.Memory, CgroupParent: spec.CgroupParent}
	if spec.RealtimeUs > 0 {
		r.CPURealtimeRuntime, r.CPURealtimePeriod = spec.RealtimeUs, time.Second.Microseconds()
	}
	return r
}
