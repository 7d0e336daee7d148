package enginetest

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/engine"
)

// ContainerPause freezes a container: its signals wait.
func (e *Engine) ContainerPause(ctx context.Context, id string) error {
	c, err := e.begin(ctx, "ContainerPause", id, "")
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.State != engine.StateRunning {
		return conflict("container %s is not running or already paused", c.Name)
	}
	c.State = engine.StatePaused
	e.happened(c, "pause")
	return nil
}

// ContainerUnpause lets a frozen container go on.
func (e *Engine) ContainerUnpause(ctx context.Context, id string) error {
	c, err := e.begin(ctx, "ContainerUnpause", id, "")
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.State != engine.StatePaused {
		return fmt.Errorf("container %s is not paused", c.Name)
	}
	e.resume(c)
	return nil
}

// resume ends a pause, if there is one. The lock is held.
func (e *Engine) resume(c *container) {
	if c.State != engine.StatePaused {
		return
	}
	c.State = engine.StateRunning
	for _, name := range c.process.held {
		c.process.send(name)
	}
	c.process.held = nil
	e.happened(c, "unpause")
}

// fullSignal writes a signal as SIGTERM, whatever way it is named.
func fullSignal(name, otherwise string) string {
	numbers := map[string]string{"1": "SIGHUP", "2": "SIGINT", "3": "SIGQUIT", "9": sigKill, "10": "SIGUSR1", "12": "SIGUSR2", "15": sigTerm}
	name = strings.ToUpper(name)
	switch {
	case name == "":
		return otherwise
	case numbers[name] != "":
		return numbers[name]
	case strings.HasPrefix(name, "SIG"):
		return name
	default:
		return "SIG" + name
	}
}
