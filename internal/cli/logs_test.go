package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"halab/internal/app"
	"halab/internal/engine"
)

// say makes a container write a line at a moment after the world began.
func (w *world) say(service string, at time.Time, text string) {
	w.t.Helper()
	if err := w.Engine.Say(w.IDs[service], engine.LogLine{Time: at, Text: text}); err != nil {
		w.t.Fatal(err)
	}
}

func texts(r result) []string {
	var list []string
	for line := range strings.Lines(r.stdout) {
		list = append(list, strings.TrimSpace(line[strings.LastIndex(line, " ")+1:]))
	}
	return list
}

func TestLogsAreMergedByTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	begin := time.Now().Add(time.Second)
	for i := range 6 {
		node := fmt.Sprintf("frontend-%02d-app", i%2+1)
		w.say(node, begin.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("line-%d", i))
	}
	w.say("backend-01-app", begin.Add(2500*time.Microsecond), "elsewhere")
	for _, c := range []struct{ in, want string }{
		{"logs frontend app", "line-0 line-1 line-2 line-3 line-4 line-5"},
		{"logs frontend-02 app", "line-1 line-3 line-5"},
		{"logs frontend-00 app", "line-0 line-2 line-4"},
		{"logs --tail 3", "line-3 line-4 line-5"},
		{"logs frontend app --tail 0", ""},
		{"logs backend app", "elsewhere"},
		{"logs frontend app --since " + begin.Add(3*time.Millisecond).Format(time.RFC3339Nano), "line-3 line-4 line-5"},
	} {
		r := w.run(strings.Fields(c.in)...)
		if got := strings.Join(texts(r), " "); r.code != 0 || got != c.want {
			t.Errorf("halab %s: exit %d, got %q, want %q\n%s", c.in, r.code, got, c.want, r.stderr)
		}
	}
	for line := range strings.Lines(w.run("logs", "--json", "--tail", "4").stdout) {
		var e struct{ Node, Service, Text string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Node == "" || e.Service == "" {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func TestFollowedLogsGoOnThroughARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	w.say("frontend-01-haproxy", time.Now(), "\x1b[2Jbefore")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs syncBuffer
	p := &program{stdout: &out, stderr: &errs, env: func(string) string { return "" },
		open: func(context.Context, string) (app.Engine, error) { return keepOpen{w.Engine}, nil }}
	ended := make(chan int, 1)
	go func() { ended <- p.main(ctx, []string{"logs", "frontend-01", "haproxy", "-f"}) }()
	shows := func(text string) func() bool {
		return func() bool { return strings.Count(out.String(), text) == 1 }
	}
	await(t, shows("^[[2Jbefore"))
	// The follower lists containers after it has begun to listen for starts.
	await(t, func() bool { return len(w.Engine.CallsOf("Logs")) > 5 })
	w.say("frontend-01-haproxy", time.Now(), "while")
	await(t, shows("while"))
	id := w.IDs["frontend-01-haproxy"]
	w.Must("", w.Engine.ContainerKill(t.Context(), id, "KILL"))
	await(t, func() bool {
		c, err := w.Engine.Inspect(t.Context(), id)
		return err == nil && c.State == engine.StateExited
	})
	w.Must("", w.Engine.ContainerStart(t.Context(), id))
	w.say("frontend-01-haproxy", time.Now(), "again")
	await(t, shows("again"))
	if strings.Count(out.String(), "before") != 1 {
		t.Errorf("lines came twice:\n%s", out.String())
	}
	cancel()
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit %d, want %d; stderr %s", code, exitInterrupted, errs.String())
	}
}

func TestParseSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                     {},
		"90s":                  now.Add(-90 * time.Second),
		"2026-01-02T09:00:00Z": now.Add(-time.Hour),
	} {
		if got, err := parseSince(text, now); err != nil || !got.Equal(want) {
			t.Errorf("parseSince(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"-5m", "5", "noon"} {
		if got, err := parseSince(text, now); err == nil {
			t.Errorf("parseSince(%q) = %v, want an error", text, got)
		}
	}
}
