package agent

import (
	"context"

	"halab/internal/agent/behind"
	"halab/internal/agent/command"
	"halab/internal/agent/own"
)

// runBehind is what stands for servers. Where it runs in a container of a lab with
// files of the user's own, that has the servers' addresses first.
func runBehind(ctx context.Context, args []string, out command.Output) error {
	if len(args) > 0 && args[0] == "run" {
		mine, err := own.This()
		if err == nil && mine != nil {
			err = own.Wire(*mine)
		}
		if err != nil {
			return err
		}
	}
	return behind.Command(ctx, args, out)
}
