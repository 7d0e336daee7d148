package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// HostUp makes the interfaces that the lab needs on the engine's host, by a
// short-lived helper container: the parent pair and the host's leg.
func (l *Lab) HostUp(ctx context.Context, image string, r agentapi.NetworkRequest) error {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	return l.hostUp(ctx, image, r, &tidy)
}

// HostLook asks a helper for the network namespace of the engine's host, and
// changes nothing there.
func (l *Lab) HostLook(ctx context.Context, image string, r agentapi.NetworkRequest) (string, error) {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	reply, err := l.helper(ctx, image, "look", r, &tidy)
	return reply.Namespace, err
}

func (l *Lab) hostUp(ctx context.Context, image string, r agentapi.NetworkRequest, tidy *sync.WaitGroup) error {
	reply, err := l.helper(ctx, image, "up", r, tidy)
	l.namespace = reply.Namespace
	return err
}

// HostDown removes the lab's own interfaces from the engine's host, and says
// which there were.
func (l *Lab) HostDown(ctx context.Context, image string, r agentapi.NetworkRequest) ([]string, error) {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	reply, err := l.helper(ctx, image, "down", r, &tidy)
	return reply.Removed, err
}

// helperService marks helpers among a lab's containers.
const helperService = "helper"

// helperSpec is a container on the host's network that may change interfaces
// and nothing else.
func (l *Lab) helperSpec(image, verb string, request string) engine.ContainerSpec {
	return engine.ContainerSpec{
		Name:        l.name + "-helper-" + verb,
		Image:       image,
		Entrypoint:  []string{agentapi.BinaryPath, "agent", agentapi.CommandNetwork},
		Command:     []string{verb, request},
		Labels:      map[string]string{engine.LabelLab: l.name, engine.LabelService: helperService},
		NetworkMode: "host",
		CapDrop:     []string{"ALL"},
		CapAdd:      []string{"NET_ADMIN"},
		SecurityOpt: []string{"no-new-privileges"},
		ReadOnly:    true,
	}
}

// helper runs the helper once. Its container is removed beside what comes next;
// tidy waits for that.
func (l *Lab) helper(ctx context.Context, image, verb string, r agentapi.NetworkRequest, tidy *sync.WaitGroup) (agentapi.NetworkReply, error) {
	var reply agentapi.NetworkReply
	request, err := json.Marshal(r)
	if err != nil {
		return reply, err
	}
	id, err := l.startHelper(ctx, l.helperSpec(image, verb, string(request)))
	if err != nil {
		return reply, fmt.Errorf("start the helper that makes the host's interfaces: %w", err)
	}
	defer tidy.Go(func() {
		clean, cancel := detached(ctx)
		defer cancel()
		if err := gone(l.engine.ContainerRemove(clean, id)); err != nil {
			l.sink.Warn(l.name+"-helper-"+verb, "not removed: "+err.Error())
		}
	})
	code, err := l.engine.ContainerWait(ctx, id)
	if err != nil {
		return reply, fmt.Errorf("wait for the helper that makes the host's interfaces: %w", err)
	}
	return l.helperReply(ctx, id, code)
}

// helperTries and helperPause bound the wait for a name: an engine may hold the
// name of a container for a moment after it was removed.
const (
	helperTries = 20
	helperPause = 50 * time.Millisecond
)

// createHelper makes the helper; one that an interrupted halab left behind is
// replaced.
func (l *Lab) createHelper(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	for try := 1; ; try++ {
		id, err := l.engine.ContainerCreate(ctx, spec)
		if !errors.Is(err, engine.ErrConflict) || try == helperTries {
			return id, err
		}
		if err := gone(l.engine.ContainerRemove(ctx, spec.Name)); err != nil {
			return "", err
		}
		if err := Pause(ctx, helperPause); err != nil {
			return "", err
		}
	}
}

// startHelper makes and starts the helper.
func (l *Lab) startHelper(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	id, err := l.createHelper(ctx, spec)
	if err != nil {
		return "", err
	}
	if err := l.engine.ContainerStart(ctx, id); err != nil {
		clean, cancel := detached(ctx)
		defer cancel()
		return "", errors.Join(err, gone(l.engine.ContainerRemove(clean, id)))
	}
	return id, nil
}

// helperSaid reads what a helper wrote to its standard output and error.
func (l *Lab) helperSaid(ctx context.Context, id string) (lines, errs string, err error) {
	var out, complaints bytes.Buffer
	err = l.engine.Logs(ctx, id, engine.LogOptions{Tail: -1}, func(line engine.LogLine) error {
		if line.Stderr {
			fmt.Fprintln(&complaints, line.Text)
		} else {
			fmt.Fprintln(&out, line.Text)
		}
		return nil
	})
	return out.String(), complaints.String(), err
}

func (l *Lab) helperReply(ctx context.Context, id string, code int) (agentapi.NetworkReply, error) {
	var reply agentapi.NetworkReply
	lines, errs, err := l.helperSaid(ctx, id)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal([]byte(lines), &reply); err != nil {
		return reply, fmt.Errorf("the helper on the engine's host ended with %d and said: %s", code, strings.TrimSpace(lines+errs))
	}
	if reply.Problem != nil {
		return reply, reply.Problem
	}
	if code != 0 {
		return reply, fmt.Errorf("the helper on the engine's host ended with %d: %s", code, strings.TrimSpace(errs))
	}
	return reply, nil
}
