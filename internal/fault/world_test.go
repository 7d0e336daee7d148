package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/topology"
)

// world is one cluster of two nodes on an engine in memory, which behaves as a
// real one does: processes end with their node, what is frozen can't be stopped.
type world struct {
	t      *testing.T
	engine *enginetest.Engine
	inject *Injector
	// slow is told of an app that was asked to end and takes its time.
	slow chan string
}

// lastWords is how long an app takes to end.
const lastWords = 100 * time.Millisecond

// program ends when it is asked to, an app a little later.
func (w *world) program(spec engine.ContainerSpec) enginetest.Program {
	if spec.Labels[engine.LabelService] != string(topology.ServiceApp) {
		return nil
	}
	return func(ctx context.Context, p enginetest.Process) int {
		select {
		case <-ctx.Done():
			return 137
		case <-p.Signals:
		}
		w.slow <- spec.Name
		select {
		case <-ctx.Done():
		case <-time.After(lastWords):
		}
		return 0
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, engine: enginetest.New(), slow: make(chan string, 8)}
	t.Cleanup(func() { _ = w.engine.Close() })
	w.engine.AddImage(engine.Image{Tags: []string{"x:1"}})
	w.engine.Hooks.Exec, w.engine.Hooks.Program = w.exec, w.program
	for rank, node := range []string{"n-01", "n-02"} {
		for _, service := range topology.Services() {
			spec := engine.ContainerSpec{Name: node + "-" + string(service), Image: "x:1", NetworkMode: "none", Labels: map[string]string{
				engine.LabelLab: "l", engine.LabelNode: node, engine.LabelService: string(service), engine.LabelCluster: "n",
				engine.LabelVIP: "n-00=192.0.2.10", engine.LabelRank: fmt.Sprint(rank),
			}}
			if service != topology.ServiceNode {
				spec.NetworkMode, spec.PIDMode = "container:"+node+"-node", "container:"+node+"-node"
			}
			_, err := w.engine.ContainerCreate(t.Context(), spec)
			w.must(err)
			w.must(w.engine.ContainerStart(t.Context(), spec.Name))
		}
		state := agentapi.State{Link: "up", HAProxy: "up", VRRP: "BACKUP", Servers: map[string]string{"n-01": "UP", "n-02": "UP"}}
		if rank == 0 {
			state.VRRP, state.VIPs = "MASTER", []string{"192.0.2.10"}
		}
		w.says(node, state)
	}
	w.inject = NewInjector(lab.New("l", w.engine, func(event.Event) {}), w.engine, nil)
	w.engine.Forget()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// says makes a node tell its state, as its process 1 does.
func (w *world) says(node string, s agentapi.State) {
	w.t.Helper()
	line, err := json.Marshal(agentapi.Event{Time: time.Now(), Node: node, Name: agentapi.EventStarted, State: s})
	w.must(err)
	w.must(w.engine.Say(node+"-node", engine.LogLine{Time: time.Now(), Text: string(line)}))
}

// exec is the agent in a node, as far as the engine's faults need it: it kills a
// service, or has it read its file again.
func (w *world) exec(_ engine.Container, spec engine.ExecSpec) enginetest.Program {
	return func(context.Context, enginetest.Process) int {
		if !slices.Contains(spec.Command, agentapi.CommandKill) && !slices.Contains(spec.Command, agentapi.CommandReload) {
			return 2
		}
		return 0
	}
}

// do applies a fault to n-01 and lists what the engine was asked to change.
func (w *world) do(words ...string) ([]string, error) {
	w.t.Helper()
	o, err := Parse(words)
	w.must(err)
	w.engine.Forget()
	_, err = w.inject.Inject(w.t.Context(), w.look(), []string{"n-01"}, nil, o)
	return w.changes(), err
}

// changes are the calls that were no questions.
func (w *world) changes() []string {
	var list []string
	for _, c := range w.engine.Calls() {
		if strings.HasPrefix(c.Method, "Container") && c.Method != "Containers" || c.Method == "Exec" {
			list = append(list, c.String())
		}
	}
	return list
}

func (w *world) state(name string) engine.State {
	w.t.Helper()
	c, err := w.engine.Inspect(w.t.Context(), name)
	w.must(err)
	return c.State
}

// restored mends everything and finds every container running.
func (w *world) restored() []Mended {
	w.t.Helper()
	done, err := w.inject.Restore(w.t.Context(), w.look(), Scope{})
	w.must(err)
	for _, node := range []string{"n-01", "n-02"} {
		for _, service := range topology.Services() {
			if s := w.state(node + "-" + string(service)); s != engine.StateRunning {
				w.t.Errorf("after a restore %s of %s is %s", service, node, s)
			}
		}
	}
	return done
}

// listed says how a fault is listed, or that it is not.
func (w *world) listed(service string) string {
	w.t.Helper()
	all, err := w.inject.Active(w.t.Context(), w.look())
	w.must(err)
	for _, a := range all {
		if a.Node == "n-01" && a.Service == service {
			return a.Fault
		}
	}
	return ""
}

func (w *world) look() *lab.State {
	w.t.Helper()
	st, err := w.inject.lab.Look(w.t.Context())
	w.must(err)
	return st
}
