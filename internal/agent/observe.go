package agent

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"halab/internal/agentapi"
	"halab/internal/probe"
)

// runObserve is `observe SPEC`: the observer, with its commands on standard
// input.
func runObserve(ctx context.Context, args []string, out output) error {
	return observe(ctx, args, os.Stdin, out)
}

func observe(ctx context.Context, args []string, in io.Reader, out output) error {
	if len(args) != 1 {
		return usagef("observe takes one argument, its specification as JSON")
	}
	var spec agentapi.ObserverSpec
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		return usagef("observe: the specification is no JSON of an ObserverSpec: %v", err)
	}
	if own := os.Getenv(agentapi.EnvInterface); own != "" {
		spec.Interface = own // the client is on a host, which names its interfaces as it likes
	}
	return probe.Observe(ctx, spec, in, out.answer)
}
