package agent

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"
)

// handOver asks keepalived to let go of the VIP and waits until it has, or ctx
// ends. The wish stays in HandoverFile.
func handOver(ctx context.Context, iface string, vip netip.Addr) agentapi.HandoverReply {
	reply := agentapi.HandoverReply{}
	left := make(chan moment, 1)
	watchCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan error, 1)
	go func() {
		ready <- watchAddress(watchCtx, iface, vip, func() { ready <- nil }, left)
	}()
	if err := <-ready; err != nil {
		reply.Error = err.Error()
		return reply
	}
	addresses, err := machine.AddressesOf(iface)
	if err != nil {
		reply.Error = err.Error()
		return reply
	}
	reply.Held = slices.Contains(addresses, vip)
	reply.Asked = machine.Monotonic()
	if err := writeFlag(agentapi.HandoverFile, true); err != nil {
		reply.Error = err.Error()
		return reply
	}
	if !reply.Held {
		reply.Moved = true
		return reply
	}
	select {
	case at := <-left:
		reply.Moved, reply.Left = true, at.mono
	case <-ctx.Done():
		reply.Error = fmt.Sprintf("keepalived still has %s on %s", vip, iface)
	}
	return reply
}

// watchAddress calls begun once it listens, and tells when an address that is
// on the interface goes.
func watchAddress(ctx context.Context, iface string, vip netip.Addr, begun func(), left chan<- moment) error {
	watch := netWatch{name: iface, link: func(bool, moment) {}, begun: begun,
		address: func(ip netip.Addr, there bool, at moment) {
			if ip == vip && !there {
				select {
				case left <- at:
				default:
				}
			}
		}}
	return watch.run(ctx)
}

// runHandover moves the VIP off this node and leaves the node healthy: a
// planned move.
func runHandover(ctx context.Context, args []string, out command.Output) error {
	flags := newFlags(agentapi.CommandHandover)
	timeout := flags.Duration("timeout", time.Second, "")
	if err := parseFlags(flags, args, 0); err != nil {
		return err
	}
	in, err := render.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	if in.Profile != topology.ProfileFast {
		return fmt.Errorf("in profile %s keepalived follows no file that asks for the VIP: stop keepalived on this node and start it again", in.Profile)
	}
	waitCtx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	reply := handOver(waitCtx, in.Interface, in.VIP.Addr())
	if reply.Held && reply.Moved {
		machine.Pause(ctx, agentapi.SettleTime)
	}
	if err := writeFlag(agentapi.HandoverFile, false); err != nil && reply.Error == "" {
		reply.Error = err.Error()
	}
	if err := json.NewEncoder(out.Answer).Encode(reply); err != nil {
		return err
	}
	if reply.Error != "" {
		return fmt.Errorf("the VIP was not handed over: %s", reply.Error)
	}
	return nil
}

// newFlags makes a set of flags that prints nothing by itself.
func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseFlags reads flags before and after the arguments and wants the given
// number of arguments, which it leaves in flags.Args.
func parseFlags(flags *flag.FlagSet, args []string, want int) error {
	var words []string
	for {
		if err := flags.Parse(args); err != nil {
			return command.Usagef("%s: %v", flags.Name(), err)
		}
		args = flags.Args()
		if len(args) == 0 {
			break
		}
		words, args = append(words, args[0]), args[1:]
	}
	if len(words) != want {
		return command.Usagef("%s takes %d argument(s), not %d", flags.Name(), want, len(words))
	}
	return flags.Parse(append([]string{"--"}, words...))
}
