package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"halab/internal/agentapi"
)

// blockTable is the packet filter's table that an outage of known length is
// made with. It lives in the client's own network namespace.
const blockTable = "halab-calibrate"

// maxBlock bounds an outage that is made on purpose.
const maxBlock = 10 * time.Second

// block makes an outage of a known length: for ms milliseconds the packet
// filter drops what the observer sends to the VIPs. The marks say when the
// filter had taken the rule in, and when it had let it go.
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

func (o *observer) blocked(ctx context.Context, length time.Duration) (err error) {
	filter, err := nftables.New()
	if err != nil {
		return err
	}
	table, err := addBlock(filter, o.spec.VIPs)
	if err != nil {
		return err
	}
	if err := filter.Flush(); err != nil {
		return err
	}
	begun := o.clock.now()
	defer func() {
		filter.DelTable(table)
		err = errors.Join(err, filter.Flush())
		o.markAt("restore", o.clock.now())
	}()
	o.markAt("fault", begun)
	wait := time.NewTimer(time.Duration(begun + length.Nanoseconds() - o.clock.now()))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil
}

func (o *observer) markAt(name string, at int64) {
	o.line(agentapi.ObserverLine{Kind: "mark", Mark: &agentapi.ObserverMark{Name: name, At: at}})
}

// addBlock prepares a table that drops every IPv4 packet to the addresses.
func addBlock(filter *nftables.Conn, vips []string) (*nftables.Table, error) {
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
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: address.AsSlice()},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}})
	}
	return table, nil
}
