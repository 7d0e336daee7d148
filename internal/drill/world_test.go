package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/engine/enginetest/labtest"
	"halab/internal/event"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
)

// world is one cluster of two nodes and a client on an engine in memory; its
// observer probes all the time and is always answered.
type world struct {
	*enginetest.Engine
	t *testing.T
	// seen changes what the engine lists; nil: nothing.
	seen func(*engine.Container)

	power fault.Power

	mu    sync.Mutex
	told  []string // what the agents were asked to do, and the marks
	whole bool     // all containers are there
	down  map[string]bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, Engine: enginetest.New(), down: map[string]bool{}}
	t.Cleanup(func() { _ = w.Engine.Close() })
	w.AddImage(engine.Image{Tags: []string{"x:1"}})
	w.Hooks.Exec, w.Hooks.Program = w.exec, w.program
	w.make(topology.Client, map[string]string{engine.LabelService: topology.Client})
	for rank, node := range []string{"n-01", "n-02"} {
		for _, service := range topology.Services() {
			w.make(node+"-"+string(service), map[string]string{
				engine.LabelNode: node, engine.LabelService: string(service), engine.LabelCluster: "n",
				engine.LabelVIP: "n-00=192.0.2.10", engine.LabelRank: fmt.Sprint(rank),
			})
		}
	}
	w.whole = true
	w.turn("", false)
	return w
}

func (w *world) make(name string, labels map[string]string) {
	w.t.Helper()
	labels[engine.LabelLab] = "l"
	if _, err := w.ContainerCreate(w.t.Context(), engine.ContainerSpec{Name: name, Image: "x:1", NetworkMode: "none", Labels: labels}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.ContainerStart(w.t.Context(), name); err != nil {
		w.t.Fatal(err)
	}
}

// program is what a container runs.
func (w *world) program(spec engine.ContainerSpec) enginetest.Program {
	return func(ctx context.Context, p enginetest.Process) int {
		w.turn(spec.Name, false)
		select {
		case <-ctx.Done():
		case <-p.Signals:
		}
		w.turn(spec.Name, true)
		return 0
	}
}

// turn notes that a container began or ended, and has both nodes tell what they
// know then. A keepalived that ended on n-01 leaves its VIP behind, and n-02 has
// it as well.
func (w *world) turn(name string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[name] = down
	if !w.whole {
		return
	}
	for _, node := range []string{"n-01", "n-02"} {
		s := agentapi.State{Link: "up", HAProxy: "up", Keepalived: "up", App: "up", VRRP: "BACKUP", Servers: map[string]string{"n-01": "UP", "n-02": "UP"}}
		if w.down[node+"-app"] {
			s.App = "gone"
		}
		if node == "n-01" || w.down["n-01-keepalived"] {
			s.VRRP, s.VIPs = "MASTER", []string{"192.0.2.10"}
		}
		line, err := json.Marshal(agentapi.Event{Time: time.Now(), Node: node, Name: agentapi.EventVRRP, To: s.VRRP, State: s})
		if err == nil {
			err = w.Say(node+"-node", engine.LogLine{Time: time.Now(), Text: string(line)})
		}
		if err != nil && w.t.Context().Err() == nil {
			w.t.Error(err)
		}
	}
}

// Containers lists them as this engine believes them to be.
func (w *world) Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error) {
	all, err := w.Engine.Containers(ctx, f)
	for n := range all {
		if w.seen != nil {
			w.seen(&all[n])
		}
	}
	return all, err
}

func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, what)
}

// notes are what was noted, those that begin with one of the words.
func (w *world) notes(begins ...string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, n := range w.told {
		if slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(n, b) }) {
			list = append(list, n)
		}
	}
	return list
}

func (w *world) exec(c engine.Container, spec engine.ExecSpec) enginetest.Program {
	return func(ctx context.Context, p enginetest.Process) int {
		if spec.Command[2] != agentapi.CommandObserve {
			w.note(c.Labels[engine.LabelNode] + " " + strings.Join(spec.Command[2:], " "))
			fmt.Fprintln(p.Stdout, "{}")
			return 0
		}
		var s agentapi.ObserverSpec
		if json.Unmarshal([]byte(spec.Command[3]), &s) != nil {
			return 2
		}
		return w.observe(ctx, s, p)
	}
}

// observe probes every millisecond, and does as it is told.
func (w *world) observe(ctx context.Context, s agentapi.ObserverSpec, p enginetest.Process) int {
	return labtest.Observer{
		Every: time.Millisecond,
		Tick: func(at int64, out labtest.Print) {
			for _, stream := range s.Streams {
				out(agentapi.ObserverLine{Kind: "sample", Sample: &agentapi.Sample{Stream: stream.Name, Due: at, Sent: at, Done: at + 1, Status: 200}})
			}
		},
		Mark: func(m agentapi.ObserverMark, out labtest.Print) error {
			w.note("mark " + m.Name)
			out(agentapi.ObserverLine{Kind: "mark", Mark: &m})
			return nil
		},
	}.Run(ctx, p)
}

// run drills the steps of a scenario file once.
func (w *world) run(head, steps string) (outage.Run, error) {
	w.t.Helper()
	list, err := ParseFile("x.yaml", strings.NewReader("name: x\ncluster: n\n"+head+"steps:\n"+steps))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.drill(list[0])
}

func (w *world) drill(sc Scenario) (outage.Run, error) {
	l := lab.New("l", w, func(event.Event) {})
	d := New(l, fault.NewInjector(l, w, w.power), w, nil, Options{Keep: true})
	d.timing = timing{calm: 20 * time.Millisecond, spread: 1, settle: time.Millisecond, recovery: 5 * time.Second, healthy: 10 * time.Second}
	return d.run(w.t.Context(), sc, 1, rand.New(rand.NewPCG(1, 0)))
}
