package docker

import (
	"context"
	"net/netip"

	"github.com/docker/docker/api/types/network"

	"halab/internal/engine"
)

// Networks lists the networks that match the filter.
func (e *Engine) Networks(ctx context.Context, filter engine.Filter) ([]engine.Network, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	found, err := e.api.NetworkList(ctx, network.ListOptions{Filters: labels(filter)})
	if err != nil {
		return nil, e.fail("list networks", err)
	}
	all := make([]engine.Network, 0, len(found))
	for _, n := range found {
		all = append(all, ourNetwork(n))
	}
	return all, nil
}

func ourNetwork(n network.Inspect) engine.Network {
	ours := engine.Network{ID: n.ID, Name: n.Name, Driver: n.Driver, Options: n.Options, Labels: n.Labels, Internal: n.Internal}
	for _, pool := range n.IPAM.Config {
		if subnet, err := netip.ParsePrefix(pool.Subnet); err == nil {
			ours.Subnets = append(ours.Subnets, subnet.Masked())
		}
		if ours.Gateway.IsValid() {
			continue
		}
		if prefix, err := netip.ParsePrefix(pool.Gateway); err == nil { // some drivers add the mask
			ours.Gateway = prefix.Addr()
		} else if address, err := netip.ParseAddr(pool.Gateway); err == nil {
			ours.Gateway = address
		}
	}
	return ours
}

// NetworkCreate makes a network and returns its ID. A name or a subnet that is
// taken is an error.
func (e *Engine) NetworkCreate(ctx context.Context, wanted engine.Network) (string, error) {
	if err := e.ready(ctx); err != nil {
		return "", err
	}
	options := network.CreateOptions{Driver: wanted.Driver, Options: wanted.Options, Labels: wanted.Labels, Internal: wanted.Internal}
	for _, subnet := range wanted.Subnets {
		if options.IPAM == nil {
			options.IPAM = &network.IPAM{Driver: "default"}
		}
		pool := network.IPAMConfig{Subnet: subnet.Masked().String()}
		if wanted.Gateway.IsValid() && subnet.Contains(wanted.Gateway) {
			pool.Gateway = wanted.Gateway.String()
		}
		options.IPAM.Config = append(options.IPAM.Config, pool)
	}
	made, err := e.api.NetworkCreate(ctx, wanted.Name, options)
	if err != nil {
		return "", e.fail("create network "+wanted.Name, err)
	}
	return made.ID, nil
}

// NetworkRemove removes a network, by ID or name.
func (e *Engine) NetworkRemove(ctx context.Context, id string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("remove network "+short(id), e.api.NetworkRemove(ctx, id))
}
