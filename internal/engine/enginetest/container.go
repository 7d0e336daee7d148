package enginetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"halab/internal/engine"
)

// container is a container and what it runs.
type container struct {
	engine.Container
	spec    engine.ContainerSpec
	network string // spec.NetworkMode and spec.PIDMode, with IDs for names
	space   string
	files   map[string]file
	log     []engine.LogLine
	process *process // of the last start; nil before the first
}

// public copies what callers may see. The lock is held.
func (c *container) public() engine.Container {
	seen := c.Container
	seen.Labels = maps.Clone(c.Labels)
	if id, joins := strings.CutPrefix(c.network, joinPrefix); joins {
		seen.Joins = id
	}
	if c.up() && !builtinMode(c.network) {
		seen.MAC = c.spec.MAC
	}
	return seen
}

func (c *container) up() bool {
	return c.State == engine.StateRunning || c.State == engine.StatePaused
}

// find looks a container up by name, ID or the beginning of an ID. The lock is
// held.
func (e *Engine) find(id string) (*container, error) {
	for _, c := range e.containers {
		if c.Name == id || c.ID == id {
			return c, nil
		}
	}
	for _, c := range e.containers {
		if id != "" && strings.HasPrefix(c.ID, id) {
			return c, nil
		}
	}
	return nil, notFound("container", id)
}

// begin is enter for a call on a container: it is recorded by name.
func (e *Engine) begin(ctx context.Context, method, id, detail string) (*container, error) {
	e.mu.Lock()
	c, err := e.find(id)
	name := id
	if c != nil {
		name = c.Name
	}
	e.mu.Unlock()
	if refused := e.enter(ctx, Call{Method: method, Target: name, Detail: detail}); refused != nil {
		return nil, refused
	}
	if err != nil { // it may have come while the hook was asked
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.find(id)
	}
	return c, nil
}

// Containers lists the containers that match the filter, newest first.
func (e *Engine) Containers(ctx context.Context, filter engine.Filter) ([]engine.Container, error) {
	if err := e.enter(ctx, Call{Method: "Containers"}); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []engine.Container{}
	for _, c := range slices.Backward(e.containers) {
		if !matches(filter, c.Labels) {
			continue
		}
		listed := c.public() // a list has no details
		listed.ExitCode, listed.PID, listed.Started, listed.Finished = 0, 0, time.Time{}, time.Time{}
		all = append(all, listed)
	}
	return all, nil
}

// Inspect describes one container.
func (e *Engine) Inspect(ctx context.Context, id string) (engine.Container, error) {
	c, err := e.begin(ctx, "Inspect", id, "")
	if err != nil {
		return engine.Container{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return c.public(), nil
}

// Spec gives what a container was made from, for tests.
func (e *Engine) Spec(id string) (engine.ContainerSpec, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil {
		return engine.ContainerSpec{}, false
	}
	return c.spec, true
}

// ContainerCreate makes a container, and the volumes it names.
func (e *Engine) ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	if err := e.enter(ctx, Call{Method: "ContainerCreate", Target: spec.Name, Detail: spec.Image}); err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	image, err := e.findImage(spec.Image)
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", spec.Name, err)
	}
	for _, other := range e.containers {
		if spec.Name != "" && other.Name == spec.Name {
			return "", conflict("the container name %q is in use by %s", spec.Name, other.ID)
		}
	}
	network, err := e.resolveMode(spec.NetworkMode)
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", spec.Name, err)
	}
	space, err := e.resolveMode(spec.PIDMode)
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", spec.Name, err)
	}
	id := e.id()
	if spec.Name == "" {
		spec.Name = "unnamed_" + id[:6]
	}
	for _, m := range spec.Mounts {
		if m.Type == "volume" && !e.hasVolume(m.Source) {
			e.volumes = append(e.volumes, engine.Volume{Name: m.Source, Driver: "local"})
		}
	}
	labels := maps.Clone(image.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, spec.Labels)
	c := &container{
		Container: engine.Container{
			ID: id, Name: spec.Name, Image: spec.Image, ImageID: image.ID,
			State: engine.StateCreated, Labels: labels,
		},
		spec:    spec,
		network: network,
		space:   space,
		files:   map[string]file{},
	}
	e.containers = append(e.containers, c)
	e.happened(c, "create")
	return id, nil
}

// resolveMode puts the ID in the place of the name in container:NAME, as the
// engine does when it makes a container: one that joins a container can't be
// made before that is there, and doesn't follow when another takes its name.
// The lock is held.
func (e *Engine) resolveMode(mode string) (string, error) {
	name, joins := strings.CutPrefix(mode, joinPrefix)
	if !joins {
		return mode, nil
	}
	other, err := e.find(name)
	if err != nil {
		return "", err
	}
	return joinPrefix + other.ID, nil
}

// ContainerRemove kills and removes a container.
func (e *Engine) ContainerRemove(ctx context.Context, id string) error {
	c, err := e.begin(ctx, "ContainerRemove", id, "")
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.containers, c) {
		return notFound("container", id)
	}
	if c.up() {
		e.end(c, exitKilled)
	}
	e.drop(c)
	return nil
}

// drop forgets a container. The lock is held.
func (e *Engine) drop(c *container) {
	before := len(e.containers)
	e.containers = slices.DeleteFunc(e.containers, func(other *container) bool { return other == c })
	if len(e.containers) < before {
		e.happened(c, "destroy")
	}
}

// ContainerWait waits until a container doesn't run.
func (e *Engine) ContainerWait(ctx context.Context, id string) (int, error) {
	c, err := e.begin(ctx, "ContainerWait", id, "")
	if err != nil {
		return 0, err
	}
	code := 0
	err = e.until(ctx, func() bool {
		code = c.ExitCode
		return !c.up()
	})
	if err != nil {
		return 0, fmt.Errorf("wait for container %s: %w", id, err)
	}
	return code, nil
}

// Crash ends a container's process with a code, as a fault of its own would.
func (e *Engine) Crash(id string, code int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil {
		return err
	}
	if !c.up() {
		return conflict("container %s is not running", c.Name)
	}
	e.end(c, code)
	return nil
}
