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

// How HAProxy's view of its servers is read.
const (
	serversInterval = 100 * time.Millisecond
	serversTimeout  = time.Second
	serversLimit    = 4 << 20 // bytes
)

// watchServers reads HAProxy's statistics while HAProxy is up and notes what
// changed.
func watchServers(ctx context.Context, r *recorder) {
	client := &http.Client{
		Timeout: serversTimeout,
		Transport: &http.Transport{
			DialContext:        (&net.Dialer{Timeout: serversTimeout}).DialContext,
			DisableCompression: true,
			MaxIdleConns:       1,
		},
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/;csv", render.StatsPort)
	tick := time.NewTicker(serversInterval)
	defer tick.Stop()
	for told := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if r.snapshot().HAProxy != string(healthUp) {
			continue
		}
		servers, err := readServers(ctx, client, url)
		if err != nil {
			// HAProxy may just have gone; when it stays up, say it once.
			if machine.Pause(ctx, serversInterval); !told && ctx.Err() == nil && r.snapshot().HAProxy == string(healthUp) {
				told = true
				r.fail("HAProxy's view of its servers is not known: %v", err)
			}
			continue
		}
		told = false
		noteServers(r, servers)
	}
}

func noteServers(r *recorder, servers map[string]string) {
	r.note(now(), agentapi.Event{Name: agentapi.EventServers}, func(s *agentapi.State, e *agentapi.Event) bool {
		if s.HAProxy != string(healthUp) || maps.Equal(s.Servers, servers) {
			return false
		}
		s.Servers = servers
		return true
	})
}

func readServers(ctx context.Context, client *http.Client, url string) (map[string]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return parseServers(io.LimitReader(answer.Body, serversLimit))
}
