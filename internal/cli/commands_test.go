package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"halab/internal/app"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/test/golden"
)

func TestWrongUsageEndsWithTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	for _, c := range []struct{ in, want string }{
		{"fial", "did you mean fail?"},
		{"fail", "TARGET is missing"},
		{"fail frontend-01", "SERVICE|FAULT is missing\n  usage: halab fail TARGET SERVICE|FAULT [ARG"},
		{"fail frontend-1 haproxy", `did you mean "frontend-01"`},
		{"fail frontend-01 haprxy", `did you mean "haproxy"`},
		{"fail frontend-01 haproxy --how kil", "did you mean kill?"},
		{"fail frontend-01 haproxy now", `"now" is one word too many`},
		{"restore frontned", `did you mean "frontend"`},
		{"switch frontend-01", "is not a cluster"},
		{"logs --since yesterday", "--since cannot be"},
		{"events --kind vrp", "did you mean vrrp or vip or arp?"},
		{"events --rate -1", "--rate is from 0 to 500"},
		{"events --rate nan", "--rate is from 0 to 500"},
		{"events --for 0s", "--for is more than nothing"},
		{"events frontned", `did you mean "frontend"`},
		{"logs --tail many", `--tail cannot be "many": it is a number`},
		{"watch --timeout 5", "such as 500ms"},
		{"curl frontend", "a path begins with a slash"},
		{"watch --interval 1us", "--interval is at least 1ms"},
		{"shell frontend", "name one of them: frontend-01, frontend-02"},
		{"config apache frontend-01", "none for"},
		{"config haproxy", "NODE is missing"},
		{"config haproxy frontend-03", "did you mean"},
		{"network", "needs one of: up, down"},
		{"network upp", "did you mean up?"},
		{"completion tcsh", "There is for: bash, zsh, fish"},
		{"up --base debian", "--base cannot be"},
		{"up --profile quick", "It can be: fast, classic"},
		{"status --color sometimes", "--color cannot be"},
		{"status --quiet --verbose", "exclude each other"},
		{"status --name A_B", "--name cannot be"},
		{"status --name -x", "--name cannot be"},
		{"up --subnet 192.168.99.1/24", "--subnet cannot be"},
		{"drill --soak 1s frontend", "--soak breaks nothing"},
		{"drill --soak 1s -s x.yaml", "--soak breaks nothing"},
		{"drill calibrate -s x.yaml", "calibrate stands alone"},
		{"drill calibrate frontend", "calibrate stands alone"},
		{"help nothing", "no command"},
	} {
		r := w.run(strings.Fields(c.in)...)
		if r.code != exitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("halab %s: exit %d, want %d and %q on stderr\nstdout: %s\nstderr: %s", c.in, r.code, exitUsage, c.want, r.stdout, r.stderr)
		}
		if !strings.HasPrefix(r.stderr, "halab: ") {
			t.Errorf("halab %s: stderr does not say who speaks: %s", c.in, r.stderr)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	r := w.run("status")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit %d, stderr %s", r.code, r.stderr)
	}
	golden.File(t, "testdata/status.txt", r.stdout)
	golden.File(t, "testdata/status.json", w.run("status", "--json").stdout)
}

func TestStatusOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("status", "--json", "--name", "other")
	var st lab.State
	if err := json.Unmarshal([]byte(r.stdout), &st); err != nil || st.Lab != "other" || st.Ready || st.Clusters == nil {
		t.Errorf("got %s (%v)", r.stdout, err)
	}
	for _, c := range []string{"fail frontend-01 app", "restore", "switch frontend", "logs", "curl", "watch", "shell frontend-01"} {
		r := w.run(strings.Fields(c)...)
		if r.code != exitFailed || !strings.Contains(r.stderr, "lab halab is not up") || !strings.Contains(r.stderr, "halab up") {
			t.Errorf("halab %s: exit %d, stderr %s", c, r.code, r.stderr)
		}
	}
	if r := w.run("down"); r.code != 0 || !strings.Contains(r.stdout, "nothing to remove") {
		t.Errorf("down: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
}

func TestFailAndRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	r := w.run("fail", "frontend-00", "haproxy")
	want := "stopped haproxy on frontend-01\nfrontend-00 (192.168.99.10) is now held by frontend-02, before by frontend-01\n"
	if r.code != 0 || r.stdout != want {
		t.Fatalf("exit %d\ngot  %swant %s%s", r.code, r.stdout, want, r.stderr)
	}
	r = w.run("fail", "frontend-01", "haproxy", "--how", "kill")
	if r.code != exitFailed || !strings.Contains(r.stderr, "halab restore frontend-01 haproxy") {
		t.Errorf("a service that is down: exit %d, stderr %s", r.code, r.stderr)
	}
	r = w.run("--json", "fail", "backend-01", "app", "--how", "hang")
	var b app.Broken
	if err := json.Unmarshal([]byte(r.stdout), &b); err != nil || r.code != 0 {
		t.Fatalf("exit %d, %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	if len(b.Done) != 1 || b.Done[0].Fault != "hang" || len(b.VIPs) != 1 || b.VIPs[0].Holders[0] != "backend-02" {
		t.Errorf("got %+v", b)
	}
	r = w.run("restore")
	if r.code != 0 || !strings.Contains(r.stdout, "started haproxy on frontend-01\n") || !strings.Contains(r.stdout, "thawed app on backend-01\n") || !strings.Contains(r.stdout, "healthy after") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r = w.run("restore", "backend-00", "app"); r.code != 0 || !strings.HasPrefix(r.stdout, "nothing was broken; healthy") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	r := w.run("down", "--json")
	var got app.Removed
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("%v: %s%s", err, r.stdout, r.stderr)
	}
	if left, _ := w.Engine.Containers(t.Context(), nil); got.Containers != 17 || got.Volumes != 4 || got.Networks != 1 || len(left) != 0 {
		t.Errorf("removed %+v, left %d", got, len(left))
	}
}

func TestCurl(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	for _, c := range []struct {
		in           string
		code         int
		stdout, errs string
	}{
		{"curl", 0, "{\"frontend\":\"frontend-01\"}\n", ""},
		{"curl /broken", 1, "", "http://192.168.99.10/broken: connection refused after 4.0 ms"},
		{"curl /missing", 1, "{\"frontend\":\"frontend-01\"}\n", "status 404"},
	} {
		r := w.run(strings.Fields(c.in)...)
		if r.code != c.code || r.stdout != c.stdout || !strings.Contains(r.stderr, c.errs) {
			t.Errorf("halab %s: exit %d\n%s%s", c.in, r.code, r.stdout, r.stderr)
		}
	}
	if r := w.run("curl", "--json"); !json.Valid([]byte(r.stdout)) || !strings.Contains(r.stdout, `"frontend": "frontend-01"`) {
		t.Errorf("not JSON: %s", r.stdout)
	}
}

func TestWatchSumsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	r := w.run("watch", "--count", "4")
	if r.code != 0 || !strings.Contains(r.stdout, "frontend frontend-01 answers") || !strings.Contains(r.stdout, "4 requests in 0.3 s, none failed") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r = w.run("watch", "--count", "4", "--json")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 5 || !strings.Contains(lines[4], `"summary":{"requests":4,"failed":0`) {
		t.Errorf("got %d lines\n%s", len(lines), r.stdout)
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestInterruptedWatchStillSumsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan result, 1)
	go func() { seen <- w.runCtx(ctx, "watch") }()
	await(t, func() bool { return len(w.Engine.CallsOf("Exec")) > 0 })
	cancel()
	r := <-seen
	if r.code != exitInterrupted || !strings.Contains(r.stdout, "requests in") || r.stderr != "halab: interrupted\n" {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestShellPassesCommandAndCodeOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	r := w.run("shell", "frontend-00", "--", "ip", "-brief", "address; rm")
	if r.code != 7 || r.stdout != "frontend-01: ip|-brief|address; rm\n" || r.stderr != "to stderr\n" {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if err := w.Engine.ContainerKill(t.Context(), w.IDs["frontend-02"], "KILL"); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		c, err := w.Engine.Inspect(t.Context(), w.IDs["frontend-02"])
		return err == nil && c.State == engine.StateExited
	})
	if r = w.run("shell", "frontend-02"); r.code != exitFailed || !strings.Contains(r.stderr, "halab restore frontend-02") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
}

func TestEngineErrorsAreOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	w.Engine.Hooks.Before = func(context.Context, enginetest.Call) error {
		return problem.New("%w: no socket\x1b[2J", engine.ErrUnreachable).Cure("start it", "systemctl start docker")
	}
	for _, c := range []string{"status", "down", "fail frontend-01 app", "logs", "curl", "restore"} {
		r := w.run(strings.Fields(c)...)
		if r.code != exitFailed || !strings.Contains(r.stderr, "no socket^[[2J") || strings.Contains(r.stderr, "goroutine") {
			t.Errorf("halab %s: exit %d, stderr %q", c, r.code, r.stderr)
		}
	}
	r := w.run("doctor")
	if r.code != exitFailed || !strings.Contains(r.stdout, "→ start it: systemctl start docker") {
		t.Errorf("doctor: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestInterruptedDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	ctx, cancel := context.WithCancel(t.Context())
	w.Engine.Hooks.Before = func(ctx context.Context, c enginetest.Call) error {
		if c.Method == "ContainerRemove" {
			cancel()
		}
		return nil
	}
	r := w.runCtx(ctx, "down", "--quiet")
	if r.code != exitInterrupted || r.stderr != "halab: interrupted: run halab down again for the rest\n" {
		t.Errorf("exit %d, stderr %q", r.code, r.stderr)
	}
}

func TestMistakesInHalabAreOneLine(t *testing.T) {
	t.Parallel()
	var out, errs syncBuffer
	code := func() (code int) {
		p := &program{stdout: &out, stderr: &errs, env: func(string) string { return "" },
			open: func(context.Context, string) (app.Engine, error) { panic("boom") }}
		defer p.survive(&code)
		return p.main(t.Context(), []string{"status"})
	}()
	if code != exitFailed || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "boom") {
		t.Errorf("exit %d, stderr %q", code, errs.String())
	}
}

// await waits until something is true.
func await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it never came about")
		case <-tick.C:
		}
	}
}
