package agent

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"
)

// newSpokenFor is a node whose HAProxy is up and has one server in the state that
// say gives.
func newSpokenFor(t *testing.T, say func() string) *node {
	t.Helper()
	stats := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# pxname,svname,status,check_status,\napp,frontend-02,%s,L7OK,\n", say())
	}))
	t.Cleanup(stats.Close)
	n := &node{recorder: newRecorder("frontend-01", io.Discard)}
	n.servers = newServerWatch(n.recorder)
	n.servers.url = stats.URL
	n.recorder.state.HAProxy = string(healthUp)
	return n
}

// A server that goes while nothing has happened for long is seen when HAProxy's
// supervisor has said that there is news, and not at the next look.
func TestServersAreLookedAtWhenHAProxySaysSo(t *testing.T) {
	n := newSpokenFor(t, func() string { return "DOWN" })
	n.recorder.state.Servers = map[string]string{"frontend-02": "UP"}
	n.servers.calm = time.Hour
	go n.servers.run(t.Context())
	words := &serverWords{to: io.Discard, say: func() { n.onNotify(now(), "SERVERS \"haproxy\" CHANGED\n") }}
	fmt.Fprintln(words, "[WARNING]  (55) : Server app/frontend-02 is DOWN, reason: Layer4 connection problem")
	agenttest.Await(t, "the server is down", func() bool { return n.recorder.snapshot().Servers["frontend-02"] == "DOWN" })
}

// HAProxy is asked every second, and ten times as often while things change or
// are not settled.
func TestServersAreLookedAtOftenWhileTheyChange(t *testing.T) {
	state := "UP"
	n := newSpokenFor(t, func() string { return state })
	w, at := n.servers, time.Now()
	if pace := w.pace(at); pace != serversCalm {
		t.Errorf("at rest it is asked every %s", pace)
	}
	w.look(t.Context())
	if pace := w.pace(time.Now()); pace != serversQuick {
		t.Errorf("right after a change it is asked every %s", pace)
	}
	if pace := w.pace(time.Now().Add(serversSettle)); pace != serversCalm {
		t.Errorf("long after a change it is asked every %s", pace)
	}
	for _, state = range []string{"UP 1/2", agentapi.Unchecked} {
		w.look(t.Context())
		if pace := w.pace(time.Now().Add(serversSettle)); pace != serversQuick {
			t.Errorf("a server that is %q is asked for every %s", state, pace)
		}
	}
}

// What HAProxy says is passed on whole; only its words on servers are news.
func TestServerWords(t *testing.T) {
	var passed bytes.Buffer
	news := 0
	w := &serverWords{to: &passed, say: func() { news++ }}
	lines := []string{
		"[NOTICE]   (1) : New worker #1 (55) forked\n",
		"[WARNING] 323/120000 (8) : Server app/frontend-02 is DOWN, reason: Layer4 connection problem\n",
		"[WARNING]  (55) : Server app/frontend-02 is UP, reason: Layer7 check passed\n",
	}
	for _, line := range lines {
		if n, err := io.WriteString(w, line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if passed.String() != strings.Join(lines, "") || news != 2 {
		t.Errorf("%d news, passed on: %q", news, passed.String())
	}
}
