package drill

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// A drill of a real lab, recorded (`halab drill frontend/node-crash --repeat 1
// --samples --save node-crash.json.gz`), is played to a whole drill on an engine
// in memory, from the first look at the lab to the verdict: what comes out is what
// the real one said.
func TestARecordedDrill(t *testing.T) {
	t.Parallel()
	recorded := load(t, "testdata/node-crash.json.gz")
	want := recorded.Scenarios[0]
	tape := newTape(t, want.Runs[0].Recorded)
	l := lab.New("rec", tape, func(event.Event) {})
	d := New(l, fault.NewInjector(l, tape, nil), tape, func(event.Event) {}, Options{Repeat: 1, Attempts: 1})
	shape := &topology.Lab{Profile: topology.ProfileFast, Clusters: []topology.Cluster{{Name: "frontend"}, {Name: "backend"}}}
	scenarios, err := NewMenu(shape, nil).Pick([]string{want.Name})
	if err != nil {
		t.Fatal(err)
	}
	var got []outage.ScenarioResult
	if err := d.Run(t.Context(), scenarios, func(r outage.ScenarioResult) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || len(got[0].Runs) != 1 {
		t.Fatalf("%d scenarios, not one run of one", len(got))
	}
	sameJSON(t, "phases", got[0].Runs[0].Phases, want.Runs[0].Phases)
	sameJSON(t, "summary", got[0].Summary, want.Summary)
	sameJSON(t, "predictions", got[0].Predictions, want.Predictions)
	sameJSON(t, "held connections", got[0].Held, want.Held)
	sameJSON(t, "held connections' predictions", got[0].HeldPredicted, want.HeldPredicted)
}

// load reads a drill that was saved.
func load(t *testing.T, path string) outage.Result {
	t.Helper()
	var r outage.Result
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var z *gzip.Reader
		if z, err = gzip.NewReader(f); err == nil {
			err = json.NewDecoder(z).Decode(&r)
		}
	}
	if err != nil {
		t.Fatal(path, err)
	}
	return r
}

func sameJSON(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	have, should := strings.Split(string(g), "\n"), strings.Split(string(w), "\n")
	for n := range min(len(have), len(should)) {
		if have[n] != should[n] {
			t.Errorf("%s, line %d of the JSON: %q, the real drill said %q", what, n+1, have[n], should[n])
			return
		}
	}
	if len(have) != len(should) {
		t.Errorf("%s: %d lines of JSON, the real drill had %d", what, len(have), len(should))
	}
}

// tape is the lab of a recording, on an engine in memory: its observer and its
// nodes say what they said then, each mark of the drill takes them on to the next.
type tape struct {
	*enginetest.Engine
	t   *testing.T
	rec *outage.Recording

	mu   sync.Mutex
	told int // events of the nodes that were said
}

func newTape(t *testing.T, rec *outage.Recording) *tape {
	t.Helper()
	w := &tape{t: t, Engine: enginetest.New(), rec: rec}
	t.Cleanup(func() { _ = w.Engine.Close() })
	w.AddImage(engine.Image{Tags: []string{"x:1"}})
	w.Hooks.Exec, w.Hooks.Program = w.exec, w.program
	if _, err := w.NetworkCreate(t.Context(), engine.Network{Name: "wire", Driver: "macvlan"}); err != nil {
		t.Fatal(err)
	}
	w.make(topology.Client, rec.Hello.MAC, map[string]string{engine.LabelService: topology.Client})
	vip := map[string]string{}
	for _, v := range rec.VIPs {
		vip[v.Cluster] = v.Cluster + "-00=" + v.Address
	}
	for rank, n := range rec.Nodes {
		for _, service := range topology.Services() {
			labels := map[string]string{
				engine.LabelNode: n.Name, engine.LabelService: string(service), engine.LabelCluster: n.Cluster, engine.LabelAddress: n.Address,
				engine.LabelVIP: vip[n.Cluster], engine.LabelRank: fmt.Sprint(rank), engine.LabelProfile: string(topology.ProfileFast),
			}
			if n.Cluster == "frontend" {
				labels[engine.LabelUpstream] = "http://" + rec.VIPs[1].Address + "/backend"
			}
			w.make(n.Name+"-"+string(service), n.MAC, labels)
		}
		w.say(agentapi.Event{Node: n.Name, Name: agentapi.EventStarted, State: rec.States[n.Name]})
	}
	return w
}

// make starts a container; a service joins its node.
func (w *tape) make(name, mac string, labels map[string]string) {
	w.t.Helper()
	labels[engine.LabelLab] = "rec"
	spec := engine.ContainerSpec{Name: name, Image: "x:1", NetworkMode: "wire", MAC: mac, Labels: labels}
	if service := labels[engine.LabelService]; service != "node" && service != topology.Client {
		spec.NetworkMode, spec.MAC = "container:"+labels[engine.LabelNode]+"-node", ""
	}
	if _, err := w.ContainerCreate(w.t.Context(), spec); err != nil {
		w.t.Fatal(err)
	}
	if err := w.ContainerStart(w.t.Context(), name); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tape) program(engine.ContainerSpec) enginetest.Program {
	return func(ctx context.Context, p enginetest.Process) int {
		select {
		case <-ctx.Done():
		case <-p.Signals:
		}
		return 0
	}
}

// say writes an event into its node's log.
func (w *tape) say(e agentapi.Event) {
	line, err := json.Marshal(e)
	if err == nil {
		err = w.Say(e.Node+"-node", engine.LogLine{Time: time.Now(), Text: string(line)})
	}
	if err != nil {
		w.t.Error(err)
	}
}

// tell has the nodes say what they said until then.
func (w *tape) tell(until int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ; w.told < len(w.rec.Events) && w.rec.Events[w.told].Mono < until; w.told++ {
		w.say(w.rec.Events[w.told])
	}
}

func (w *tape) exec(c engine.Container, spec engine.ExecSpec) enginetest.Program {
	return func(ctx context.Context, p enginetest.Process) int {
		service := c.Labels[engine.LabelService]
		version := map[string]string{"haproxy": "HAProxy version 2.6.12-1+deb12u3", "keepalived": "Keepalived v2.2.7 (01/16,2022)"}
		ending := map[string]string{"haproxy": ".cfg", "keepalived": ".conf"}
		switch last := spec.Command[len(spec.Command)-1]; {
		case last == "-v":
			fmt.Fprintln(p.Stdout, version[service])
		case spec.Command[2] == agentapi.CommandConfig:
			text, err := os.ReadFile(filepath.Join("../render/testdata", "debian12-fast-"+c.Labels[engine.LabelNode]+"-"+service+ending[service]))
			if err != nil {
				return 1
			}
			_, _ = p.Stdout.Write(text)
		case spec.Command[2] == agentapi.CommandObserve:
			return w.observe(ctx, p)
		default:
			fmt.Fprintln(p.Stdout, "{}")
		}
		return 0
	}
}

// observe plays what the observer printed: at a mark all that was seen up to the
// next one.
func (w *tape) observe(ctx context.Context, p enginetest.Process) int {
	from, marks := int64(0), w.rec.Marks
	stats := [][]agentapi.HAProxyTotals{w.rec.Before, w.rec.Between, w.rec.After}
	play := func(out labtest.Print) {
		until := int64(1) << 62
		if len(marks) > 0 {
			until = marks[0].At
		}
		w.play(from, until, out)
		w.tell(until)
		from = until
	}
	return labtest.Observer{
		Hello: w.rec.Hello,
		Begin: play,
		Stats: func() []agentapi.HAProxyTotals {
			next := stats[0]
			stats = stats[1:]
			return next
		},
		Mark: func(m agentapi.ObserverMark, out labtest.Print) error {
			if len(marks) == 0 || marks[0].Name != m.Name {
				return fmt.Errorf("the recording has no mark %q here: %v", m.Name, marks)
			}
			out(agentapi.ObserverLine{Kind: "mark", Mark: &marks[0]})
			marks = marks[1:]
			play(out)
			return nil
		},
	}.Run(ctx, p)
}

// play prints what the observer saw in that time, on its own clock. A probe was
// known when it was done.
func (w *tape) play(from, until int64, print labtest.Print) {
	in := func(at int64) bool { return from <= at && at < until }
	for _, s := range w.rec.Samples {
		if in(s.Done) {
			print(agentapi.ObserverLine{Kind: "sample", Sample: &s})
		}
	}
	for _, e := range w.rec.HeldEvents {
		if in(e.At) {
			print(agentapi.ObserverLine{Kind: "held", Held: &e})
		}
	}
	for _, e := range w.rec.Wire {
		if in(e.At) {
			print(agentapi.ObserverLine{Kind: "wire", Wire: &e})
		}
	}
	for _, l := range w.rec.Lag {
		if in(l.SinceMono) {
			print(agentapi.ObserverLine{Kind: "lag", Lag: &l})
		}
	}
}
