package fault

import "halab/internal/agentapi"

// dropARP drops the announcements of the VIP.
func dropARP() Kind {
	return inside(Kind{
		Name: agentapi.FaultDropARP, Summary: "the node's gratuitous ARPs are lost: the VIP moves, clients don't notice",
		Sees: "after a failover to this node clients go on sending to the old one until their ARP entry ages",
		Man:  "arp(7), RFC 5227",
	})
}
