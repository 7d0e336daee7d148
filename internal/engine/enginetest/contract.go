package enginetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"halab/internal/engine"
)

const (
	// patience is how long an engine may take for anything.
	patience = 20 * time.Second
	pollStep = 5 * time.Millisecond
	// contractLabel marks all that a contract test makes; its value is the run.
	contractLabel = "halab.contract"
)

// Contract plays everything that halab relies on, on an engine that open
// provides. puppetTar is the layer that has the puppet; an engine in memory
// doesn't look at it. All that the test makes carries a label and a name of its
// own and is removed at the end.
func Contract(t *testing.T, open func(t *testing.T) Subject, puppetTar []byte) {
	b := &bench{engine: open(t), run: strings.ToLower(rand.Text()[:10])}
	b.image = "halab-contract:" + b.run
	ctx := context.WithoutCancel(t.Context())
	id, err := b.engine.ImageImport(ctx, bytes.NewReader(puppetTar), b.image, b.labels())
	if err != nil {
		t.Fatalf("import the puppet's image: %v", err)
	}
	b.imageID = id
	t.Cleanup(func() { b.sweep(ctx, t) })

	for _, obligation := range []struct {
		name string
		test func(*bench, *testing.T)
	}{
		{"info", (*bench).info},
		{"images have labels, tags and an ID", (*bench).imageBasics},
		{"an image travels", (*bench).imageTravels},
		{"an image is built", (*bench).imageBuilds},
		{"a container lives and dies", (*bench).lifecycle},
		{"names are unique and images must exist", (*bench).creation},
		{"stop is patient, then kills", (*bench).stopping},
		{"pause and unpause", (*bench).pausing},
		{"wait", (*bench).waiting},
		{"exec has input, output and a code", (*bench).execBasics},
		{"exec on a terminal", (*bench).execTerminal},
		{"exec can be cancelled", (*bench).execCancelled},
		{"exec ends with its container", (*bench).execKilled},
		{"logs", (*bench).logs},
		{"logs are followed", (*bench).logsFollowed},
		{"files are copied", (*bench).copying},
		{"services join a node", (*bench).joining},
		{"a new node is not the old one", (*bench).joiningAgain},
		{"networks", (*bench).networks},
		{"internal networks", (*bench).internalNetworks},
		{"volumes", (*bench).volumes},
		{"events", (*bench).events},
	} {
		t.Run(obligation.name, func(t *testing.T) { obligation.test(b, t) })
	}
}

// bench is an engine and what the tests of one run share.
type bench struct {
	engine  Subject
	run     string
	image   string
	imageID string
}

func (b *bench) labels() map[string]string { return map[string]string{contractLabel: b.run} }

func (b *bench) mine() engine.Filter { return engine.Filter{contractLabel: b.run} }

// name makes a name of this run. The subtests follow each other, so that the
// suffix must differ within one of them only.
func (b *bench) name(suffix string) string {
	return "halab-contract-" + b.run + "-" + suffix
}

// spec is a container that runs the puppet.
func (b *bench) spec(name string, command ...string) engine.ContainerSpec {
	return engine.ContainerSpec{
		Name: name, Image: b.image, Entrypoint: []string{puppetPath}, Command: command,
		Labels: b.labels(), NetworkMode: "none", LogDriver: "json-file",
	}
}

// create makes a container that is gone when the test ends.
func (b *bench) create(t *testing.T, spec engine.ContainerSpec) string {
	t.Helper()
	id, err := b.engine.ContainerCreate(t.Context(), spec)
	if err != nil {
		t.Fatalf("create %s: %v", spec.Name, err)
	}
	t.Cleanup(func() {
		err := b.engine.ContainerRemove(context.WithoutCancel(t.Context()), id)
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("remove %s: %v", spec.Name, err)
		}
	})
	return id
}

// started makes and starts a container.
func (b *bench) started(t *testing.T, spec engine.ContainerSpec) string {
	t.Helper()
	id := b.create(t, spec)
	b.do(t, "start "+spec.Name, b.engine.ContainerStart(t.Context(), id))
	return id
}

func (b *bench) do(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (b *bench) refused(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got error %v, want one that is %q", what, err, kind)
	}
}

// reaches waits until a container is in a state.
func (b *bench) reaches(t *testing.T, id string, want engine.State) engine.Container {
	t.Helper()
	var c engine.Container
	eventually(t, "state "+string(want), func() bool {
		var err error
		if c, err = b.engine.Inspect(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return c.State == want
	})
	return c
}

// says waits until a container's log has a line.
func (b *bench) says(t *testing.T, id, want string) {
	t.Helper()
	eventually(t, "log line "+want, func() bool {
		for _, line := range b.log(t, id, engine.LogOptions{Tail: -1}) {
			if line.Text == want {
				return true
			}
		}
		return false
	})
}

func (b *bench) log(t *testing.T, id string, options engine.LogOptions) []engine.LogLine {
	t.Helper()
	var lines []engine.LogLine
	err := b.engine.Logs(t.Context(), id, options, func(line engine.LogLine) error {
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatalf("log: %v", err)
	}
	return lines
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %s", what, patience)
		}
		time.Sleep(pollStep)
	}
}

// sweep removes what is left of a run.
func (b *bench) sweep(ctx context.Context, t *testing.T) {
	containers, _ := b.engine.Containers(ctx, b.mine())
	for _, c := range containers {
		t.Errorf("container %s is left", c.Name)
		_ = b.engine.ContainerRemove(ctx, c.ID)
	}
	networks, _ := b.engine.Networks(ctx, b.mine())
	for _, n := range networks {
		t.Errorf("network %s is left", n.Name)
		_ = b.engine.NetworkRemove(ctx, n.ID)
	}
	volumes, _ := b.engine.Volumes(ctx, b.mine())
	for _, v := range volumes {
		t.Errorf("volume %s is left", v.Name)
		_ = b.engine.VolumeRemove(ctx, v.Name)
	}
	images, _ := b.engine.Images(ctx, b.mine())
	for _, i := range images {
		if err := b.engine.ImageRemove(ctx, i.ID); err != nil {
			t.Errorf("remove image %s: %v", i.ID, err)
		}
	}
}
