package agent

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
)

// How HAProxy's view of its servers is read. An answer is 3 kB that HAProxy makes
// and this process takes apart; ten a second, as it was once, took a sixth of all
// that process 1 does. HAProxy says itself when a server goes or comes, and its
// supervisor passes that on. So it is asked at once then, ten times a second
// until nothing has changed for a while, and else every second: a "UP 1/2" that
// comes to nothing is not said, nor is anything where a file has the word quiet.
const (
	serversQuick   = 100 * time.Millisecond
	serversCalm    = time.Second
	serversSettle  = 2 * time.Second
	serversTimeout = time.Second
	serversLimit   = 4 << 20 // bytes
)

// serverWatch follows HAProxy's view of its servers.
type serverWatch struct {
	recorder *recorder
	client   *http.Client
	url      string
	calm     time.Duration // between two looks while nothing happens
	hints    chan struct{} // something may have changed
	quick    time.Time     // until then it is asked often
	told     bool          // that the view is not known
}

func newServerWatch(r *recorder) *serverWatch {
	return &serverWatch{
		recorder: r,
		client: &http.Client{
			Timeout: serversTimeout,
			Transport: &http.Transport{
				DialContext:        (&net.Dialer{Timeout: serversTimeout}).DialContext,
				DisableCompression: true,
				MaxIdleConns:       1,
			},
		},
		url:   fmt.Sprintf("http://127.0.0.1:%d/;csv", render.StatsPort),
		calm:  serversCalm,
		hints: make(chan struct{}, 1),
	}
}

// hint says that something may have changed.
func (w *serverWatch) hint() {
	select {
	case w.hints <- struct{}{}:
	default:
	}
}

// run asks HAProxy, while it is up, until ctx ends.
func (w *serverWatch) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := time.NewTimer(w.pace(time.Now()))
		select {
		case <-ctx.Done():
		case <-w.hints:
			w.quick = time.Now().Add(serversSettle)
		case <-wait.C:
		}
		wait.Stop()
		if w.recorder.snapshot().HAProxy == string(healthUp) {
			w.look(ctx)
		}
	}
}

// pace is the time until the next look.
func (w *serverWatch) pace(at time.Time) time.Duration {
	if at.Before(w.quick) {
		return serversQuick
	}
	for _, state := range w.recorder.snapshot().Servers {
		if agentapi.ServerWavers(state) {
			return serversQuick
		}
	}
	return w.calm
}

// look asks once and notes what is new.
func (w *serverWatch) look(ctx context.Context) {
	servers, err := w.read(ctx)
	if err != nil {
		// HAProxy may just have gone; when it stays up, say it once.
		if machine.Pause(ctx, serversQuick); !w.told && ctx.Err() == nil && w.recorder.snapshot().HAProxy == string(healthUp) {
			w.told = true
			w.recorder.fail("HAProxy's view of its servers is not known: %v", err)
		}
		return
	}
	w.told = false
	w.recorder.note(now(), agentapi.Event{Name: agentapi.EventServers}, func(s *agentapi.State, e *agentapi.Event) bool {
		if s.HAProxy != string(healthUp) || maps.Equal(s.Servers, servers) {
			return false
		}
		s.Servers = servers
		w.quick = time.Now().Add(serversSettle)
		return true
	})
}

func (w *serverWatch) read(ctx context.Context) (map[string]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", w.url, answer.Status)
	}
	return parseServers(io.LimitReader(answer.Body, serversLimit))
}
