// Package labtest holds a lab on an engine in memory, for tests of everything that
// works on one.
package labtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
)

// World is a lab on an engine in memory. Its nodes report as PID 1 of a node
// does; HAProxy's end moves the VIP to the other node of the cluster. What is
// exported may be changed before the lab is up.
type World struct {
	Engine  *enginetest.Engine
	Project *composefile.Project
	IDs     map[string]string // Compose service -> container, of a lab that Up made
	Servers string            // what every HAProxy calls every server

	t       *testing.T
	mu      sync.Mutex
	holders map[string]string // cluster -> node
	faults  map[string][]agentapi.Fault
	dead    map[string]bool // nodes whose HAProxy is down
	nodes   sync.Map        // container -> its spec, of the nodes that were started; the engine is locked meanwhile
}

// New returns an engine that has nothing yet of the lab that is described.
func New(t *testing.T, project *composefile.Project) *World {
	t.Helper()
	w := &World{
		Engine: enginetest.New(), Project: project, IDs: map[string]string{}, Servers: "UP",
		t: t, dead: map[string]bool{}, faults: map[string][]agentapi.Fault{},
		holders: map[string]string{"frontend": "frontend-01", "backend": "backend-02"},
	}
	w.Engine.Hooks.Program = w.Program
	w.Engine.Hooks.Exec = w.exec
	t.Cleanup(func() { _ = w.Engine.Close() })
	return w
}

// Buildable gives the engine what images of Debian 12 can be built from.
func (w *World) Buildable() {
	w.Engine.AddImage(engine.Image{Tags: []string{"debian:bookworm-slim", "debian:12"}})
}

// Up makes the lab without the help of any command.
func (w *World) Up() {
	w.t.Helper()
	ctx, project := w.t.Context(), w.Project
	for _, name := range []string{"node", "app", "haproxy", "keepalived"} {
		w.Engine.AddImage(engine.Image{Tags: []string{"halab/" + name + ":debian12"}, Labels: map[string]string{"halab.image": name, "halab.base": "debian12"}})
	}
	for _, n := range project.Networks {
		w.Must(w.Engine.NetworkCreate(ctx, n))
	}
	for _, v := range project.Volumes {
		w.Must("", w.Engine.VolumeCreate(ctx, v))
	}
	for _, c := range project.Containers {
		id := w.Must(w.Engine.ContainerCreate(ctx, c.Spec))
		w.IDs[c.Service] = id
		w.Must("", w.Engine.ContainerStart(ctx, id))
	}
	w.Report()
}

// Must gives the id of what was made.
func (w *World) Must(id string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// Report makes every node tell its state.
func (w *World) Report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell()
}

func (w *World) tell() {
	for container, stored := range w.nodes.Range {
		spec := stored.(engine.ContainerSpec)
		_, vip, _ := strings.Cut(spec.Labels[engine.LabelVIP], "=")
		line := engine.LogLine{Time: time.Now(), Text: w.Line(spec.Labels[engine.LabelNode], vip)}
		_ = w.Engine.Say(container.(string), line) // a node that is gone says nothing
	}
}

// Line is what a node tells: a healthy one, but for what is dead.
func (w *World) Line(node, vip string) string {
	n, _ := w.Project.Lab.Node(node)
	c, _ := w.Project.Lab.Cluster(n.Cluster)
	state := agentapi.State{VRRP: "BACKUP", Link: "up", HAProxy: "up", Keepalived: "up", App: "up", Servers: map[string]string{}}
	if w.holders[c.Name] == node {
		state.VRRP, state.VIPs = "MASTER", []string{vip}
	}
	if w.unfit(node) {
		state.VRRP = "FAULT"
	}
	if w.dead[node] {
		state.HAProxy = "gone"
	}
	if w.cut(node) {
		state.Link = "down"
	}
	for _, peer := range c.Nodes {
		state.Servers[peer.Name] = w.Servers
	}
	state.Faults = w.faults[node]
	line, err := json.Marshal(agentapi.Event{Time: time.Now(), Node: node, Name: agentapi.EventVRRP, From: "BACKUP", To: state.VRRP, State: state})
	if err != nil {
		w.t.Error(err)
	}
	return string(line)
}

// Program is what a container runs.
func (w *World) Program(spec engine.ContainerSpec) enginetest.Program {
	node, service := spec.Labels[engine.LabelNode], spec.Labels[engine.LabelService]
	switch service {
	case "haproxy":
	case "node":
		w.nodes.Store(spec.Name, spec)
		return func(ctx context.Context, p enginetest.Process) int {
			_, vip, _ := strings.Cut(spec.Labels[engine.LabelVIP], "=")
			w.mu.Lock()
			fmt.Fprintln(p.Stdout, w.Line(node, vip))
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
func (w *World) haproxy(node, cluster string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[node] = down
	w.elect(cluster)
	w.tell()
}

// elect gives a VIP to another node where its holder may not have it any more.
func (w *World) elect(cluster string) {
	c, _ := w.Project.Lab.Cluster(cluster)
	for _, n := range c.Nodes {
		if w.unfit(w.holders[cluster]) && !w.unfit(n.Name) {
			w.holders[cluster] = n.Name
		}
	}
}

// unfit says whether a node may hold no VIP.
func (w *World) unfit(node string) bool { return w.dead[node] || w.cut(node) }

// cut says whether a node's link is down.
func (w *World) cut(node string) bool {
	return slices.ContainsFunc(w.faults[node], func(f agentapi.Fault) bool { return f.Fault == agentapi.FaultLinkDown })
}
