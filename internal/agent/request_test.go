package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
)

func TestAnsweredBy(t *testing.T) {
	for body, want := range map[string][2]string{
		`{"frontend":"frontend-01","backend":"backend-02"}`: {"frontend-01", "backend-02"},
		`{"frontend":"frontend-01","backend":null}`:         {"frontend-01", ""},
		`{"backend":"backend-01"}`:                          {"", "backend-01"},
		`{"frontend":3}`:                                    {},
		`<html>`:                                            {}, ``: {}, `[]`: {}, `{"`: {},
	} {
		if f, b := answeredBy(body); f != want[0] || b != want[1] {
			t.Errorf("%s: %q %q", body, f, b)
		}
	}
}

func responses(t *testing.T, text string) []agentapi.Response {
	t.Helper()
	var all []agentapi.Response
	for line := range strings.Lines(text) {
		var r agentapi.Response
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// TestGetNeverWaits: the first answer comes only after the last request was
// made, which a client that waits for answers would never make.
func TestGetNeverWaits(t *testing.T) {
	const count = 5
	var arrived atomic.Int64
	all := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if arrived.Add(1) == count {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"frontend":"frontend-01","backend":"backend-02"}`)
	}))
	defer server.Close()
	var out, story bytes.Buffer
	code := Main(t.Context(), []string{"get", server.URL, "--interval", "5ms", "--count", fmt.Sprint(count), "--timeout=10s"}, &out, &story)
	if code != command.ExitDone {
		t.Fatalf("exit code %d: %s", code, story.String())
	}
	got := responses(t, out.String())
	if len(got) != count {
		t.Fatalf("%d lines", len(got))
	}
	for _, r := range got {
		if r.Status != 200 || r.Frontend != "frontend-01" || r.Backend != "backend-02" || r.Error != "" ||
			r.Type != "application/json" || r.Sent.Before(r.Due) || r.Done.Before(r.Sent) {
			t.Errorf("response %+v", r)
		}
	}
}

func TestGetTellsFailures(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	var out, story bytes.Buffer
	if code := Main(t.Context(), []string{"get", url}, &out, &story); code != command.ExitDone {
		t.Fatalf("exit code %d: %s", code, story.String())
	}
	if got := responses(t, out.String()); len(got) != 1 || got[0].Status != 0 || !strings.Contains(got[0].Error, "refused") {
		t.Errorf("got %+v", got)
	}
}

// The app of a lab with one cluster asks nobody, and names itself alone.
func TestReadyWithOneTier(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"backend":"b-01"}`) }))
	defer server.Close()
	var out, story bytes.Buffer
	if code := Main(t.Context(), []string{"ready", "--timeout", "500ms", server.URL}, &out, &story); code != command.ExitDone || !strings.Contains(out.String(), `"b-01"`) {
		t.Errorf("exit code %d: %s%s", code, out.String(), story.String())
	}
}

func TestReadyWaitsForBothTiers(t *testing.T) {
	answers := []string{"", `{"frontend":"f","backend":null}`, `{"frontend":"f","backend":"b"}`}
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i := int(n.Add(1)) - 1
		if i == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, answers[min(i, 2)])
	}))
	defer server.Close()
	var out, story bytes.Buffer
	if code := Main(t.Context(), []string{"ready", "--timeout", "20s", server.URL}, &out, &story); code != command.ExitDone {
		t.Fatalf("exit code %d: %s", code, story.String())
	}
	if n.Load() != 3 {
		t.Errorf("%d requests", n.Load())
	}
	n.Store(3)
	answers[2] = ""
	out.Reset()
	if code := Main(t.Context(), []string{"ready", "--timeout", "50ms", server.URL}, &out, &story); code != command.ExitFailed {
		t.Errorf("exit code %d", code)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"dance"}, {"get"}, {"get", "a", "b"}, {"get", "ftp://x"}, {"get", "--interval", "0s", "http://x"}, {"get", "--what", "http://x"},
		{"ready"}, {"config"}, {"config", "passwd"}, {"kill"}, {"kill", "node"}, {"notify"},
		{"network", "sideways", "{}"}, {"network", "up"}, {"network", "up", "{"}, {"network", "up", "{}"},
	} {
		var out, story bytes.Buffer
		if code := Main(t.Context(), args, &out, &story); code != command.ExitUsage || story.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, story.String())
		}
	}
}
