package agent

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// keepalived before 2.0 follows no files. Its supervisor does: it ends
// keepalived when it should be in FAULT, which gives the VIP away at once
// (priority 0), and starts it again when that is over.

const (
	// legacyStopLimit: keepalived 1.3.5 drops the VIP at once at SIGTERM and
	// sleeps a second before it ends.
	legacyStopLimit = 3 * time.Second
	// quickEnd: a keepalived that ends by itself this soon has not done its work,
	// whatever its exit code says.
	quickEnd = 2 * time.Second
)

// legacy is the state of the supervisor.
type legacy struct {
	c       configured
	out     command.Output
	child   *child
	words   *vrrpWords // of the child
	started time.Time
	asked   bool             // the child was asked to end, to be started again later
	limit   <-chan time.Time // when it is killed because it did not
}

// superviseKeepalived is the main process of a keepalived container whose
// keepalived says its state by its own words alone: an old one, or one with a
// file of the user's own.
func superviseKeepalived(ctx context.Context, c configured, out command.Output) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2)
	defer signal.Stop(signals)
	l := &legacy{c: c, out: out}
	changes := make(chan struct{}, 1)
	if l.follows() {
		if err := watchFlags(ctx, changes); err != nil {
			return out.Code(err)
		}
	}
	for {
		if err := l.adjust(); err != nil {
			return out.Code(err)
		}
		var ended <-chan int
		if l.child != nil {
			ended = l.child.ended
		}
		select {
		case <-changes:
		case <-l.limit:
			_ = l.child.process.Kill()
		case s := <-signals:
			if l.child != nil {
				_ = l.child.process.Signal(s)
			}
		case code := <-ended:
			if !l.asked {
				return l.unexpected(code)
			}
			l.child, l.asked, l.limit = nil, false, nil
		case <-ctx.Done():
			return l.stop()
		}
	}
}

// follows says whether keepalived is to go and come with HAProxy, which one that
// follows files does by itself.
func (l *legacy) follows() bool {
	return !render.Follows(l.c.version) && l.c.known && l.c.shared && l.c.in.Profile == topology.ProfileFast
}

// adjust starts or ends keepalived as the files want it.
func (l *legacy) adjust() error {
	fault := l.follows() && (readFlag(agentapi.FaultFile) || readFlag(agentapi.HandoverFile))
	switch {
	case fault && l.child != nil && !l.asked:
		l.asked = true
		l.limit = time.After(legacyStopLimit)
		l.end()
	case !fault && l.child == nil:
		args, err := l.c.prepareKeepalived()
		if err != nil {
			return err
		}
		l.started = time.Now()
		l.words = newVRRPWords(l.out.Story, sayVRRP(l.out.Story))
		if l.child, err = startChild(command.Output{Answer: l.out.Answer, Story: l.words}, l.c.binary, args...); err != nil {
			return err
		}
	}
	return nil
}

// unexpected is the exit code for a keepalived that ended by itself.
func (l *legacy) unexpected(code int) int {
	if code == command.ExitDone && time.Since(l.started) < quickEnd {
		fmt.Fprintln(l.out.Story, "halab agent: keepalived ended at once; its reasons stand above")
		return command.ExitFailed
	}
	return code
}

// stop ends keepalived with the container.
func (l *legacy) stop() int {
	if l.child == nil {
		return command.ExitDone
	}
	l.end()
	select {
	case code := <-l.child.ended:
		return code
	case <-time.After(legacyStopLimit):
		_ = l.child.process.Kill()
		return <-l.child.ended
	}
}

// end asks keepalived to end. It gives the VIP up at once, so that is its state
// from now on.
func (l *legacy) end() {
	_ = l.child.process.Signal(unix.SIGTERM)
	l.words.last(l.c.in.VIPName, "STOP")
}

// watchFlags sends into changes whenever a file in agentapi.RunDir was written.
func watchFlags(ctx context.Context, changes chan<- struct{}) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("inotify: %w", err)
	}
	file := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, agentapi.RunDir, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_DELETE); err != nil {
		file.Close()
		return fmt.Errorf("inotify on %s: %w", agentapi.RunDir, err)
	}
	context.AfterFunc(ctx, func() { file.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			if _, err := file.Read(buffer); err != nil {
				return
			}
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}()
	return nil
}
