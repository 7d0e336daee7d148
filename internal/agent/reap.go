package agent

import (
	"context"
	"os"
	"os/signal"

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

// runClient is process 1 of the client: it reaps and waits.
func runClient(ctx context.Context) error {
	startReaping(ctx)
	<-ctx.Done()
	return nil
}
