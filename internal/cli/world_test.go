package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/composefile"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// world is a lab on an engine in memory. Its nodes report as PID 1 of a node
// does; HAProxy's end moves the VIP to the other node of the cluster.
type world struct {
	t       *testing.T
	engine  *enginetest.Engine
	project *composefile.Project
	mu      sync.Mutex
	holders map[string]string // cluster -> node
	dead    map[string]bool   // Compose services of HAProxy that are down
	ids     map[string]string // Compose service -> container
	servers string            // what every HAProxy calls every server
	faults  map[string]string // node -> what is done to it from inside
	open    func(context.Context, string) (app.Engine, error)
}

func newWorld(t *testing.T, files ...string) *world {
	t.Helper()
	w := &world{t: t, engine: enginetest.New(), ids: map[string]string{}, dead: map[string]bool{}, servers: "UP",
		holders: map[string]string{"frontend": "frontend-01", "backend": "backend-02"}}
	w.open = func(context.Context, string) (app.Engine, error) { return keepOpen{w.engine}, nil }
	var err error
	if w.project, err = (app.Setting{Name: "halab", Files: files}).Load(t.Context(), "debian12"); err != nil {
		t.Fatal(err)
	}
	w.engine.Hooks.Program = w.program
	w.engine.Hooks.Exec = w.exec
	t.Cleanup(func() { _ = w.engine.Close() })
	return w
}

// up makes the default lab without the help of any command.
func (w *world) up() *world {
	w.t.Helper()
	ctx, project := w.t.Context(), w.project
	for _, name := range []string{"node", "app", "haproxy", "keepalived"} {
		w.engine.AddImage(engine.Image{Tags: []string{"halab/" + name + ":debian12"}, Labels: map[string]string{"halab.image": name, "halab.base": "debian12"}})
	}
	for _, n := range project.Networks {
		w.must(w.engine.NetworkCreate(ctx, n))
	}
	for _, v := range project.Volumes {
		w.must("", w.engine.VolumeCreate(ctx, v))
	}
	for _, c := range project.Containers {
		id := w.must(w.engine.ContainerCreate(ctx, c.Spec))
		w.ids[c.Service] = id
		w.must("", w.engine.ContainerStart(ctx, id))
	}
	w.report()
	return w
}

func (w *world) must(id string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// report makes every node tell its state.
func (w *world) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell()
}

func (w *world) tell() {
	for _, n := range w.project.Lab.Nodes() {
		c, _ := w.project.Lab.Cluster(n.Cluster)
		line := engine.LogLine{Time: time.Now(), Text: w.line(n.Name, c.VIP.Address.String())}
		_ = w.engine.Say(w.ids[n.Name], line) // a node that is gone says nothing
	}
}

// line is what a node tells: a healthy one, but for what is dead.
func (w *world) line(node, vip string) string {
	n, _ := w.project.Lab.Node(node)
	c, _ := w.project.Lab.Cluster(n.Cluster)
	state := agentapi.State{VRRP: "BACKUP", Link: "up", HAProxy: "up", Keepalived: "up", App: "up", Servers: map[string]string{}}
	if w.holders[c.Name] == node {
		state.VRRP, state.VIPs = "MASTER", []string{vip}
	}
	if w.dead[node] {
		state.VRRP, state.HAProxy = "FAULT", "gone"
	}
	for _, peer := range c.Nodes {
		state.Servers[peer.Name] = w.servers
	}
	if f := w.faults[node]; f != "" {
		state.Faults = []agentapi.Fault{{Fault: f}}
	}
	line, err := json.Marshal(agentapi.Event{Time: time.Now(), Node: node, Name: agentapi.EventVRRP, From: "BACKUP", To: state.VRRP, State: state})
	if err != nil {
		w.t.Error(err)
	}
	return string(line)
}

// program is what a container runs.
func (w *world) program(spec engine.ContainerSpec) enginetest.Program {
	node, service := spec.Labels[engine.LabelNode], spec.Labels[engine.LabelService]
	switch service {
	case "haproxy":
	case "node":
		return func(ctx context.Context, p enginetest.Process) int {
			_, vip, _ := strings.Cut(spec.Labels[engine.LabelVIP], "=")
			w.mu.Lock()
			fmt.Fprintln(p.Stdout, w.line(node, vip))
			w.mu.Unlock()
			select {
			case <-ctx.Done():
			case <-p.Signals:
			}
			return 0
		}
	case "helper":
		return func(_ context.Context, p enginetest.Process) int {
			fmt.Fprintln(p.Stdout, `{"removed":["halab0h","halab0"]}`)
			return 0
		}
	default:
		return nil
	}
	return func(ctx context.Context, p enginetest.Process) int {
		w.haproxy(node, spec.Labels[engine.LabelCluster], false)
		select {
		case <-ctx.Done():
		case <-p.Signals:
		}
		w.haproxy(node, spec.Labels[engine.LabelCluster], true)
		return 0
	}
}

// haproxy notes that HAProxy of a node is down or up, with what follows.
func (w *world) haproxy(node, cluster string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[node] = down
	if down && w.holders[cluster] == node {
		c, _ := w.project.Lab.Cluster(cluster)
		for _, n := range c.Nodes {
			if !w.dead[n.Name] {
				w.holders[cluster] = n.Name
			}
		}
	}
	if len(w.ids) == len(w.project.Containers) {
		w.tell()
	}
}

// exec answers `agent get` in the client, and echoes commands elsewhere.
func (w *world) exec(c engine.Container, spec engine.ExecSpec) enginetest.Program {
	return func(ctx context.Context, p enginetest.Process) int {
		if len(p.Args) < 3 || p.Args[1] != "agent" {
			fmt.Fprintf(p.Stdout, "%s: %s\n", c.Labels[engine.LabelNode], strings.Join(p.Args, "|"))
			fmt.Fprintln(p.Stderr, "to stderr")
			return 7
		}
		if p.Args[2] == agentapi.CommandConfig {
			fmt.Fprintf(p.Stdout, "what %s of %s has\n", p.Args[3], c.Labels[engine.LabelNode])
		}
		if p.Args[2] != agentapi.CommandGet {
			return 0
		}
		for _, answer := range w.answers(p.Args) {
			if err := json.NewEncoder(p.Stdout).Encode(answer); err != nil {
				return 1
			}
		}
		if slices.Contains(p.Args, "0") { // no --count: until the input ends
			_, _ = io.Copy(io.Discard, p.Stdin) // whichever way it ends
		}
		return 0
	}
}

func (w *world) answers(args []string) []agentapi.Response {
	due := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	var list []agentapi.Response
	url := args[len(args)-1]
	one := func(i int) agentapi.Response {
		at := due.Add(time.Duration(i) * 100 * time.Millisecond)
		return agentapi.Response{Due: at, Sent: at, Done: at.Add(4 * time.Millisecond), Status: 200,
			Frontend: fmt.Sprintf("frontend-%02d", i%2+1), Backend: fmt.Sprintf("backend-%02d", i%2+1),
			Body: fmt.Sprintf("{\"frontend\":\"frontend-%02d\"}", i%2+1)}
	}
	n := 1
	if slices.Contains(args, "0") || slices.Contains(args, "4") {
		n = 4
	}
	for i := range n {
		r := one(i)
		switch {
		case strings.HasSuffix(url, "/broken"):
			r.Status, r.Error, r.Body = 0, "connection refused", ""
		case strings.HasSuffix(url, "/missing"):
			r.Status = 404
		}
		list = append(list, r)
	}
	return list
}

// result is what a run of halab left.
type result struct {
	code           int
	stdout, stderr string
}

// run runs halab against the world.
func (w *world) run(args ...string) result {
	w.t.Helper()
	return w.runCtx(w.t.Context(), args...)
}

func (w *world) runCtx(ctx context.Context, args ...string) result {
	var out, errs syncBuffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		env:  func(string) string { return "" },
		open: w.open}
	code := p.main(ctx, args)
	return result{code, out.String(), errs.String()}
}

// keepOpen lets several runs use one engine.
type keepOpen struct{ *enginetest.Engine }

func (keepOpen) Close() error { return nil }

// syncBuffer may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
