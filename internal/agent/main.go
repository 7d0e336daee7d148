// Package agent is the part of halab that runs inside a lab's containers:
// process 1 of a node and of the client, the main process of the HAProxy and
// keepalived containers, and the commands that halab runs there. What breaks a node
// is in agent/fault, what is done to a host in agent/host. Its words are those of
// package agentapi.
package agent

import (
	"context"
	"io"
	"os"

	"halab/internal/agent/command"
	"halab/internal/agent/fault"
	"halab/internal/agent/host"
	"halab/internal/agent/own"
	"halab/internal/agentapi"
)

// Main runs `halab agent` with the arguments after "agent" and returns the exit
// code. ctx ends at SIGTERM or SIGINT.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := command.Output{Answer: stdout, Story: stderr}
	if len(args) == 0 {
		return out.Code(command.Usagef("name a command: node, client, haproxy, keepalived, config, get, ready, kill, reload, vrrp, check, knock, handover, observe, clock, fault, crash, sweep, host, network or behind"))
	}
	name, args := args[0], args[1:]
	prompt(name, out)
	switch name {
	case agentapi.CommandNode:
		return out.Code(runNode(ctx, out))
	case agentapi.CommandClient:
		return out.Code(runClient(ctx, out))
	case agentapi.CommandHAProxy:
		return runHAProxy(ctx, out)
	case agentapi.CommandKeepalived:
		return runKeepalived(ctx, out)
	case agentapi.CommandConfig:
		return out.Code(runConfig(args, out))
	case agentapi.CommandGet:
		return out.Code(runGet(ctx, args, out))
	case agentapi.CommandReady:
		return out.Code(runReady(ctx, args, out))
	case agentapi.CommandKill:
		return out.Code(fault.Kill(args, out))
	case agentapi.CommandReload:
		return out.Code(runReload(ctx, args, out))
	case agentapi.CommandVRRP:
		return out.Code(runVRRP(ctx, out))
	case agentapi.CommandCheck:
		return out.Code(runCheck(ctx, args, out))
	case agentapi.CommandHandover:
		return out.Code(runHandover(ctx, args, out))
	case agentapi.CommandObserve:
		return out.Code(runObserve(ctx, args, out))
	case agentapi.CommandBurn:
		return out.Code(host.Burn(ctx, args, out))
	case agentapi.CommandFault:
		return out.Code(fault.Run(ctx, args, input(), out))
	case agentapi.CommandSweep:
		return out.Code(host.Sweep(args, out))
	case agentapi.CommandCrash:
		return out.Code(host.Crash(out))
	case agentapi.CommandClock:
		return out.Code(runClock(input(), out))
	case agentapi.CommandBehind:
		return out.Code(runBehind(ctx, args, out))
	case agentapi.CommandStand:
		return own.Stand(ctx, args, out)
	case agentapi.CommandKnock:
		return out.Code(runKnock(ctx, args, out))
	case agentapi.CommandHost:
		return out.Code(host.Check(ctx, args, out))
	case agentapi.CommandNetwork:
		return out.Code(host.Network(args, out))
	}
	return out.Code(command.Usagef("there is no command %q", name))
}

// input is where the commands read; only a fault's consent comes this way.
func input() io.Reader { return os.Stdin }
