// Command puppet is the only program of the image that the contract test uses
// on a real engine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"halab/internal/engine/enginetest/puppet"
)

func main() {
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGTERM)
	names := make(chan string)
	go func() {
		for range received {
			names <- "SIGTERM"
		}
	}()
	os.Exit(puppet.Run(context.Background(), puppet.Process{
		Args: os.Args[1:], Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Signals: names,
	}))
}
