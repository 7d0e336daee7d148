package docker

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/docker/docker/api/types/build"

	"halab/internal/engine"
)

// tailLines is how many lines of a failed build its error repeats.
const tailLines = 15

// ImageBuild builds an image with the classic builder, which every engine has,
// and returns its ID. progress gets each line of output. The error of a failed
// build names the step and ends with the last lines. When ctx ends, the engine
// stops the build.
func (e *Engine) ImageBuild(ctx context.Context, spec engine.BuildSpec, progress func(line string)) (string, error) {
	if err := e.ready(ctx); err != nil {
		return "", err
	}
	name := strings.Join(spec.Tags, ", ")
	arguments := make(map[string]*string, len(spec.Args))
	for key, value := range spec.Args {
		arguments[key] = &value
	}
	answer, err := e.api.ImageBuild(ctx, spec.Context, build.ImageBuildOptions{
		Version:     build.BuilderV1,
		Tags:        spec.Tags,
		Dockerfile:  spec.Dockerfile,
		BuildArgs:   arguments,
		Labels:      spec.Labels,
		NetworkMode: spec.NetworkMode,
		Remove:      true,
		ForceRemove: true,
	})
	if err != nil {
		return "", e.fail("build image "+name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	output := &buildOutput{progress: progress}
	err = follow(ctx, answer.Body, output)
	output.finish()
	if err != nil {
		return "", e.fail("build image "+name, output.explain(err))
	}
	if output.id == "" {
		return "", fmt.Errorf("build image %s: the engine gave no ID: %s", name, strings.Join(output.tail, "\n"))
	}
	return output.id, nil
}

// buildOutput cuts a build's stream into lines and remembers what an error is
// explained with.
type buildOutput struct {
	progress func(line string)
	layers   transfer // of the base image, where it is pulled
	open     strings.Builder
	id       string
	step     string   // the last "Step 3/7 : RUN …"
	tail     []string // the last lines since
}

func (b *buildOutput) take(m message) {
	if m.Aux.ID != "" {
		b.id = m.Aux.ID
	}
	if m.Status != "" {
		b.layers.progress = b.line
		b.layers.take(m)
	}
	rest := m.Stream
	for {
		before, after, ended := strings.Cut(rest, "\n")
		b.open.WriteString(before)
		if !ended {
			return
		}
		b.finish()
		rest = after
	}
}

// finish ends the current line.
func (b *buildOutput) finish() {
	if b.open.Len() > 0 {
		b.line(b.open.String())
		b.open.Reset()
	}
}

func (b *buildOutput) line(text string) {
	text = strings.TrimRight(uncolour(text), " \r\t")
	if i := strings.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:] // a bar that redraws itself: its last state
	}
	if text == "" {
		return
	}
	if stepLine(text) {
		b.step, b.tail = text, nil
	} else if b.tail = append(b.tail, text); len(b.tail) > tailLines {
		b.tail = b.tail[1:]
	}
	if b.progress != nil {
		b.progress(text)
	}
}

// explain adds the step and the last lines to a build's error.
func (b *buildOutput) explain(err error) error {
	if b.step == "" {
		return err
	}
	text := fmt.Sprintf("%s: %s", b.step, err)
	if len(b.tail) > 0 {
		text += "; the last lines were:\n  " + strings.Join(b.tail, "\n  ")
	}
	return &failure{cause: err, text: text}
}

// stepLine tells the builder's own "Step 3/7 : …" from what steps print.
func stepLine(text string) bool {
	rest, found := strings.CutPrefix(text, "Step ")
	if !found {
		return false
	}
	var at, of int
	n, err := fmt.Sscanf(rest, "%d/%d : ", &at, &of)
	return err == nil && n == 2 && at <= of
}

// uncolour takes out the colours with which the builder marks stderr, and those
// of the tools that it runs.
func uncolour(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	return regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(text, "")
}
