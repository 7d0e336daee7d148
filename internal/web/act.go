package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"halab/internal/app"
	"halab/internal/fault"
	"halab/internal/ui"
)

// answer writes a value, or what went wrong, as JSON.
func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(statusOf(err))
		v = map[string]string{"error": err.Error()}
	}
	_ = ui.WriteJSON(w, v) // nobody is left to be told
}

// statusError is an error with an HTTP status of its own.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func wrong(format string, args ...any) error {
	return &statusError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func statusOf(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return http.StatusUnprocessableEntity
}

const bodyBytes = 64 << 10

// read takes the request's JSON; a field that is not known is refused, as a flag is.
func read(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, "the request is no application/json"}
	}
	d := json.NewDecoder(io.LimitReader(r.Body, bodyBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return wrong("the request can't be read: %v", err)
	}
	return nil
}

// act is what changes the lab: refused on a read-only page. It goes on when the page
// is closed meanwhile, as a command does that nobody watches.
func (s *Server) act(do func(ctx context.Context, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.options.ReadOnly {
			answer(w, nil, &statusError{http.StatusForbidden, "this page is read-only: halab ui was started with --read-only"})
			return
		}
		v, err := do(context.WithoutCancel(r.Context()), r)
		answer(w, v, err)
	}
}

// actTime bounds what the page has done to the lab, but for drills.
const actTime = 2 * time.Minute

// order is the body of POST /api/faults: the words of `halab fail`.
type order struct {
	Target     string   `json:"target"`
	Words      []string `json:"words"`
	OneWay     bool     `json:"one_way"`
	ForSeconds float64  `json:"for_seconds"`
}

// parse reads the words as the command line does.
func (o order) parse() (fault.Order, error) {
	f, err := fault.Parse(o.Words)
	if err == nil {
		f.OneWay, f.For = o.OneWay, time.Duration(o.ForSeconds*float64(time.Second))
		err = f.Check()
	}
	if err != nil {
		return f, wrong("%v", err)
	}
	return f, nil
}

func (s *Server) fail(ctx context.Context, r *http.Request) (any, error) {
	var o order
	if err := read(r, &o); err != nil {
		return nil, err
	}
	f, err := o.parse()
	if err != nil {
		return nil, err
	}
	if err := s.drills.idle(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	return s.lab.Fail(ctx, app.FailOrder{Order: f, Target: o.Target, Keep: s.options.Keep})
}

// mending is the body of POST /api/restore: the words of `halab restore`.
type mending struct {
	Target string   `json:"target"`
	Words  []string `json:"words"`
}

// patience is how long a restore waits until the lab is healthy, as the command does.
const patience = 30 * time.Second

func (s *Server) restore(ctx context.Context, r *http.Request) (any, error) {
	var m mending
	if err := read(r, &m); err != nil {
		return nil, err
	}
	scope, err := fault.ParseScope(m.Words)
	if err != nil {
		return nil, wrong("%v", err)
	}
	if err := s.drills.idle(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	return s.lab.Restore(ctx, m.Target, scope, patience)
}

// moving is the body of POST /api/switch.
type moving struct {
	Cluster string `json:"cluster"`
	Node    string `json:"node"`
}

func (s *Server) move(ctx context.Context, r *http.Request) (any, error) {
	var m moving
	if err := read(r, &m); err != nil {
		return nil, err
	}
	if err := s.drills.idle(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	return s.lab.Switch(ctx, m.Cluster, m.Node)
}
