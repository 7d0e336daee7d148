// Command halab brings up, breaks, measures and mends a HAProxy and keepalived
// lab on a Docker engine. Inside the lab's containers the same binary is the
// agent.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"halab/internal/agent"
	"halab/internal/cli"
)

func main() {
	os.Exit(run())
}

// run dispatches and returns the exit code, after what it deferred.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "agent" {
		return agent.Main(ctx, args[1:], os.Stdout, os.Stderr)
	}
	return cli.Main(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}
