package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// helperService marks helpers among a lab's containers.
const helperService = "helper"

// Helper is a short-lived container of a lab in which the agent does one thing,
// mostly on the network of an engine's host. Down removes what is left of one by its
// label.
type Helper struct {
	Lab, Verb string // it is called LAB-helper-VERB
	Image     string
	Endpoint  string   // of the engine that runs it; empty: the default one
	Args      []string // of halab agent
	Network   string   // "host", or "none"
	Caps      []string // all that it may do beyond what anybody may
}

// HelperEngine is what a helper needs of an engine.
type HelperEngine interface {
	ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error)
	ContainerStart(ctx context.Context, id string) error
	ContainerWait(ctx context.Context, id string) (int, error)
	ContainerRemove(ctx context.Context, id string) error
	Logs(ctx context.Context, id string, options engine.LogOptions, each func(engine.LogLine) error) error
}

func (h Helper) spec() engine.ContainerSpec {
	return engine.ContainerSpec{
		Name:        h.Lab + "-helper-" + h.Verb,
		Image:       h.Image,
		Endpoint:    h.Endpoint,
		Entrypoint:  append([]string{agentapi.BinaryPath, "agent"}, h.Args[:1]...),
		Command:     h.Args[1:],
		Labels:      map[string]string{engine.LabelLab: h.Lab, engine.LabelService: helperService},
		NetworkMode: h.Network,
		CapDrop:     []string{"ALL"},
		CapAdd:      h.Caps,
		SecurityOpt: []string{"no-new-privileges"},
		ReadOnly:    true,
	}
}

// helperTries and helperPause bound the wait for a name: an engine may hold the
// name of a container for a moment after it was removed.
const (
	helperTries = 20
	helperPause = 50 * time.Millisecond
)

// Start makes and starts the helper; one that an interrupted halab left behind is
// replaced. remove ends it, also when ctx has ended.
func (h Helper) Start(ctx context.Context, e HelperEngine) (id string, remove func() error, err error) {
	if id, err = h.create(ctx, e); err != nil {
		return "", nil, err
	}
	remove = func() error {
		clean, cancel := detached(ctx)
		defer cancel()
		return gone(e.ContainerRemove(clean, id))
	}
	if err := e.ContainerStart(ctx, id); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return id, remove, nil
}

func (h Helper) create(ctx context.Context, e HelperEngine) (string, error) {
	for try := 1; ; try++ {
		id, err := e.ContainerCreate(ctx, h.spec())
		if !errors.Is(err, engine.ErrConflict) || try == helperTries {
			return id, err
		}
		if err := gone(e.ContainerRemove(ctx, h.spec().Name)); err != nil {
			return "", err
		}
		if err := Pause(ctx, helperPause); err != nil {
			return "", err
		}
	}
}

// HelperEnd is how a helper ended, beside its answer.
type HelperEnd struct {
	Code      int
	Complaint string // what it wrote to standard error
}

// Ask runs the helper to its end and reads its answer, which is JSON. What removes its
// container is given to tidy; nil: it is removed before Ask returns.
func (h Helper) Ask(ctx context.Context, e HelperEngine, reply any, tidy func(remove func() error)) (HelperEnd, error) {
	var end HelperEnd
	id, remove, err := h.Start(ctx, e)
	if err != nil {
		return end, fmt.Errorf("start the helper on the engine's host: %w", err)
	}
	if tidy == nil {
		tidy = func(remove func() error) { _ = remove() }
	}
	defer tidy(remove)
	if end.Code, err = e.ContainerWait(ctx, id); err != nil {
		return end, fmt.Errorf("wait for the helper on the engine's host: %w", err)
	}
	var out, complaint bytes.Buffer
	err = e.Logs(ctx, id, engine.LogOptions{Tail: -1}, func(line engine.LogLine) error {
		to := &out
		if line.Stderr {
			to = &complaint
		}
		_, err := fmt.Fprintln(to, line.Text)
		return err
	})
	if err != nil {
		return end, err
	}
	end.Complaint = strings.TrimSpace(complaint.String())
	if err := (agentapi.Said{Out: out.Bytes(), Complaint: complaint.Bytes(), Code: end.Code}).Answer(reply); err != nil {
		return end, fmt.Errorf("the helper on the engine's host ended with %d: %w", end.Code, err)
	}
	return end, nil
}
