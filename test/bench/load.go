package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// How the load is made.
const (
	loadName       = labName + "-helper-load" // the container; halab down removes it by its label
	loadWorkers    = 16                       // connections, where there is no fixed rate
	loadTimeout    = 2 * time.Second          // of one request
	loadSteady     = 100                      // requests a second that the machine has room for
	loadStartLimit = 20 * time.Second         // until the first answer
)

// target is what load is sent to.
type target struct{ name, url string }

// targets are the three depths of the lab: an app by itself, an app behind
// HAProxy, and the whole path of a client.
func targets() []target {
	return []target{
		{"one app", "http://" + prefix + ".21:5000/backend"},
		{"through HAProxy", "http://" + prefix + ".20/backend"},
		{"through both tiers", "http://" + prefix + ".10/frontend"},
	}
}

// generator is vegeta at work: in a container that shares the network of the
// lab's client and has nothing else.
type generator struct {
	cmd    *exec.Cmd
	folder string
	said   bytes.Buffer
}

// attack starts the load. A rate of 0 means as many requests as loadWorkers
// connections get answered. It ends by itself after the given time.
func (b *bench) attack(ctx context.Context, url string, rate int, length time.Duration) (*generator, error) {
	image, err := docker(ctx, "inspect", "--format", "{{.Image}}", labName+"-client")
	if err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(b.vegeta)
	if err != nil {
		return nil, err
	}
	g := &generator{}
	if g.folder, err = os.MkdirTemp("", "halab-bench-"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(g.folder, "targets"), []byte("GET "+url+"\n"), 0o644); err != nil {
		return nil, errors.Join(err, g.remove())
	}
	args := []string{
		"run", "--rm", "--name", loadName, "--label", "halab.lab=" + labName, "--label", "halab.service=helper",
		"--network", "container:" + labName + "-client", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--read-only", "--log-driver", "none", "--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()),
		"-v", binary + ":/vegeta:ro", "-v", g.folder + ":/load", "--entrypoint", "/vegeta", image,
		"attack", "-targets", "/load/targets", "-output", "/load/results", "-timeout", loadTimeout.String(),
		"-duration", length.String(), "-rate", fmt.Sprint(rate),
	}
	if rate == 0 {
		args = append(args, "-max-workers", fmt.Sprint(loadWorkers), "-workers", fmt.Sprint(loadWorkers))
	}
	g.cmd = exec.CommandContext(ctx, "docker", args...)
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(os.Interrupt) }
	g.cmd.WaitDelay = 10 * time.Second
	g.cmd.Stdout, g.cmd.Stderr = &g.said, &g.said
	if err := g.cmd.Start(); err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

// flowing waits until the first answers are there.
func (g *generator) flowing(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadStartLimit)
	defer cancel()
	for {
		if info, err := os.Stat(filepath.Join(g.folder, "results")); err == nil && info.Size() > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the load generator gets no answer: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the load before its time.
func (g *generator) stop() ([]vegeta.Result, error) {
	if err := g.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	return g.wait()
}

// wait waits for the end and reads what came of each request.
func (g *generator) wait() (list []vegeta.Result, err error) {
	defer func() { err = errors.Join(err, g.remove()) }()
	if err := g.cmd.Wait(); err != nil {
		return nil, fmt.Errorf("the load generator: %w\n%s", err, g.said.String())
	}
	f, err := os.Open(filepath.Join(g.folder, "results"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readResults(f)
}

func (g *generator) remove() error { return os.RemoveAll(g.folder) }

// readResults decodes vegeta's own format.
func readResults(r io.Reader) ([]vegeta.Result, error) {
	var list []vegeta.Result
	decode := vegeta.NewDecoder(r)
	for {
		var one vegeta.Result
		switch err := decode(&one); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return list, fmt.Errorf("the load generator's results: %w", err)
		}
		list = append(list, one)
	}
}

// failed says whether a client did not get what it asked for: status 200 and,
// from a frontend, a backend.
func failed(r vegeta.Result) bool {
	if r.Code != 200 {
		return true
	}
	var body struct{ Backend *string }
	return json.Unmarshal(r.Body, &body) != nil || body.Backend == nil
}

func countFailed(list []vegeta.Result) int {
	n := 0
	for _, r := range list {
		if failed(r) {
			n++
		}
	}
	return n
}

// metrics sums results up as vegeta's own report does.
func metrics(list []vegeta.Result) vegeta.Metrics {
	var m vegeta.Metrics
	for i := range list {
		m.Add(&list[i])
	}
	m.Close()
	return m
}

// load measures each depth of the lab, first as fast as it can answer, then at
// a rate that leaves the machine room.
func (b *bench) load(ctx context.Context) error {
	fmt.Fprintf(b.out, "\nLoad by vegeta from the lab's client, on the same processors as the lab, %s each: %d connections\n"+
		"as fast as they are answered, then %d requests a second\n\n", b.length, loadWorkers, loadSteady)
	fmt.Fprintf(b.out, "%-20s %12s %9s %8s   %12s %8s\n", "", "requests/s", "p99", "failed", "p99 at "+fmt.Sprint(loadSteady)+"/s", "failed")
	for _, t := range targets() {
		full, err := b.measure(ctx, t.url, 0)
		if err != nil {
			return err
		}
		steady, err := b.measure(ctx, t.url, loadSteady)
		if err != nil {
			return err
		}
		f, s := metrics(full), metrics(steady)
		fmt.Fprintf(b.out, "%-20s %12.0f %9s %8d   %12s %8d\n", t.name, f.Throughput, show(f.Latencies.P99), countFailed(full),
			show(s.Latencies.P99), countFailed(steady))
	}
	return nil
}

func (b *bench) measure(ctx context.Context, url string, rate int) ([]vegeta.Result, error) {
	g, err := b.attack(ctx, url, rate, b.length)
	if err != nil {
		return nil, err
	}
	return g.wait()
}

// docker runs Docker's own command.
func docker(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}
