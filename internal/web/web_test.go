package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/engine/enginetest"
	"halab/internal/engine/enginetest/labtest"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/web"
)

type keepOpen struct{ *enginetest.Engine }

func (keepOpen) Close() error { return nil }

// site is the page of a lab in memory, served for real.
type site struct {
	*labtest.World
	t    *testing.T
	base string
}

func serve(t *testing.T, o web.Options) *site {
	t.Helper()
	set := app.Setting{Name: "halab", Base: "debian12"}
	project, err := set.Load(t.Context(), "debian12")
	if err != nil {
		t.Fatal(err)
	}
	w := labtest.New(t, project)
	w.Up()
	o.Key = key
	page := web.New(o)
	s, err := app.Open(t.Context(), app.World{
		Open: func(context.Context, string) (app.Engine, error) { return keepOpen{w.Engine}, nil },
		Env:  func(string) string { return "" },
	}, set, page.Tell)
	if err != nil {
		t.Fatal(err)
	}
	page.Show(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- page.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return &site{w, t, "http://" + l.Addr().String()}
}

// ask makes a request as the page does.
func (s *site) ask(method, path, body string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(r.URL.Host)
	r.AddCookie(&http.Cookie{Name: "halab-" + port, Value: key})
	r.Header.Set("X-Halab", "1")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// json makes one and reads its answer.
func (s *site) json(method, path, body string, want int, into any) {
	s.t.Helper()
	answer := s.ask(method, path, body)
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || answer.StatusCode != want {
		s.t.Fatalf("%s %s: %d, %v: %s", method, path, answer.StatusCode, err, text)
	}
}

// What the page shows is what halab status says; what it does is what halab fail and
// restore do, with the same documents.
func TestBreakAndRestore(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{})
	var st lab.State
	s.json("GET", "/api/state", "", 200, &st)
	holder := st.Clusters[0].VIP.Holders[0]
	var broken app.Broken
	s.json("POST", "/api/faults", `{"target":"frontend-00","words":["haproxy","stop"]}`, 200, &broken)
	if len(broken.Done) != 1 || broken.Done[0].Node != holder || broken.VIPs[0].Holders[0] == holder {
		t.Errorf("HAProxy was stopped on %s, the holder: %+v", holder, broken)
	}
	var restored app.Restored
	s.json("POST", "/api/restore", `{}`, 200, &restored)
	if len(restored.Mended) != 1 || !restored.Healthy {
		t.Errorf("restored %+v", restored)
	}
}

// Nonsense is told by the words that the command line has for it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{})
	for _, c := range []struct {
		path, body, want string
		status           int
	}{
		{"/api/faults", `{"target":"frontend-01","words":["los","30"]}`, `did you mean "loss"`, 400},
		{"/api/faults", `{"target":"frontend-01","words":["loss","3000"]}`, "is no share", 400},
		{"/api/faults", `{"target":"nobody","words":["haproxy"]}`, "nobody", 422},
		{"/api/faults", `{"target":"frontend-01","words":["haproxy"],"for":"1s"}`, "unknown field", 400},
		{"/api/faults", `{"target":"frontend-01","words":["haproxy"],"for_seconds":1e9}`, "at most", 400},
		{"/api/restore", `{"words":["nothing"]}`, "nothing", 400},
		{"/api/switch", `{"cluster":"nowhere"}`, "nowhere", 422},
		{"/api/drills", `{"scenarios":["no-such"],"repeat":1}`, "no-such", 400},
		{"/api/drills", `{"scenarios":[],"repeat":0}`, "from 1", 400},
	} {
		var got struct{ Error string }
		s.json("POST", c.path, c.body, c.status, &got)
		if !strings.Contains(got.Error, c.want) {
			t.Errorf("%s %s: %q, want %q in it", c.path, c.body, got.Error, c.want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{ReadOnly: true})
	for _, path := range []string{"/api/faults", "/api/restore", "/api/switch", "/api/drills", "/api/drills/stop"} {
		var got struct{ Error string }
		s.json("POST", path, `{}`, 403, &got)
		if !strings.Contains(got.Error, "read-only") {
			t.Errorf("%s: %q", path, got.Error)
		}
	}
	var st lab.State
	s.json("GET", "/api/state", "", 200, &st)
	if !st.Ready {
		t.Error("the lab was touched")
	}
}

// A viewer gets the lab as it is, and then what happens, with rising ids. A second one
// that comes later begins with the lab as well.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{})
	first := events(s.ask("GET", "/api/events", ""))
	if name, data := first.next(t); name != "state" || !strings.Contains(data, `"lab":"halab"`) {
		t.Fatalf("it begins with %s: %s", name, data)
	}
	var broken app.Broken
	s.json("POST", "/api/faults", `{"target":"frontend-00","words":["haproxy","stop"]}`, 200, &broken)
	first.until(t, "state", `"fault":"down"`)
	second := events(s.ask("GET", "/api/events", ""))
	if name, data := second.next(t); name != "state" || !strings.Contains(data, `"fault":"down"`) {
		t.Errorf("the second begins with %s: %s", name, data)
	}
}

// eventLines reads a stream of server-sent events.
type eventLines struct{ in *bufio.Scanner }

func events(r *http.Response) eventLines {
	in := bufio.NewScanner(r.Body)
	in.Buffer(nil, 1<<20)
	return eventLines{in}
}

func (e eventLines) next(t *testing.T) (name, data string) {
	t.Helper()
	for e.in.Scan() {
		line := e.in.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		case line == "" && name != "":
			return name, data
		}
	}
	t.Fatalf("the stream has ended: %v", e.in.Err())
	return "", ""
}

// until reads to an event with a text in it.
func (e eventLines) until(t *testing.T, want, text string) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < 10*time.Second {
		if name, data := e.next(t); name == want && strings.Contains(data, text) {
			return
		}
	}
	t.Fatalf("no %s with %s came", want, text)
}

// The catalogue offers every fault, with the arguments that the command line takes.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{})
	var offers []struct {
		Words   []string
		Service string
		Name    string
		Sees    string
		Args    []struct{ Name, Example string }
	}
	s.json("GET", "/api/catalogue", "", 200, &offers)
	seen := map[string]int{}
	for _, o := range offers {
		seen[o.Service+" "+o.Name] = len(o.Args)
		if o.Sees == "" || o.Service == "app" && !strings.HasPrefix(o.Sees, "the VIP stays") {
			t.Errorf("%s %s: one is to see %q; no fault of an app moves a VIP", o.Service, o.Name, o.Sees)
		}
		if o.Name == "poweroff" {
			t.Error("a container has no switch")
		}
	}
	for what, args := range map[string]int{"haproxy kill": 0, "node kill": 0, " loss": 2, " delay": 2, " partition": 1, " link down": 0} {
		if n, there := seen[what]; !there || n != args {
			t.Errorf("%q: there %v, with %d arguments", what, there, n)
		}
	}
}

// A saved drill is played from what was recorded, and one without samples says how to
// get them. It needs no lab.
func TestReplay(t *testing.T) {
	t.Parallel()
	rec := &outage.Recording{Cluster: "frontend", Target: "frontend-01",
		Events: []agentapi.Event{{Node: "frontend-02", Name: agentapi.EventVRRP, From: "BACKUP", To: "MASTER", Mono: 7}}}
	saved := &outage.Result{Lab: "halab", Scenarios: []outage.ScenarioResult{{Name: "frontend/node-crash", Runs: []outage.Run{{}, {Recorded: rec}}}}}
	a, _ := net.ResolveTCPAddr("tcp", "127.0.0.1:7070")
	h := web.New(web.Options{Key: key, Replay: saved}).Handler(a)
	read := func(path string, want int, into any) {
		t.Helper()
		answer := ask(h, request("GET", path, nil))
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode != want {
			t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
		}
	}
	var list struct {
		Runs []struct {
			Scenario string
			Run      int
			Recorded bool
		}
	}
	read("/api/replay", 200, &list)
	if len(list.Runs) != 2 || list.Runs[0].Recorded || !list.Runs[1].Recorded || list.Runs[1].Run != 2 {
		t.Errorf("the runs are %+v", list.Runs)
	}
	var run struct {
		Recording outage.Recording
		Words     []struct{ Text string }
	}
	read("/api/replay/1", 200, &run)
	if run.Recording.Target != "frontend-01" || len(run.Words) != 1 || run.Words[0].Text != "VRRP BACKUP → MASTER" {
		t.Errorf("the run is %+v", run)
	}
	var refused struct{ Error string }
	for _, path := range []string{"/api/replay/0", "/api/replay/2", "/api/replay/-1", "/api/replay/x"} {
		read(path, 404, &refused)
		if !strings.Contains(refused.Error, "--save") {
			t.Errorf("%s: %q", path, refused.Error)
		}
	}
}

// Of two drills that are asked for at once one runs, and nothing is broken meanwhile.
func TestOneDrillAtATime(t *testing.T) {
	t.Parallel()
	s := serve(t, web.Options{})
	const body = `{"scenarios":["frontend/haproxy-kill"],"repeat":100}`
	var run struct{ ID int }
	s.json("POST", "/api/drills", body, 200, &run)
	var refused struct{ Error string }
	for path, body := range map[string]string{"/api/drills": body, "/api/restore": `{}`, "/api/faults": `{"target":"frontend-01","words":["app"]}`, "/api/switch": `{"cluster":"frontend"}`} {
		s.json("POST", path, body, 409, &refused)
		if !strings.Contains(refused.Error, "a drill is measuring") {
			t.Errorf("%s: %q", path, refused.Error)
		}
	}
	var none struct{}
	s.json("POST", "/api/drills/stop", `{}`, 200, &none)
	var list struct{ Runs []struct{ Running bool } }
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s.json("GET", "/api/drills", "", 200, &list)
		if len(list.Runs) == 1 && !list.Runs[0].Running {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("the drill goes on: %+v", list.Runs)
		}
	}
	s.json("GET", "/api/drills/7/report.html", "", 404, &refused)
}
