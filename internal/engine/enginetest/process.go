package enginetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"halab/internal/engine"
)

const (
	exitKilled = 137 // 128 + SIGKILL
	sigKill    = "SIGKILL"
	sigTerm    = "SIGTERM"
	joinPrefix = "container:"
	// signalRoom is more than a test sends before its program looks.
	signalRoom = 64
)

// process is one run of a container.
type process struct {
	ctx     context.Context
	kill    context.CancelFunc
	signals chan string
	held    []string   // sent while it is paused
	space   *container // whose PID namespace it is in, where not its own
	birth   *process   // the run of space that made the namespace
}

// ContainerStart starts a container, if those it joins run.
func (e *Engine) ContainerStart(ctx context.Context, id string) error {
	c, err := e.begin(ctx, "ContainerStart", id, "")
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch c.State {
	case engine.StateRunning:
		return nil
	case engine.StatePaused:
		return conflict("cannot start a paused container, unpause %s instead", c.Name)
	}
	if err := e.checkNetwork(c); err != nil {
		return fmt.Errorf("start container %s: %w", c.Name, err)
	}
	space, err := e.joined(c.space)
	if err != nil {
		return fmt.Errorf("start container %s: %w", c.Name, err)
	}
	e.launch(c, space)
	return nil
}

// joined finds the running container that a mode such as container:NAME means,
// or nil where the mode means none. The lock is held.
func (e *Engine) joined(mode string) (*container, error) {
	name, joins := strings.CutPrefix(mode, joinPrefix)
	if !joins {
		return nil, nil
	}
	other, err := e.find(name)
	if err != nil {
		return nil, err
	}
	if !other.up() {
		return nil, conflict("cannot join the namespace of a container that is not running: %s", other.Name)
	}
	return other, nil
}

// checkNetwork says why a container can't have the network it wants. The lock
// is held.
func (e *Engine) checkNetwork(c *container) error {
	mode := c.network
	if _, err := e.joined(mode); err != nil {
		return err
	}
	if builtinMode(mode) {
		return nil
	}
	if !slices.ContainsFunc(e.networks, func(n engine.Network) bool { return n.Name == mode || n.ID == mode }) {
		return notFound("network", mode)
	}
	for _, other := range e.containers {
		if other != c && other.up() && other.spec.NetworkMode == mode &&
			c.spec.Address.IsValid() && other.spec.Address == c.spec.Address {
			return conflict("address %s is already in use on network %s", c.spec.Address, mode)
		}
	}
	return nil
}

func builtinMode(mode string) bool {
	switch mode {
	case "", "host", "none", "bridge", "default":
		return true
	}
	return strings.HasPrefix(mode, joinPrefix)
}

// launch begins a run. The lock is held.
func (e *Engine) launch(c *container, space *container) {
	alive, kill := context.WithCancel(e.life)
	run := &process{ctx: alive, kill: kill, signals: make(chan string, signalRoom), space: space}
	if space != nil {
		run.birth = space.process
	}
	var program Program
	if e.Hooks.Program != nil {
		program = e.Hooks.Program(c.spec)
	}
	if program == nil {
		program = obedient(c.spec.StopSignal)
	}
	e.serial++
	c.process, c.State, c.ExitCode, c.PID = run, engine.StateRunning, 0, e.serial
	c.Started, c.Finished = time.Now(), time.Time{}
	out, err := e.logWriter(c, false), e.logWriter(c, true)
	e.programs.Add(1)
	go func() {
		defer e.programs.Done()
		code := program(alive, Process{
			Args:  slices.Concat(c.spec.Entrypoint, c.spec.Command),
			Env:   c.spec.Env,
			Stdin: strings.NewReader(""), Stdout: out, Stderr: err,
			Signals: run.signals,
		})
		out.flush()
		err.flush()
		e.mu.Lock()
		defer e.mu.Unlock()
		if c.process == run && c.up() {
			e.end(c, code)
		}
	}()
	e.happened(c, "start")
}

// obedient is the program of containers that no hook has one for.
func obedient(stopSignal string) Program {
	stop := fullSignal(stopSignal, sigTerm)
	return func(ctx context.Context, p Process) int {
		for {
			select {
			case <-ctx.Done():
				return exitKilled
			case name := <-p.Signals:
				if name == stop || name == sigTerm {
					return 0
				}
			}
		}
	}
}

// end ends a container's run, and with it every run in its PID namespace. The
// lock is held.
func (e *Engine) end(c *container, code int) {
	run := c.process
	run.kill()
	c.State, c.ExitCode, c.PID, c.Finished = engine.StateExited, code, 0, time.Now()
	e.happened(c, "die")
	for _, other := range slices.Clone(e.containers) {
		if other.up() && other.process.space == c && other.process.birth == run {
			e.end(other, exitKilled)
		}
	}
	if c.spec.AutoRemove {
		e.drop(c)
	}
}

// ContainerKill sends a signal; "" is SIGKILL.
func (e *Engine) ContainerKill(ctx context.Context, id, signal string) error {
	signal = fullSignal(signal, sigKill)
	c, err := e.begin(ctx, "ContainerKill", id, signal)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !c.up() {
		return conflict("container %s is not running", c.Name)
	}
	e.happened(c, "kill")
	e.signal(c, signal)
	return nil
}

// signal delivers a signal. The lock is held.
func (e *Engine) signal(c *container, name string) {
	switch {
	case name == sigKill:
		e.end(c, exitKilled)
	case c.State == engine.StatePaused:
		c.process.held = append(c.process.held, name)
	default:
		c.process.send(name)
	}
}

func (p *process) send(name string) {
	select {
	case p.signals <- name:
	default: // as the kernel does: it is pending already
	}
}

// ContainerStop sends the stop signal and, after the grace period, SIGKILL.
func (e *Engine) ContainerStop(ctx context.Context, id string, grace time.Duration) error {
	c, err := e.begin(ctx, "ContainerStop", id, "")
	if err != nil {
		return err
	}
	if grace < 0 {
		if grace = c.spec.StopGrace; grace == 0 {
			const engineDefault = 10 * time.Second
			grace = engineDefault
		}
	}
	e.mu.Lock()
	run := c.process
	if !c.up() {
		e.mu.Unlock()
		return nil
	}
	e.signal(c, fullSignal(c.spec.StopSignal, sigTerm))
	e.resume(c)
	e.mu.Unlock()
	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	ended := e.until(patience, func() bool { return c.process != run || !c.up() })
	if ctx.Err() != nil {
		return fmt.Errorf("stop container %s: %w", c.Name, ctx.Err())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if ended != nil && c.process == run && c.up() {
		e.end(c, exitKilled)
	}
	return nil
}
