package agent

import (
	"context"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"halab/internal/agentapi"
)

// Checks as they are found in real files, run as keepalived runs them.
func TestCheck(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command string
		shell   bool
		exit    int
		last    string
	}{
		{"true", false, 0, ""},
		{"/bin/false", false, 1, ""},
		{"/bin/sh -c 'echo one; echo two >&2; exit 3'", false, 3, "two"},
		{"/bin/echo up || exit 1", false, 0, "up || exit 1"}, // no shell: words
		{"/bin/false || echo 1", true, 0, "1"},               // the shell of 1.3.5
		{`"/bin/echo a  b"`, false, 0, "a b"},
		{`/bin/echo 'a  b'`, false, 0, "a  b"},
	} {
		run := check(t.Context(), agentapi.CheckRequest{Command: c.command, User: me.Username, TimeoutMs: 5000, Shell: c.shell})
		if run.Exit != c.exit || run.Last != c.last || run.Error != "" || run.User != me.Username || run.Ms <= 0 || run.OK() != (c.exit == 0) {
			t.Errorf("%s: %+v", c.command, run)
		}
	}
}

// What does not end is ended, with all that it has started; what can't be run says why.
func TestCheckThatDoesNotEnd(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	begin, mark := time.Now(), filepath.Join(t.TempDir(), "lives")
	run := check(t.Context(), agentapi.CheckRequest{User: me.Username, TimeoutMs: 200,
		Command: "/bin/sh -c '(sleep 2; touch " + mark + ") & echo waiting; sleep 30'"})
	if !run.TimedOut || run.OK() || run.Exit != -1 || run.Last != "waiting" || run.Ms < 200 || time.Since(begin) > 1500*time.Millisecond {
		t.Errorf("%+v after %s", run, time.Since(begin))
	}
	time.Sleep(time.Until(begin.Add(2300 * time.Millisecond))) // when its child would have told
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it started went on")
	}
	run = check(t.Context(), agentapi.CheckRequest{User: me.Username, TimeoutMs: 5000, Command: "/bin/sh -c 'kill -TERM $$'"})
	if run.Signal != "SIGTERM" || run.TimedOut || run.OK() {
		t.Errorf("killed: %+v", run)
	}
	for _, r := range []agentapi.CheckRequest{
		{Command: "/nowhere/check", User: me.Username, TimeoutMs: 500},
		{Command: "true", User: "nobody-of-that-name", TimeoutMs: 500},
		{Command: " ", User: me.Username, TimeoutMs: 500},
	} {
		if run := check(context.Background(), r); run.Error == "" || run.OK() {
			t.Errorf("%+v: %+v", r, run)
		}
	}
}

func TestScriptWords(t *testing.T) {
	for text, want := range map[string][]string{
		`nc -z 127.0.0.1 443 || echo 1`:          {"nc", "-z", "127.0.0.1", "443", "||", "echo", "1"},
		`/bin/kill -0 $(cat /run/haproxy.pid)`:   {"/bin/kill", "-0", "$(cat", "/run/haproxy.pid)"},
		`/bin/sh -c "test -e \"/a b\""`:          {"/bin/sh", "-c", `test -e "/a b"`},
		`/usr/bin/check a\ b ''`:                 {"/usr/bin/check", "a b", ""},
		`'/usr/bin/curl -sf http://127.0.0.1/x'`: {"/usr/bin/curl", "-sf", "http://127.0.0.1/x"},
		"":                                       nil,
	} {
		if got := scriptWords(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}
