// Package web is the live page of a lab, `halab ui`: a small HTTP server over the
// use cases of package app, and the page itself (folder page), which is embedded.
// What the page shows is the feed of package live; what it does are the use cases
// that the command line has, with the same JSON.
package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"halab/internal/app"
	"halab/internal/event"
	"halab/internal/fault"
	"halab/internal/live"
	"halab/internal/outage"
)

// Options say how the page is served.
type Options struct {
	// Key opens the page; NewKey makes one.
	Key string
	// ReadOnly: nothing can be done to the lab from the page.
	ReadOnly bool
	// Keep sees to the end of faults that no node keeps itself (app.FailOrder).
	Keep func(nodes []string, o fault.Order) error
	// Replay is a saved drill that is shown instead of a lab.
	Replay *outage.Result
}

// probeRate is how many probes a second go to each VIP while a page is open.
const probeRate = 50

// Server serves the page of one lab.
type Server struct {
	options Options
	lab     *app.Session // nil while a saved drill is shown
	feed    *live.Feed
	samples *samples
	drills  drills
	outlook outlook
	tell    sync.RWMutex // guards feed until Show has set it
}

// New returns a server that has no lab yet.
func New(o Options) *Server {
	return &Server{options: o, samples: newSamples()}
}

// Show gives the server its lab.
func (s *Server) Show(lab *app.Session) {
	s.tell.Lock()
	defer s.tell.Unlock()
	s.lab = lab
	s.feed = lab.ProbedFeed(probeRate, s.samples.take)
}

// Tell takes in how the lab's own work goes, for the page; it is an event.Sink.
func (s *Server) Tell(e event.Event) {
	s.tell.RLock()
	defer s.tell.RUnlock()
	if s.feed != nil {
		s.feed.Tell(e)
	}
}

const (
	headerTime  = 5 * time.Second
	idleTime    = 2 * time.Minute
	farewell    = 2 * time.Second
	headerBytes = 16 << 10
)

// Serve answers on a listener until ctx ends; a drill that runs then is ended first.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &http.Server{
		Handler:           s.Handler(l.Addr()),
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		BaseContext: func(net.Listener) context.Context { return work },
	}
	s.drills.begin(work)
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	cancel() // streams end with their requests' context
	s.drills.wait()
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer stop()
	if h.Shutdown(last) != nil {
		h.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// Handler is all that the server answers, to whoever may ask at an address.
func (s *Server) Handler(at net.Addr) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", page)
	mux.HandleFunc("GET /api/about", s.about)
	if s.options.Replay != nil {
		mux.HandleFunc("GET /api/replay", s.replayRuns)
		mux.HandleFunc("GET /api/replay/{run}", s.replayRun)
	} else {
		mux.HandleFunc("GET /api/state", s.state)
		mux.HandleFunc("GET /api/events", s.events)
		mux.HandleFunc("GET /api/samples", s.sampleStream)
		mux.HandleFunc("GET /api/catalogue", s.catalogue)
		mux.HandleFunc("GET /api/forecast", s.forecast)
		mux.HandleFunc("GET /api/drills", s.listDrills)
		mux.HandleFunc("GET /api/drills/{id}/report.html", s.drillReport)
		mux.HandleFunc("GET /api/drills/{id}/drill.json.gz", s.drillSaved)
		mux.HandleFunc("POST /api/faults", s.act(s.fail))
		mux.HandleFunc("POST /api/restore", s.act(s.restore))
		mux.HandleFunc("POST /api/switch", s.act(s.move))
		mux.HandleFunc("POST /api/drills", s.act(s.startDrill))
		mux.HandleFunc("POST /api/drills/stop", s.act(s.stopDrill))
	}
	return guard{key: s.options.Key, hosts: hostsOf(at), next: mux, cookie: cookieName(at)}
}
