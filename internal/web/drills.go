package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"halab/internal/app"
	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/report"
)

// keptDrills is how many results the page can still show: one has some megabytes of
// samples.
const keptDrills = 5

// drills are those that the page has run, one at a time.
type drills struct {
	mu      sync.Mutex
	list    []*drillRun // the newest last
	next    int
	work    context.Context
	running sync.WaitGroup
}

// drillRun is one of them; its JSON is public (docs/ui.md).
type drillRun struct {
	ID        int       `json:"id"`
	Scenarios []string  `json:"scenarios"`
	Repeat    int       `json:"repeat"`
	Begun     time.Time `json:"begun"`
	Running   bool      `json:"running"`
	Error     string    `json:"error,omitempty"`
	Text      string    `json:"text,omitempty"` // the table, as `halab drill` prints it

	result *outage.Result
	cancel context.CancelFunc
}

func (d *drills) begin(work context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.work = work
}

// wait waits until none runs; their context has ended.
func (d *drills) wait() { d.running.Wait() }

// idle refuses what would spoil a drill's measurement.
func (d *drills) idle() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.busy()
}

// busy is idle with the lock held.
func (d *drills) busy() error {
	if slices.ContainsFunc(d.list, func(r *drillRun) bool { return r.Running }) {
		return &statusError{http.StatusConflict, "a drill is measuring; wait for its end or stop it first"}
	}
	return nil
}

// scenario is one that can be drilled.
type scenario struct {
	Name        string `json:"name"`
	Cluster     string `json:"cluster"`
	Description string `json:"description"`
	ByName      bool   `json:"by_name,omitempty"`
	LeftOut     string `json:"left_out,omitempty"`
}

// listDrills answers GET /api/drills: what can be drilled, and what was.
func (s *Server) listDrills(w http.ResponseWriter, r *http.Request) {
	menu, err := s.lab.Menu(r.Context(), nil)
	if err != nil {
		answer(w, nil, err)
		return
	}
	scenarios := []scenario{}
	for _, sc := range menu.Scenarios() {
		scenarios = append(scenarios, scenario{sc.Name, sc.Cluster, sc.Description, sc.ByName, sc.Unfit})
	}
	s.drills.mu.Lock()
	defer s.drills.mu.Unlock()
	answer(w, map[string]any{"scenarios": scenarios, "runs": append([]*drillRun{}, s.drills.list...)}, nil)
}

// asked is the body of POST /api/drills.
type asked struct {
	Scenarios []string `json:"scenarios"`
	Repeat    int      `json:"repeat"`
}

const maxRepeat = 100

func (s *Server) startDrill(ctx context.Context, r *http.Request) (any, error) {
	var a asked
	if err := read(r, &a); err != nil {
		return nil, err
	}
	if a.Repeat < 1 || a.Repeat > maxRepeat {
		return nil, wrong("repeat is from 1 to %d", maxRepeat)
	}
	menu, err := s.lab.Menu(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := menu.Pick(a.Scenarios); err != nil {
		return nil, wrong("%v", err)
	}
	d := &s.drills
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.busy(); err != nil {
		return nil, err
	}
	d.next++
	run := &drillRun{ID: d.next, Scenarios: a.Scenarios, Repeat: a.Repeat, Begun: time.Now(), Running: true}
	work, cancel := context.WithCancel(d.work)
	run.cancel = cancel
	d.list = append(d.list, run)
	if len(d.list) > keptDrills {
		d.list = d.list[1:]
	}
	d.running.Go(func() {
		defer cancel()
		result, err := s.lab.Drill(work, app.DrillOrder{Names: a.Scenarios,
			Options: drill.Options{Repeat: a.Repeat, Seed: run.Begun.UnixNano() & 0xffffffff, Keep: true}})
		d.end(run, result, err)
	})
	return *run, nil
}

func (d *drills) end(run *drillRun, result *outage.Result, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	run.Running, run.result = false, result
	if err != nil {
		run.Error = err.Error()
	}
	if result == nil {
		return
	}
	var text bytes.Buffer
	if err := report.Text(&text, result, report.TextOptions{}); err == nil {
		run.Text = text.String()
	}
}

func (s *Server) stopDrill(context.Context, *http.Request) (any, error) {
	s.drills.mu.Lock()
	defer s.drills.mu.Unlock()
	for _, run := range s.drills.list {
		if run.Running {
			run.cancel()
		}
	}
	return struct{}{}, nil
}

// result finds that of a drill that has ended.
func (d *drills) result(id string) (*outage.Result, error) {
	n, _ := strconv.Atoi(id) // 0 is none's
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, run := range d.list {
		if run.ID == n && run.result != nil {
			return run.result, nil
		}
	}
	return nil, &statusError{http.StatusNotFound, fmt.Sprintf("there is no result of drill %d: the page keeps the last %d", n, keptDrills)}
}

// reportPolicy is that of a report: no script, and its own style.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func (s *Server) drillReport(w http.ResponseWriter, r *http.Request) {
	result, err := s.drills.result(r.PathValue("id"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", reportPolicy)
	_ = report.HTML(w, result) // nobody is left to be told
}

func (s *Server) drillSaved(w http.ResponseWriter, r *http.Request) {
	result, err := s.drills.result(r.PathValue("id"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Disposition", `attachment; filename="drill-`+r.PathValue("id")+`.json.gz"`)
	_ = report.JSON(w, result, report.JSONOptions{Recordings: true, Compress: true}) // nobody is left to be told
}
