package composefile

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"halab/internal/engine"
)

// networkName is what a network of the file is called on the engine: as the
// file says, or after the lab.
func (b *builder) networkName(key string, n types.NetworkConfig) string {
	return b.resourceName(key, n.Name)
}

func (b *builder) volumeName(key string, v types.VolumeConfig) string {
	return b.resourceName(key, v.Name)
}

func (b *builder) resourceName(key, name string) string {
	// Compose's own choice is the project's name, an underscore, and the key.
	if name == "" || name == b.project.Name+"_"+key {
		return b.named(key)
	}
	return name
}

// networks converts the networks that a container is on.
func (b *builder) networks() []engine.Network {
	used := map[string]bool{b.x.network: !b.lab.OnHosts()}
	for _, s := range b.project.Services {
		for key := range s.Networks {
			used[key] = s.NetworkMode == "" || used[key]
		}
	}
	var all []engine.Network
	for _, key := range b.project.NetworkNames() {
		if used[key] {
			all = append(all, b.convertNetwork(key, b.project.Networks[key]))
		}
	}
	return all
}

func (b *builder) convertNetwork(key string, n types.NetworkConfig) engine.Network {
	made := engine.Network{
		Name: b.networkName(key, n), Driver: n.Driver, Options: n.DriverOpts, Internal: n.Internal,
		Labels: b.withLabels(n.Labels),
	}
	for i, pool := range n.Ipam.Config {
		if pool == nil {
			continue
		}
		at := []string{"networks", key, "ipam", "config", fmt.Sprint(i)}
		subnet, err := netip.ParsePrefix(pool.Subnet)
		if err != nil && key != b.x.network {
			b.wrong(append(at, "subnet"), fmt.Sprintf("%q is not a subnet", pool.Subnet), "the engine takes addresses from it", "write an address and a length, such as 10.1.2.0/24")
		}
		made.Subnets = append(made.Subnets, subnet)
		if pool.Gateway == "" {
			continue
		}
		gateway, err := netip.ParseAddr(pool.Gateway)
		if err != nil {
			b.wrong(append(at, "gateway"), fmt.Sprintf("%q is not an address", pool.Gateway), "containers would send everything else there", "write an address of the subnet, or remove it")
		}
		made.Gateway = gateway
	}
	return made
}

// volumes converts the volumes that a container mounts.
func (b *builder) volumes() []engine.Volume {
	used := map[string]bool{}
	for _, s := range b.project.Services {
		for _, v := range s.Volumes {
			used[v.Source] = used[v.Source] || v.Type == types.VolumeTypeVolume
		}
	}
	var all []engine.Volume
	for _, key := range slices.Sorted(maps.Keys(b.project.Volumes)) {
		v := b.project.Volumes[key]
		if used[key] {
			all = append(all, engine.Volume{Name: b.volumeName(key, v), Driver: v.Driver, Options: v.DriverOpts, Labels: b.withLabels(v.Labels), Endpoint: b.volumeEndpoint(key)})
		}
	}
	return all
}

// volumeEndpoint is where the containers that mount a volume are. One volume is
// on one engine.
func (b *builder) volumeEndpoint(key string) string {
	endpoint, first := "", ""
	for _, name := range b.project.ServiceNames() {
		for _, v := range b.project.Services[name].Volumes {
			if v.Type != types.VolumeTypeVolume || v.Source != key {
				continue
			}
			at := b.endpoint(name)
			if first != "" && at != endpoint {
				b.wrong([]string{"services", name, "volumes"}, fmt.Sprintf("services %s and %s mount volume %s", first, name, key),
					"they are on different hosts, and a volume is on one", "give each host a volume of its own")
			}
			endpoint, first = at, name
		}
	}
	return endpoint
}

// endpoint is that of the engine that a service's container is made on.
func (b *builder) endpoint(service string) string {
	r, known := b.roles[service]
	switch {
	case r.node != nil:
		return r.node.Endpoint
	case known:
		return b.x.at
	}
	return ""
}

// withLabels is what the file says and what halab adds.
func (b *builder) withLabels(said map[string]string) map[string]string {
	labels := b.labels(nil)
	for k, v := range said {
		if _, own := labels[k]; !own {
			labels[k] = v
		}
	}
	return labels
}
