package fault

import (
	"context"
	"errors"
	"fmt"

	"halab/internal/lab"
	"halab/internal/topology"
)

// splits names the VIPs that more than one node holds.
func splits(s *lab.State) map[string]bool {
	split := map[string]bool{}
	for _, c := range s.Clusters {
		split[c.VIP.Name] = len(c.VIP.Holders) > 1
	}
	return split
}

// announce has the nodes that hold those VIPs now tell the neighbours. Where two
// nodes held one, the last gratuitous ARP may have been that of the node which
// stepped down, and nobody else would correct it before the holder's next one,
// which is 10 s away (garp_master_refresh) or never comes.
func (i *Injector) announce(ctx context.Context, split map[string]bool, now *lab.State) error {
	var failed []error
	for _, c := range now.Clusters {
		if !split[c.VIP.Name] || len(c.VIP.Holders) != 1 {
			continue
		}
		machine, _ := now.Container(c.VIP.Holders[0], topology.ServiceNode) // it was seen to hold the VIP
		if _, err := i.askFault(ctx, machine, "announce"); err != nil {
			failed = append(failed, fmt.Errorf("announce %s by %s: %w", c.VIP.Name, c.VIP.Holders[0], err))
		}
	}
	return errors.Join(failed...)
}
