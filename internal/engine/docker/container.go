package docker

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"halab/internal/engine"
)

// Containers lists the containers that match the filter, in every state.
func (e *Engine) Containers(ctx context.Context, filter engine.Filter) ([]engine.Container, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	found, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labels(filter)})
	if err != nil {
		return nil, e.fail("list containers", err)
	}
	all := make([]engine.Container, 0, len(found))
	for _, c := range found {
		all = append(all, engine.Container{
			ID:      c.ID,
			Name:    ownName(c.Names),
			Image:   c.Image,
			ImageID: c.ImageID,
			State:   engine.State(c.State),
			Labels:  c.Labels,
			MAC:     listedMAC(c.NetworkSettings),
			Joins:   container.NetworkMode(c.HostConfig.NetworkMode).ConnectedContainer(), // by ID, whatever it was made with
		})
	}
	return all, nil
}

func listedMAC(s *container.NetworkSettingsSummary) string {
	if s == nil {
		return ""
	}
	return ownMAC(s.Networks)
}

// ownMAC is the hardware address of a container that is on one network.
func ownMAC(networks map[string]*network.EndpointSettings) string {
	if len(networks) != 1 {
		return ""
	}
	for _, n := range networks {
		if n != nil {
			return n.MacAddress
		}
	}
	return ""
}

// Inspect describes one container, by ID or name.
func (e *Engine) Inspect(ctx context.Context, id string) (engine.Container, error) {
	if err := e.ready(ctx); err != nil {
		return engine.Container{}, err
	}
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return engine.Container{}, e.fail("inspect container "+short(id), err)
	}
	found := engine.Container{ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), ImageID: c.Image}
	if c.Config != nil {
		found.Image, found.Labels = c.Config.Image, c.Config.Labels
	}
	if c.NetworkSettings != nil {
		found.MAC = ownMAC(c.NetworkSettings.Networks)
	}
	if c.State != nil {
		found.State = engine.State(c.State.Status)
		found.ExitCode = c.State.ExitCode
		found.PID = c.State.Pid
		found.Started = parseTime(c.State.StartedAt)
		found.Finished = parseTime(c.State.FinishedAt)
	}
	return found, nil
}

// ContainerCreate makes a container and returns its ID. It does not start it.
func (e *Engine) ContainerCreate(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	if err := e.ready(ctx); err != nil {
		return "", err
	}
	body := containerCreation(spec, e.api.ClientVersion())
	made, err := e.api.ContainerCreate(ctx, body.config, body.host, body.networking, nil, spec.Name)
	if err != nil {
		return "", e.fail("create container "+spec.Name, err)
	}
	return made.ID, nil
}

// ContainerStart starts a container; one that runs already is left as it is.
func (e *Engine) ContainerStart(ctx context.Context, id string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("start container "+short(id), e.api.ContainerStart(ctx, id, container.StartOptions{}))
}

// ContainerStop sends the stop signal and, after the grace period (rounded up
// to whole seconds), SIGKILL. A negative grace is the container's own. One that
// is stopped already is left as it is.
func (e *Engine) ContainerStop(ctx context.Context, id string, grace time.Duration) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	options := container.StopOptions{}
	if grace >= 0 {
		options.Timeout = new(wholeSeconds(grace))
	}
	return e.fail("stop container "+short(id), e.api.ContainerStop(ctx, id, options))
}

// ContainerKill sends a signal, by name or number; "" is SIGKILL. One that
// doesn't run is an engine.ErrConflict.
func (e *Engine) ContainerKill(ctx context.Context, id, signal string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("kill container "+short(id), e.api.ContainerKill(ctx, id, signal))
}

// ContainerPause freezes every process of a container.
func (e *Engine) ContainerPause(ctx context.Context, id string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("pause container "+short(id), e.api.ContainerPause(ctx, id))
}

// ContainerUnpause lets a frozen container go on.
func (e *Engine) ContainerUnpause(ctx context.Context, id string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.fail("unpause container "+short(id), e.api.ContainerUnpause(ctx, id))
}

// ContainerRemove kills and removes a container and its anonymous volumes. If
// the engine is removing it already, it waits until that is done.
func (e *Engine) ContainerRemove(ctx context.Context, id string) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
		if _, err = e.wait(ctx, id, container.WaitConditionRemoved); errdefs.IsNotFound(err) {
			err = nil
		}
	}
	return e.fail("remove container "+short(id), err)
}

// ContainerWait waits until a container doesn't run and returns its exit code.
func (e *Engine) ContainerWait(ctx context.Context, id string) (int, error) {
	if err := e.ready(ctx); err != nil {
		return 0, err
	}
	code, err := e.wait(ctx, id, container.WaitConditionNotRunning)
	return code, e.fail("wait for container "+short(id), err)
}

func (e *Engine) wait(ctx context.Context, id string, until container.WaitCondition) (int, error) {
	// The SDK's goroutine sends its answer without looking at the context: take
	// one answer from it in every case, which a cancelled request gives at once.
	answers, errs := e.api.ContainerWait(ctx, id, until)
	select {
	case answer := <-answers:
		if answer.Error != nil {
			return 0, fmt.Errorf("%s", answer.Error.Message)
		}
		return int(answer.StatusCode), nil
	case err := <-errs:
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return 0, err
	}
}

// CopyTo unpacks a tar stream in a folder of a container.
func (e *Engine) CopyTo(ctx context.Context, id, path string, tar io.Reader) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	err := e.api.CopyToContainer(ctx, id, path, tar, container.CopyToContainerOptions{})
	return e.fail("copy to "+short(id)+":"+path, err)
}

// CopyFrom returns a file or folder of a container as a tar stream, which the
// caller closes.
func (e *Engine) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	stream, _, err := e.api.CopyFromContainer(ctx, id, path)
	if err != nil {
		return nil, e.fail("copy from "+short(id)+":"+path, err)
	}
	return stream, nil
}

func labels(filter engine.Filter) filters.Args {
	args := filters.NewArgs()
	for _, label := range labelFilters(filter) {
		args.Add("label", label)
	}
	return args
}

// ownName picks the container's own name from a list that may also hold the
// names that links give it ("/other/alias").
func ownName(names []string) string {
	for _, name := range names {
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			return name
		}
	}
	return ""
}

// short makes a full container ID readable and leaves names alone.
func short(id string) string {
	if len(id) == 64 && strings.Trim(id, "0123456789abcdef") == "" {
		return id[:12]
	}
	return id
}

// parseTime reads the engine's time; its zero (year 1) is Go's zero.
func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
