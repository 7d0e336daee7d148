package agent

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
	"halab/internal/probe"
)

// runObserve is `observe SPEC`: the observer, with its commands on standard
// input.
func runObserve(ctx context.Context, args []string, out command.Output) error {
	return observe(ctx, args, os.Stdin, out)
}

func observe(ctx context.Context, args []string, in io.Reader, out command.Output) error {
	if len(args) != 1 {
		return command.Usagef("observe takes one argument, its specification as JSON")
	}
	var spec agentapi.ObserverSpec
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		return command.Usagef("observe: the specification is no JSON of an ObserverSpec: %v", err)
	}
	if own := os.Getenv(agentapi.EnvInterface); own != "" {
		spec.Interface = own // the client is on a host, which names its interfaces as it likes
	}
	return probe.Observe(ctx, spec, in, out.Answer)
}
