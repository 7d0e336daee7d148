package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/live"
	"halab/internal/ui"
)

const (
	// behind is how many events or batches a viewer may be late before it is dropped.
	behind = 1024
	// writeTime is how long a viewer may take to accept what is sent.
	writeTime = 10 * time.Second
	// aliveEvery is how often a quiet stream says that it is there.
	aliveEvery = 10 * time.Second
)

// seen is the lab as the page draws it; its JSON is that of `halab status` and
// `halab faults`, side by side.
type seen struct {
	State  *lab.State     `json:"state"`
	Faults []fault.Active `json:"faults"`
}

func seenOf(st *lab.State) seen {
	return seen{st, append([]fault.Active{}, fault.Present(st)...)}
}

// state answers GET /api/state.
func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	st, err := s.lab.Look(r.Context())
	answer(w, st, err)
}

// sse is a stream of server-sent events to one viewer.
type sse struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
}

func newSSE(w http.ResponseWriter) *sse {
	w.Header().Set("Content-Type", "text/event-stream")
	return &sse{w, http.NewResponseController(w)}
}

// send writes one event; data is JSON and so has no line breaks.
func (s *sse) send(id uint64, name string, data any) error {
	doc, err := json.Marshal(data)
	if err != nil {
		return err
	}
	text := "event: " + name + "\n"
	if id > 0 {
		text += fmt.Sprintf("id: %d\n", id)
	}
	return s.write(text + "data: " + string(doc) + "\n\n")
}

func (s *sse) write(text string) error {
	err := s.ctrl.SetWriteDeadline(time.Now().Add(writeTime))
	if err == nil {
		_, err = s.w.Write([]byte(text))
	}
	return cmp.Or(err, s.ctrl.Flush())
}

// events answers GET /api/events: the lab as it is, and then whatever happens. After a
// break (Last-Event-ID) it begins again with the lab as it is; the event "again" says
// so. With ?samples the probes are in the same stream: a browser has six connections
// for all pages of a server.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	s.stream(w, r, true, r.URL.Query().Has("samples"))
}

// sampleStream answers GET /api/samples: the probes, some at a time.
func (s *Server) sampleStream(w http.ResponseWriter, r *http.Request) { s.stream(w, r, false, true) }

// stream sends what one viewer asked for until one of the two has enough.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, events, probes bool) {
	reader := s.feed.Subscribe(behind) // the feed probes while somebody reads
	defer reader.Close()
	var view chan batch
	if probes {
		var leave func()
		view, leave = s.samples.join()
		defer leave()
	}
	out := newSSE(w)
	if err := out.open(r); err != nil {
		return
	}
	happens, why := pump(r.Context(), reader)
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		var err error
		select {
		case e, open := <-happens:
			if !open {
				_ = out.send(0, "ended", map[string]string{"error": why().Error()}) // it ends either way
				return
			}
			if events {
				err = out.event(e)
			}
		case b, open := <-view:
			if !open {
				_ = out.send(0, "ended", map[string]string{"error": live.ErrSlow.Error()})
				return
			}
			err = out.send(0, "samples", b)
		case <-alive.C:
			err = out.write(": alive\n\n")
		}
		if err != nil {
			return
		}
	}
}

// pump makes a channel of a reader. Its end is closed, and why says the reason.
func pump(ctx context.Context, reader *live.Reader) (<-chan live.Event, func() error) {
	events := make(chan live.Event)
	var why error
	go func() {
		defer close(events)
		for {
			e, err := reader.Next(ctx)
			if err != nil {
				why = err
				return
			}
			select {
			case events <- e:
			case <-ctx.Done():
				why = context.Cause(ctx)
				return
			}
		}
	}()
	return events, func() error { return why }
}

// open begins the stream.
func (s *sse) open(r *http.Request) error {
	if r.Header.Get("Last-Event-ID") != "" {
		return s.send(0, "again", struct{}{})
	}
	return s.write(": here\n\n")
}

func (s *sse) event(e live.Event) error {
	if e.Kind == live.State {
		return s.send(e.ID, "state", seenOf(e.State))
	}
	e.Text, _ = ui.EventWords(e)
	return s.send(e.ID, "news", e)
}
