package agent

import (
	"context"
	"os"
	"os/signal"

	"halab/internal/agent/command"
	"halab/internal/agent/own"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// startReaping collects every child that ends, as process 1 must: services of
// a node leave their children to it. A process that reaps can't use os/exec.
func startReaping(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCHLD)
	go func() {
		defer signal.Stop(signals)
		for {
			reapAll()
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// reapAll collects the children that have ended by now.
func reapAll() int {
	for n := 0; ; n++ {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		for err == unix.EINTR {
			pid, err = unix.Wait4(-1, nil, unix.WNOHANG, nil)
		}
		if err != nil || pid <= 0 {
			return n
		}
	}
}

// runClient is process 1 of the client: it reaps and waits. On a host it says
// which hardware address it has there.
func runClient(ctx context.Context, out command.Output) error {
	startReaping(ctx)
	mine, err := own.This()
	if err == nil && mine != nil {
		err = own.Wire(*mine)
	}
	if err != nil {
		return err
	}
	if iface := os.Getenv(agentapi.EnvInterface); iface != "" {
		r := newRecorder("client", out.Answer)
		r.note(now(), agentapi.Event{Name: agentapi.EventStarted}, func(s *agentapi.State, _ *agentapi.Event) bool {
			s.MAC = hardwareOf(iface)
			return true
		})
		defer r.close(flushLimit)
	}
	<-ctx.Done()
	return nil
}
