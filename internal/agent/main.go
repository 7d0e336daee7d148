// Package agent is the part of halab that runs inside a lab's containers:
// process 1 of a node and of the client, the main process of the HAProxy and
// keepalived containers, and the commands that halab runs there. Its words are
// those of package agentapi.
package agent

import (
	"context"
	"errors"
	"fmt"
	"io"

	"halab/internal/agentapi"
)

// Exit codes: done, failed, wrong usage.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errUsage marks errors in the arguments.
var errUsage = errors.New("wrong usage")

// usagef is an error in the arguments.
func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// output is where a command writes: the answer and the story.
type output struct{ answer, story io.Writer }

// Main runs `halab agent` with the arguments after "agent" and returns the exit
// code. ctx ends at SIGTERM or SIGINT.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := output{stdout, stderr}
	if len(args) == 0 {
		return out.code(usagef("name a command: node, client, haproxy, keepalived, config, get, ready, kill, handover, observe, clock, fault, crash, sweep, host or network"))
	}
	name, args := args[0], args[1:]
	prompt(name, out)
	switch name {
	case agentapi.CommandNode:
		return out.code(runNode(ctx, out))
	case agentapi.CommandClient:
		return out.code(runClient(ctx, out))
	case agentapi.CommandHAProxy:
		return runHAProxy(ctx, out)
	case agentapi.CommandKeepalived:
		return runKeepalived(ctx, out)
	case agentapi.CommandConfig:
		return out.code(runConfig(args, out))
	case agentapi.CommandGet:
		return out.code(runGet(ctx, args, out))
	case agentapi.CommandReady:
		return out.code(runReady(ctx, args, out))
	case agentapi.CommandKill:
		return out.code(runKill(args, out))
	case agentapi.CommandHandover:
		return out.code(runHandover(ctx, args, out))
	case agentapi.CommandObserve:
		return out.code(runObserve(ctx, args, out))
	case agentapi.CommandBurn:
		return out.code(runBurn(ctx, args, out))
	case agentapi.CommandFault:
		return out.code(runFault(ctx, args, input(), out))
	case agentapi.CommandSweep:
		return out.code(runSweep(args, out))
	case agentapi.CommandCrash:
		return out.code(runCrash(out))
	case agentapi.CommandClock:
		return out.code(runClock(input(), out))
	case agentapi.CommandHost:
		return out.code(runHost(ctx, args, out))
	case agentapi.CommandNetwork:
		return out.code(runNetwork(args, out))
	}
	return out.code(usagef("there is no command %q", name))
}

// code tells an error and makes an exit code of it.
func (o output) code(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUsage):
		fmt.Fprintln(o.story, "halab agent:", err)
		return exitUsage
	}
	fmt.Fprintln(o.story, "halab agent:", err)
	return exitFailed
}
