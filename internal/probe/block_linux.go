package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// blockTable is the packet filter's table that an outage of known length is
// made with. It lives in the client's own network namespace.
const blockTable = "halab-calibrate"

// maxBlock bounds an outage that is made on purpose.
const maxBlock = 10 * time.Second

// blockLead is how long before the outage the rule is made. The kernel's call
// returns late, when every processor has seen the change, so an outage from call
// to call would be longer than it says: up to 17 ms were seen.
const blockLead = 300 * time.Millisecond

// metaTimeNs makes the kernel look at CLOCK_REALTIME, in nanoseconds
// (NFT_META_TIME_NS of linux/netfilter/nf_tables.h; Linux 5.4).
const metaTimeNs expr.MetaKey = 30

// block makes an outage of a known length: for ms milliseconds the packet
// filter drops what the observer sends to the VIPs. The marks say when.
func (o *observer) block(ctx context.Context, ms float64) {
	length := time.Duration(ms * float64(time.Millisecond))
	if length <= 0 || length > maxBlock {
		o.complain(fmt.Errorf("an outage of %g ms can't be made: it must be above 0 and at most %s", ms, maxBlock))
		return
	}
	if err := o.blocked(ctx, length); err != nil {
		o.complain(fmt.Errorf("make an outage of %g ms with the packet filter: %w", ms, err))
	}
}

// blocked makes a rule that begins and ends by the kernel's clock, and waits
// until that is past.
func (o *observer) blocked(ctx context.Context, length time.Duration) (err error) {
	filter, err := nftables.New()
	if err != nil {
		return err
	}
	now, wall := o.clock.both()
	begin, wall := now+int64(blockLead), wall+int64(blockLead)
	table, err := addBlock(filter, o.spec.VIPs, wall, wall+int64(length))
	if err != nil {
		return err
	}
	if err := filter.Flush(); err != nil {
		return err
	}
	defer func() {
		filter.DelTable(table)
		err = errors.Join(err, filter.Flush())
	}()
	if late := time.Duration(o.clock.now() - begin); late >= 0 {
		return fmt.Errorf("the kernel took %s to take the rule in: the machine is too busy", blockLead+late)
	}
	o.markAt("fault", begin)
	end := begin + int64(length)
	wait := time.NewTimer(time.Duration(end - o.clock.now()))
	defer wait.Stop()
	select {
	case <-wait.C:
		o.markAt("restore", end)
	case <-ctx.Done():
	}
	return nil
}

func (o *observer) markAt(name string, at int64) {
	o.line(agentapi.ObserverLine{Kind: "mark", Mark: &agentapi.ObserverMark{Name: name, At: at}})
}

// addBlock prepares a table that drops every IPv4 packet to the addresses from
// one moment of CLOCK_REALTIME to another, both in nanoseconds.
func addBlock(filter *nftables.Conn, vips []string, from, to int64) (*nftables.Table, error) {
	table := filter.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: blockTable})
	chain := filter.AddChain(&nftables.Chain{
		Name: "output", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter,
	})
	for _, vip := range vips {
		text, _, _ := strings.Cut(vip, "/")
		address, err := netip.ParseAddr(text)
		if err != nil || !address.Is4() {
			return nil, fmt.Errorf("%q is no IPv4 address", vip)
		}
		filter.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
			// Destination address, RFC 791, 3.1.
			&expr.Payload{DestRegister: unix.NFT_REG_1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
			&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, Data: address.AsSlice()},
			&expr.Meta{Key: metaTimeNs, Register: unix.NFT_REG_1},
			&expr.Byteorder{
				SourceRegister: unix.NFT_REG_1, DestRegister: unix.NFT_REG_1, Op: expr.ByteorderHton, Len: 8, Size: 8,
			},
			&expr.Range{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, FromData: moment(from), ToData: moment(to - 1)},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}})
	}
	return table, nil
}

// moment is a time as the filter compares it: its first byte weighs most.
func moment(ns int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(ns)) }
