package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"halab/internal/agent/command"
	"halab/internal/agent/own"
	"halab/internal/topology"
)

// orders are what systemctl, in a script of the user's own, asks of a daemon: the
// supervisor carries them out, and its container goes on while the daemon is stopped.
type orders struct {
	reload func() error

	mu    sync.Mutex
	stop  context.CancelFunc // nil: the daemon does not run
	ended chan struct{}      // closed when it has ended
	asked bool               // a stop was
	start chan struct{}
}

// obey runs a daemon until it ends by itself or ctx does, and as orders have it in
// between. run ends the daemon when its context does.
func obey(ctx context.Context, service topology.Service, out command.Output, run func(context.Context) int, reload func() error) int {
	o := &orders{reload: reload, start: make(chan struct{}, 1)}
	if err := o.listen(ctx, service); err != nil {
		fmt.Fprintf(out.Story, "halab agent: systemctl can't reach %s: %v\n", service, err)
	}
	for {
		inner, stop := context.WithCancel(ctx)
		o.mu.Lock()
		o.stop, o.ended, o.asked = stop, make(chan struct{}), false
		o.mu.Unlock()
		code := run(inner)
		stop()
		o.mu.Lock()
		asked := o.asked
		o.stop = nil
		close(o.ended)
		o.mu.Unlock()
		if !asked || ctx.Err() != nil {
			return code
		}
		select {
		case <-o.start:
		case <-ctx.Done():
			return command.ExitDone
		}
	}
}

// listen takes orders, one a connection, until ctx ends. Whoever is not root can't give
// any, as on a machine.
func (o *orders) listen(ctx context.Context, service topology.Service) error {
	path := own.Socket(service)
	_ = os.Remove(path) // of a supervisor before this one
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				verb, err := bufio.NewReader(conn).ReadString('\n')
				if err == nil {
					err = o.obey(ctx, strings.TrimSpace(verb))
				}
				if err != nil {
					fmt.Fprintln(conn, err)
				}
			}()
		}
	}()
	return os.Chmod(path, 0o600)
}

// obey carries an order out.
func (o *orders) obey(ctx context.Context, verb string) error {
	runs := o.runs()
	switch verb {
	case "stop":
		return o.end(ctx)
	case "start":
		o.begin()
	case "restart", "try-restart":
		if !runs && verb == "try-restart" {
			return nil
		}
		if err := o.end(ctx); err != nil {
			return err
		}
		o.begin()
	case "reload", "reload-or-restart":
		switch {
		case runs:
			return o.reload()
		case verb == "reload":
			return errors.New("it is not active, cannot reload")
		}
		o.begin()
	}
	return nil
}

func (o *orders) runs() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stop != nil
}

// end ends the daemon, and waits for that.
func (o *orders) end(ctx context.Context) error {
	o.mu.Lock()
	stop, ended := o.stop, o.ended
	if stop != nil {
		o.asked = true
	}
	o.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin has a daemon that does not run started.
func (o *orders) begin() {
	if !o.runs() {
		select {
		case o.start <- struct{}{}:
		default: // that is under way
		}
	}
}
