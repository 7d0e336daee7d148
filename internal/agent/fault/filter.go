package fault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"halab/internal/agentapi"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Faults of the packet filter each have a table of their own, named after the
// fault, with a chain at the device's ingress and one at its egress. There
// every frame passes, also those of packet sockets, which is how keepalived
// sends gratuitous ARPs. The undo removes the table. (nft(8), netdev family)

// match is what a rule looks for.
type match []expr.Any

// dropping lists what is dropped of what comes in and of what goes out.
type dropping struct{ in, out []match }

// tablePrefix is how the tables of faults are known.
const tablePrefix = "halab-"

func tableOf(id string) *nftables.Table {
	return &nftables.Table{Name: tablePrefix + id, Family: nftables.TableFamilyNetdev}
}

// filterFault makes a fault of what is to be dropped.
func filterFault(name string, what func(Site, agentapi.FaultRecord) (dropping, error)) applier {
	return applier{
		name: name,
		prepare: func(s Site, r *agentapi.FaultRecord) error {
			_, err := what(s, *r)
			return err
		},
		apply: func(s Site, r agentapi.FaultRecord) error {
			d, err := what(s, r)
			if err != nil {
				return err
			}
			return addFilter(s.Iface, r.ID, d)
		},
		there: func(s Site, r agentapi.FaultRecord) error {
			d, err := what(s, r)
			if err != nil {
				return err
			}
			return filterThere(r.ID, d)
		},
		undo: func(_ Site, r agentapi.FaultRecord) error { return removeFilter(r.ID) },
		gone: func(_ Site, r agentapi.FaultRecord) error { return filterGone(r.ID) },
	}
}

// addFilter puts the rules in place, all in one transaction.
func addFilter(iface, id string, d dropping) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	table := conn.AddTable(tableOf(id))
	for _, c := range d.chains() {
		chain := conn.AddChain(&nftables.Chain{
			Name: c.name, Table: table, Type: nftables.ChainTypeFilter,
			Hooknum: c.hook, Priority: nftables.ChainPriorityRef(0), Device: iface,
		})
		for _, m := range c.rules {
			exprs := append(append(match{}, m...), &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})
			conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: exprs})
		}
	}
	err = conn.Flush()
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("this kernel's packet filter has no hook at a device's ingress and egress "+
			"(CONFIG_NETFILTER_INGRESS, CONFIG_NETFILTER_EGRESS; Linux 5.16 or newer): %w", err)
	}
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	return nil
}

type hooked struct {
	name  string
	hook  *nftables.ChainHook
	rules []match
}

func (d dropping) chains() []hooked {
	var list []hooked
	if len(d.in) > 0 {
		list = append(list, hooked{"in", nftables.ChainHookIngress, d.in})
	}
	if len(d.out) > 0 {
		list = append(list, hooked{"out", nftables.ChainHookEgress, d.out})
	}
	return list
}

// filterThere reads the rules back.
func filterThere(id string, d dropping) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	table := tableOf(id)
	for _, c := range d.chains() {
		rules, err := conn.GetRules(table, &nftables.Chain{Name: c.name, Table: table})
		if err != nil {
			return fmt.Errorf("read the packet filter's rules back: %w", err)
		}
		if len(rules) != len(c.rules) {
			return fmt.Errorf("the packet filter has %d rules for what goes %s, not %d", len(rules), c.name, len(c.rules))
		}
	}
	return nil
}

func removeFilter(id string) error {
	there, err := hasTable(id)
	if err != nil || !there {
		return err
	}
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	conn.DelTable(tableOf(id))
	if err := conn.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("packet filter: %w", err)
	}
	return nil
}

func filterGone(id string) error {
	there, err := hasTable(id)
	if err == nil && there {
		err = fmt.Errorf("the packet filter still has the table %s", tableOf(id).Name)
	}
	return err
}

func hasTable(id string) (bool, error) {
	conn, err := nftables.New()
	if err != nil {
		return false, fmt.Errorf("packet filter: %w", err)
	}
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyNetdev)
	if err != nil {
		return false, fmt.Errorf("packet filter: %w", err)
	}
	for _, t := range tables {
		if t.Name == tableOf(id).Name {
			return true, nil
		}
	}
	return false, nil
}

// Offsets into an Ethernet header (IEEE 802.3), an IPv4 header (RFC 791) and an
// ARP packet for IPv4 on Ethernet (RFC 826).
const (
	etherTo, etherFrom, etherType, addressLen = 0, 6, 12, 6
	ipProtocol                                = 9
	arpSender, arpTarget                      = 14, 24
	protocolVRRP                              = 112 // RFC 5798, section 5.1.1.4
)

// bytesAre matches bytes of a frame.
func bytesAre(base expr.PayloadBase, offset uint32, data []byte) match {
	return match{
		&expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: uint32(len(data))},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data},
	}
}

func protocolIs(ethertype uint16) match {
	return match{
		&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binary.BigEndian.AppendUint16(nil, ethertype)},
	}
}

func all(parts ...match) match {
	var whole match
	for _, p := range parts {
		whole = append(whole, p...)
	}
	return whole
}

func macIs(offset uint32, address string) (match, error) {
	mac, err := net.ParseMAC(address)
	if err != nil || len(mac) != addressLen {
		return nil, fmt.Errorf("%q is no MAC address", address)
	}
	return bytesAre(expr.PayloadBaseLLHeader, offset, mac), nil
}

func vrrp() match {
	return all(protocolIs(unix.ETH_P_IP), bytesAre(expr.PayloadBaseNetworkHeader, ipProtocol, []byte{protocolVRRP}))
}

// announces matches a gratuitous ARP of an address: sender and target are the
// same (RFC 5227, section 3).
func announces(ip netip.Addr) match {
	a := ip.As4()
	return all(protocolIs(unix.ETH_P_ARP),
		bytesAre(expr.PayloadBaseNetworkHeader, arpSender, a[:]),
		bytesAre(expr.PayloadBaseNetworkHeader, arpTarget, a[:]))
}

// chance matches that share of all frames.
func chance(percent float64) match {
	const of = 1_000_000
	limit := uint32(percent / 100 * of)
	return match{
		&expr.Numgen{Register: 1, Modulus: of, Type: unix.NFT_NG_RANDOM},
		&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 4, Size: 4},
		&expr.Cmp{Op: expr.CmpOpLt, Register: 1, Data: binary.BigEndian.AppendUint32(nil, limit)},
	}
}

// directed drops a match in the direction of the fault.
func directed(direction string, m match) (dropping, error) {
	switch direction {
	case agentapi.DirectionIn:
		return dropping{in: []match{m}}, nil
	case agentapi.DirectionOut:
		return dropping{out: []match{m}}, nil
	case agentapi.DirectionBoth:
		return dropping{in: []match{m}, out: []match{m}}, nil
	}
	return dropping{}, fmt.Errorf("%q is no direction: in, out or both", direction)
}
