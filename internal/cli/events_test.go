package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/app"
	"halab/internal/live"
)

// started is halab at work beside the test.
type started struct {
	out, errs syncBuffer
	stop      context.CancelFunc
	ended     chan int
}

func (w *world) start(stdout io.Writer, args ...string) *started {
	ctx, cancel := context.WithCancel(w.t.Context())
	s := &started{stop: cancel, ended: make(chan int, 1)}
	if stdout == nil {
		stdout = &s.out
	}
	p := &program{stdout: stdout, stderr: &s.errs, env: func(string) string { return "" },
		open: func(context.Context, string) (app.Engine, error) { return keepOpen{w.Engine}, nil }}
	go func() { s.ended <- p.main(ctx, args) }()
	w.t.Cleanup(cancel)
	return s
}

// list reads what events --json has printed.
func (s *started) list(t *testing.T) []live.Event {
	t.Helper()
	var list []live.Event
	for line := range strings.Lines(s.out.String()) {
		var e live.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Text == "" || e.Kind == "" {
			t.Errorf("%v: %s", err, line)
		}
		list = append(list, e)
	}
	return list
}

// The client's observer is at work when the feed follows the lab.
func (w *world) observed(n int) func() bool {
	return func() bool {
		return strings.Count(strings.Join(w.executed(), "\n"), "agent observe") == n
	}
}

func (w *world) executed() []string {
	var list []string
	for _, c := range w.Engine.CallsOf("Exec") {
		list = append(list, c.Detail)
	}
	return list
}

// The events of a fault come to whom they concern, and of the kinds that were asked
// for; Ctrl-C ends it.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	all := w.start(nil, "events", "--json")
	text := w.start(nil, "events", "frontend-00")
	node := w.start(nil, "events", "frontend-01", "--kind", "fault,restore", "--kind", "vrrp", "--json")
	other := w.start(nil, "events", "backend", "--json")
	await(t, w.observed(4))
	if r := w.run("fail", "frontend-01", "haproxy", "--how", "kill"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	has := func(s *started, kind live.Kind, node string) func() bool {
		return func() bool {
			return slices.ContainsFunc(s.list(t), func(e live.Event) bool { return e.Kind == kind && e.Node == node })
		}
	}
	await(t, has(all, live.Fault, "frontend-01"))
	if r := w.run("restore"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	await(t, has(all, live.Restore, "frontend-01"))
	await(t, has(node, live.Restore, "frontend-01"))
	for _, e := range node.list(t) {
		if e.Node != "frontend-01" || !slices.Contains([]live.Kind{live.Fault, live.Restore, live.VRRP}, e.Kind) {
			t.Errorf("asked for three kinds of frontend-01, got %+v", e)
		}
	}
	for _, e := range other.list(t) {
		if e.Cluster != "backend" && e.Kind != live.Lab {
			t.Errorf("asked for the backend, got %+v", e)
		}
	}
	if !slices.IsSortedFunc(all.list(t), func(a, b live.Event) int { return int(a.ID) - int(b.ID) }) {
		t.Errorf("numbers fall:\n%s", all.out.String())
	}
	for _, words := range []string{"frontend-01 fault      fault: haproxy down\n", "frontend-01 restore    fault over: haproxy down\n", "VRRP BACKUP → MASTER"} {
		await(t, func() bool { return strings.Contains(text.out.String(), words) })
	}
	for _, s := range []*started{all, text, node, other} {
		s.stop()
		if got := <-s.ended; got != exitInterrupted {
			t.Errorf("exit %d, want %d: %s", got, exitInterrupted, s.errs.String())
		}
	}
}

// A VIP that does not answer is told, with how long it was so.
func TestEventsOfAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	s := w.start(nil, "events", "frontend", "--kind=outage", "--json", "--rate", "100")
	await(t, w.observed(1))
	for _, node := range []string{"frontend-01", "frontend-02"} {
		w.Must("", w.Engine.ContainerKill(t.Context(), w.IDs[node+"-haproxy"], "KILL"))
	}
	await(t, func() bool { return len(s.list(t)) == 1 })
	w.Must("", w.Engine.ContainerStart(t.Context(), w.IDs["frontend-02-haproxy"]))
	w.Must("", w.Engine.ContainerStart(t.Context(), w.IDs["frontend-01-haproxy"]))
	await(t, func() bool { return len(s.list(t)) == 2 })
	began, ended := s.list(t)[0], s.list(t)[1]
	if took := ended.Time.Sub(began.Time).Seconds() * 1000; began.Action != live.Began || began.Address != "192.168.99.10" ||
		ended.Action != live.Ended || ended.Failed < 1 || ended.OutageMs < took-0.1 || ended.OutageMs > took+0.1 {
		t.Errorf("%+v\n%+v", began, ended)
	}
}

// Without probes nothing is done in the lab; --for ends it, and so does an engine that
// is not there.
func TestEventsWithoutProbes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	w.Engine.Forget()
	if r := w.run("events", "--rate", "0", "--for", "300ms"); r.code != 0 || len(w.Engine.CallsOf("Exec")) > 0 {
		t.Errorf("exit %d, %v\n%s%s", r.code, w.Engine.CallsOf("Exec"), r.stdout, r.stderr)
	}
	if err := w.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	if r := w.run("events"); r.code != exitFailed || !strings.Contains(r.stderr, "not reachable") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
}

// A reader of the output that goes away ends it, also where nothing happens.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	for _, args := range []string{"events", "logs -f --tail 0", "status --watch"} {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := w.start(out, strings.Fields(args)...)
		go func() {
			_, _ = in.Read(make([]byte, 1<<16)) // of status the first answer
			in.Close()
		}()
		if args != "status --watch" {
			in.Close()
		}
		select {
		case code := <-s.ended:
			if code != 0 {
				t.Errorf("halab %s: exit %d: %s", args, code, s.errs.String())
			}
		case <-time.After(20 * time.Second):
			t.Errorf("halab %s goes on for nobody", args)
		}
		out.Close()
	}
}
