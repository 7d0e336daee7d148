package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// How long the parts of a gentle stop may take.
const (
	// handoverLimit: keepalived lets go of a VIP within a few milliseconds.
	handoverLimit = 300 * time.Millisecond
	// softStopLimit is left to requests that HAProxy has in hand.
	softStopLimit = 700 * time.Millisecond
	// hardStopLimit is left to HAProxy after SIGTERM.
	hardStopLimit = 300 * time.Millisecond
	// lastWordsLimit is left to what a daemon that has ended wrote last.
	lastWordsLimit = 100 * time.Millisecond
)

// runHAProxy is the main process of a HAProxy container: it renders or takes over
// the file, starts HAProxy and stays, so that a stop can be gentle. Its exit
// code is HAProxy's.
func runHAProxy(ctx context.Context, out command.Output) int {
	// Signals are taken here, not by ctx, from the first moment on.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGHUP, unix.SIGQUIT)
	defer signal.Stop(signals)

	c, err := configure(ctx, out, "haproxy", "haproxy.cfg", render.HAProxy)
	if err != nil {
		return out.Code(err)
	}
	gentle := c.known && c.shared && c.in.Profile == topology.ProfileFast
	if gentle {
		// A wish to hand over that an earlier HAProxy left.
		if err := writeFlag(agentapi.HandoverFile, false); err != nil {
			fmt.Fprintln(out.Story, "halab agent: a stop can't hand the VIP over:", err)
			gentle = false
		}
	}
	if c.shared {
		out.Story = &serverWords{to: out.Story, say: sayServers}
	}
	h := &haproxy{c: c, out: out, gentle: gentle}
	run := func(inner context.Context) int {
		if h.now, err = h.start(); err != nil {
			return out.Code(err)
		}
		defer context.AfterFunc(inner, func() { signals <- unix.SIGTERM })()
		return h.supervise(signals)
	}
	if c.mine == nil {
		return run(context.WithoutCancel(ctx))
	}
	return obey(ctx, topology.ServiceHAProxy, out, run, func() error { return reloadHAProxy(ctx) })
}

// child is a daemon that a supervisor started.
type child struct {
	process *os.Process
	ended   chan int // its exit code, once
}

// startChild starts a daemon that is killed by the kernel when its supervisor
// dies. That is bound to the thread, not the process, that started it
// (prctl(2), PR_SET_PDEATHSIG): a goroutine that never ends keeps the thread.
func startChild(out command.Output, binary string, args ...string) (*child, error) {
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = out.Answer, out.Story
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = lastWordsLimit
	started := make(chan error)
	ended := make(chan int, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		ended <- exitCode(cmd.Wait())
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	return &child{process: cmd.Process, ended: ended}, nil
}

// exitCode is a daemon's exit code, or 128 and its signal, as a shell has it.
func exitCode(err error) int {
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // a child of it still holds what it wrote to
		return command.ExitDone
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return command.ExitFailed
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

// stopGently hands the VIP over while HAProxy still answers, lets HAProxy
// finish what it has in hand, and then insists. It returns early, with ended
// false, at a signal of somebody who insists.
func (c *child) stopGently(in render.Input, signals <-chan os.Signal) (code int, ended bool) {
	ctx, cancel := context.WithTimeout(context.Background(), handoverLimit)
	reply := handOver(ctx, in.Interface, in.VIP.Addr())
	cancel()
	if reply.Held && reply.Moved {
		// Requests come here until the other node has announced the VIP, and
		// keepalived before 2.0 takes an advert more for it.
		time.Sleep(agentapi.SettleTime)
	}
	for _, step := range []struct {
		signal os.Signal
		limit  time.Duration
	}{{unix.SIGUSR1, softStopLimit}, {unix.SIGTERM, hardStopLimit}, {unix.SIGKILL, time.Minute}} {
		_ = c.process.Signal(step.signal)
		limit := time.NewTimer(step.limit)
		select {
		case code := <-c.ended:
			limit.Stop()
			return code, true
		case s := <-signals:
			limit.Stop()
			_ = c.process.Signal(s)
			return 0, false
		case <-limit.C:
		}
	}
	return command.ExitFailed, true
}
