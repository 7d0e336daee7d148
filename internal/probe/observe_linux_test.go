package probe

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// watched is an observer under test with everything that it wrote.
type watched struct {
	in   *io.PipeWriter
	mu   sync.Mutex
	news chan struct{}
	all  []agentapi.ObserverLine
	done chan error
}

// watch starts an observer on an interface.
func watch(t *testing.T, spec agentapi.ObserverSpec) *watched {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	w := &watched{in: inW, news: make(chan struct{}, 1), done: make(chan error, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(outR)
		for lines.Scan() {
			var line agentapi.ObserverLine
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Errorf("line %q: %v", lines.Text(), err)
			}
			w.mu.Lock()
			w.all = append(w.all, line)
			w.mu.Unlock()
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		err := Observe(t.Context(), spec, inR, outW)
		outW.Close()
		<-read
		w.done <- err
	}()
	return w
}

func (w *watched) lines() []agentapi.ObserverLine {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

func (w *watched) samples(stream string) []agentapi.Sample {
	var out []agentapi.Sample
	for _, l := range w.lines() {
		if l.Sample != nil && l.Sample.Stream == stream {
			out = append(out, *l.Sample)
		}
	}
	return out
}

// until waits for a condition over the lines so far.
func (w *watched) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-w.news:
		case <-deadline:
			t.Fatalf("%s: not within 20 s; last of %d lines: %+v", what, len(w.lines()), last(w.lines()))
		}
	}
}

func last(lines []agentapi.ObserverLine) any {
	if len(lines) == 0 {
		return nil
	}
	return lines[len(lines)-1]
}

func (w *watched) command(t *testing.T, c agentapi.ObserverCommand) {
	t.Helper()
	b, _ := json.Marshal(c)
	if _, err := w.in.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}

func (w *watched) stop(t *testing.T) {
	t.Helper()
	w.command(t, agentapi.ObserverCommand{Command: "stop"})
	select {
	case err := <-w.done:
		if err != nil {
			t.Fatalf("Observe: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the observer did not stop")
	}
	lines := w.lines()
	if lines[0].Kind != "hello" || lines[len(lines)-1].Kind != "bye" {
		t.Errorf("first line %q, last line %q", lines[0].Kind, lines[len(lines)-1].Kind)
	}
}

// serve answers like the lab does, on loopback, until the test ends.
func serve(t *testing.T, h http.Handler) (url string, srv *http.Server) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv = &http.Server{Handler: h}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return "http://" + l.Addr().String(), srv
}

func lab() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/haproxy-alive", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "<html>ok</html>")
	})
	mux.HandleFunc("/frontend", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"frontend":"frontend-01","backend":"backend-02"}`)
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{}`) })
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	mux.HandleFunc("/;csv", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "# pxname,svname,econ,eresp,wretr,wredis,\nweb,FRONTEND,,,,,\napp,a,1,2,3,4,\napp,b,1,0,1,0,\napp,BACKEND,9,9,9,9,\n")
	})
	return mux
}

func spec(url string, streams ...agentapi.StreamSpec) agentapi.ObserverSpec {
	for i := range streams {
		streams[i].URL = url + streams[i].URL
		if streams[i].TimeoutMs == 0 {
			streams[i].TimeoutMs = 2000
		}
		if streams[i].MaxInFlight == 0 {
			streams[i].MaxInFlight = 1000
		}
	}
	return agentapi.ObserverSpec{Interface: "lo", Streams: streams, Stats: []string{url + "/;csv"}}
}

func TestStreamsSideBySide(t *testing.T) {
	url, _ := serve(t, lab())
	w := watch(t, spec(url,
		agentapi.StreamSpec{Name: agentapi.StreamEdge, URL: "/haproxy-alive", Rate: 200},
		agentapi.StreamSpec{Name: agentapi.StreamStack, URL: "/frontend", Rate: 50},
		agentapi.StreamSpec{Name: agentapi.StreamKeepalive, URL: "/frontend", Rate: 20, Held: true},
	))
	w.until(t, "200 edge samples", func() bool { return len(w.samples(agentapi.StreamEdge)) >= 200 })
	w.command(t, agentapi.ObserverCommand{Command: "mark", Mark: "fault"})
	w.command(t, agentapi.ObserverCommand{Command: "stats"})
	w.until(t, "the counters", func() bool {
		return slices.ContainsFunc(w.lines(), func(l agentapi.ObserverLine) bool { return l.Kind == "stats" })
	})
	w.stop(t)

	for _, name := range []string{agentapi.StreamEdge, agentapi.StreamStack, agentapi.StreamKeepalive} {
		var before int64
		samples := w.samples(name)
		slices.SortFunc(samples, func(a, b agentapi.Sample) int { return int(a.Due - b.Due) })
		for _, s := range samples {
			if !s.OK() || s.Sent < s.Due || s.Done < s.Sent || s.Due <= before {
				t.Fatalf("%s: %+v (due before: %d)", name, s, before)
			}
			before = s.Due
		}
		if want := int(float64(samples[len(samples)-1].Due-samples[0].Due)/1e9*rateOf(name)+0.5) + 1; len(samples) != want {
			t.Errorf("%s: %d samples, want %d: none may be missing", name, len(samples), want)
		}
	}
	if s := w.samples(agentapi.StreamStack)[0]; s.Node != "frontend-01" || s.Backend != "backend-02" {
		t.Errorf("stack sample %+v does not say who answered", s)
	}
	dialled := 0
	for _, s := range w.samples(agentapi.StreamKeepalive) {
		if s.Dialled {
			dialled++
		}
	}
	if dialled != 1 {
		t.Errorf("the held stream opened %d connections, want 1", dialled)
	}
	checkControl(t, w)
}

func rateOf(name string) float64 {
	return map[string]float64{agentapi.StreamEdge: 200, agentapi.StreamStack: 50, agentapi.StreamKeepalive: 20}[name]
}

// checkControl looks at the lines that are no samples.
func checkControl(t *testing.T, w *watched) {
	t.Helper()
	found := map[string]int{}
	for _, l := range w.lines() {
		found[l.Kind]++
		switch {
		case l.Mark != nil && (l.Mark.Name != "fault" || l.Mark.At == 0):
			t.Errorf("mark %+v", l.Mark)
		case l.Kind == "stats":
			want := agentapi.HAProxyTotals{URL: l.Stats[0].URL, Retries: 4, Redispatch: 4, Errors: 4}
			if l.Stats[0] != want {
				t.Errorf("counters %+v, want %+v", l.Stats[0], want)
			}
		case l.Lag != nil && l.Lag.Dropped > 0:
			t.Errorf("dropped: %+v", l.Lag)
		}
	}
	if found["mark"] != 1 || found["stats"] != 1 || found["lag"] < 3 {
		t.Errorf("lines by kind: %v", found)
	}
}

func TestWhatCountsAsFailure(t *testing.T) {
	url, _ := serve(t, lab())
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	closed.Close()
	tests := []struct {
		name, stream, url, want string
		held                    bool
		status                  int
	}{
		{name: "no listener", stream: "edge", url: refused + "/", want: "refused"},
		{name: "no listener, held", stream: "keepalive", url: refused + "/", want: "refused", held: true},
		{name: "503", stream: "edge", url: url + "/bad", want: "status", status: 503},
		{name: "no backend named", stream: "stack", url: url + "/empty", want: "body", status: 200},
		{name: "no JSON", stream: "stack", url: url + "/haproxy-alive", want: "body", status: 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := watch(t, agentapi.ObserverSpec{Interface: "lo", Streams: []agentapi.StreamSpec{{
				Name: tt.stream, URL: tt.url, Rate: 100, TimeoutMs: 2000, MaxInFlight: 100, Held: tt.held,
			}}})
			w.until(t, "samples", func() bool { return len(w.samples(tt.stream)) > 5 })
			w.stop(t)
			for _, s := range w.samples(tt.stream) {
				if s.Error != tt.want || s.Status != tt.status || s.OK() {
					t.Fatalf("%+v, want error %q and status %d", s, tt.want, tt.status)
				}
			}
		})
	}
}

// TestOpenLoop hangs the server: probes go on at their rate, each is given up
// at its own time, and they succeed as soon as the server answers again.
func TestOpenLoop(t *testing.T) {
	var mu sync.RWMutex
	url, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.RLock() // waits while the test holds it
		defer mu.RUnlock()
	}))
	w := watch(t, spec(url, agentapi.StreamSpec{Name: "edge", URL: "/", Rate: 200, TimeoutMs: 100}))
	w.until(t, "answers", func() bool { return len(w.samples("edge")) > 20 })
	mu.Lock()
	w.until(t, "20 timeouts", func() bool {
		return len(failures(w.samples("edge"))) > 20
	})
	mu.Unlock()
	w.until(t, "answers again", func() bool {
		s := w.samples("edge")
		return s[len(s)-1].OK()
	})
	w.stop(t)
	samples := w.samples("edge")
	slices.SortFunc(samples, func(a, b agentapi.Sample) int { return int(a.Due - b.Due) })
	for i, s := range samples {
		if i > 0 && s.Due-samples[i-1].Due != 5e6 {
			t.Errorf("due %d ns after the one before, want 5 ms", s.Due-samples[i-1].Due)
		}
		if !s.OK() && (s.Error != "timeout" || s.Done-s.Due < 100e6) {
			t.Errorf("%+v (%d ns after due)", s, s.Done-s.Due)
		}
	}
}

func failures(samples []agentapi.Sample) []agentapi.Sample {
	return slices.DeleteFunc(samples, agentapi.Sample.OK)
}

func TestInFlightIsBounded(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0") // accepts, never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := watch(t, agentapi.ObserverSpec{Interface: "lo", Streams: []agentapi.StreamSpec{{
		Name: "edge", URL: "http://" + l.Addr().String(), Rate: 200, TimeoutMs: 1000, MaxInFlight: 3,
	}}})
	dropped := int64(0)
	w.until(t, "drops", func() bool {
		dropped = 0
		for _, line := range w.lines() {
			if line.Lag != nil {
				dropped += line.Lag.Dropped
			}
		}
		return dropped > 50
	})
	w.stop(t)
	for _, s := range w.samples("edge") {
		if s.Error != "timeout" {
			t.Errorf("%+v", s)
		}
	}
}

// TestHeldConnectionBreaks ends the held connection again and again: the probe
// in flight fails, or none does, and the next one dials.
func TestHeldConnectionBreaks(t *testing.T) {
	url, srv := serve(t, lab())
	_ = srv
	var conns sync.Map
	srv.ConnState = func(c net.Conn, s http.ConnState) { conns.Store(c, s) }
	w := watch(t, spec(url, agentapi.StreamSpec{Name: "keepalive", URL: "/frontend", Rate: 100, Held: true}))
	dialled := func() int {
		n := 0
		for _, s := range w.samples("keepalive") {
			if s.Dialled {
				n++
			}
		}
		return n
	}
	for round := 1; round <= 3; round++ {
		w.until(t, fmt.Sprint("connection ", round), func() bool { return dialled() >= round })
		conns.Range(func(c, _ any) bool {
			c.(net.Conn).Close()
			conns.Delete(c)
			return true
		})
	}
	w.until(t, "answers", func() bool {
		s := w.samples("keepalive")
		return s[len(s)-1].OK() && dialled() >= 4
	})
	w.stop(t)
	for _, s := range failures(w.samples("keepalive")) {
		if s.Error != "eof" && s.Error != "reset" {
			t.Errorf("%+v", s)
		}
	}
}

func TestBadSpecs(t *testing.T) {
	good := agentapi.StreamSpec{Name: "edge", URL: "http://127.0.0.1/", Rate: 1, TimeoutMs: 1, MaxInFlight: 1}
	for want, change := range map[string]func(*agentapi.ObserverSpec){
		"rate":           func(s *agentapi.ObserverSpec) { s.Streams[0].Rate = 0 },
		"timeout_ms":     func(s *agentapi.ObserverSpec) { s.Streams[0].TimeoutMs = 0 },
		"max_in_flight":  func(s *agentapi.ObserverSpec) { s.Streams[0].MaxInFlight = 0 },
		"is no URL like": func(s *agentapi.ObserverSpec) { s.Streams[0].URL = "ftp://127.0.0.1/" },
		"not IPv4":       func(s *agentapi.ObserverSpec) { s.Streams[0].URL = "http://[::1]/" },
		"nosuch0":        func(s *agentapi.ObserverSpec) { s.Interface = "nosuch0" },
	} {
		s := agentapi.ObserverSpec{Interface: "lo", Streams: []agentapi.StreamSpec{good}}
		change(&s)
		err := Observe(context.Background(), s, strings.NewReader(""), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestCost reports what the observer costs at the lab's rates.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for two seconds")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // refused: no server's cost is in the figure
	url := "http://" + l.Addr().String()
	w := watch(t, spec(url,
		agentapi.StreamSpec{Name: "edge", URL: "/haproxy-alive", Rate: 500},
		agentapi.StreamSpec{Name: "stack", URL: "/frontend", Rate: 50},
		agentapi.StreamSpec{Name: "keepalive", URL: "/frontend", Rate: 1, Held: true},
	))
	before := cpuTime(t)
	w.until(t, "1000 samples", func() bool { return len(w.samples("edge")) >= 1000 })
	used := cpuTime(t) - before
	w.stop(t)
	var lags []int64
	for _, s := range w.samples("edge") {
		lags = append(lags, s.Sent-s.Due)
	}
	slices.Sort(lags)
	t.Logf("CPU with the test's own reading: %v in 2 s; lag p50 %v p99 %v max %v", used,
		time.Duration(lags[len(lags)/2]), time.Duration(lags[len(lags)*99/100]), time.Duration(lags[len(lags)-1]))
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
