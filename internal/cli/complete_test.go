package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletion: what stands before the bar is typed, with "_" for a word that
// is still empty; what stands behind it is offered.
func TestCompletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).up()
	for _, c := range []struct{ typed, want string }{
		{"do", "down doctor"},
		{"drill frontend/app-", "frontend/app-stop frontend/app-kill frontend/app-hang frontend/app-restart"},
		{"drill frontend/node-crash backend/node", "backend/node-crash backend/node-freeze backend/node-shutdown backend/node-restart"},
		{"drill cal", "calibrate"},
		{"fail fro", "frontend frontend-00 frontend-01 frontend-02"},
		{"fail frontend-01 _", "app haproxy keepalived node crash shutdown freeze link partition drop vip loss delay rate slow error cpu memory disk"},
		{"fail frontend-01 link _", "down"},
		{"fail frontend-01 drop _", "vrrp arp"},
		{"fail frontend-01 drop vrrp _", "in out both"},
		{"fail frontend-01 loss _", "30"},
		{"fail frontend-01 partition back", "backend backend-00 backend-01 backend-02"},
		{"fail frontend-01 h", "haproxy"},
		{"fail frontend-01 haproxy _", ""},
		{"fail frontend-01 haproxy --how _", "stop kill hang reload restart"},
		{"fail --how=k", "--how=kill"},
		{"fail --how kill backend-0", "backend-00 backend-01 backend-02"},
		{"--json fail frontend-0", "frontend-00 frontend-01 frontend-02"},
		{"switch _", "frontend backend"},
		{"switch backend _", "backend-01 backend-02"},
		{"logs cl", "client"},
		{"events cl", "client"},
		{"events --kind v", "vrrp vip"},
		{"shell backend-01 -- l", ""},
		{"config _", "haproxy keepalived"},
		{"config haproxy backend-", "backend-01 backend-02"},
		{"network _", "up down"},
		{"network up --par", "--parent"},
		{"completion _", "bash zsh fish"},
		{"help ne", "network"},
		{"up --base _", "auto centos7 debian11 debian12 debian13 debiansid"},
		{"lint --base _", "auto centos7 debian11 debian12 debian13 debiansid"},
		{"up --ba", "--base"},
		{"--profile cl", "classic"},
		{"curl /f", "/frontend"},
		{"nonsense _", ""},
		{"up --file _", ""},
	} {
		args := append([]string{"__complete", "--"}, strings.Fields(c.typed)...)
		if args[len(args)-1] == "_" {
			args[len(args)-1] = ""
		}
		r := w.run(args...)
		var words []string
		for line := range strings.Lines(r.stdout) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); r.code != 0 || got != c.want {
			t.Errorf("%q offers %q, want %q (exit %d, %s)", c.typed, got, c.want, r.code, r.stderr)
		}
	}
}

func TestCompletionWithoutALabReadsTheDescription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.run("__complete", "--", "fail", "backend-01").stdout; got != "backend-01\tnode of backend\n" {
		t.Errorf("got %q", got)
	}
}

// TestBashCompletion runs the script in a real bash, with a halab that records
// how it was called.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	w := newWorld(t)
	dir := t.TempDir()
	script := filepath.Join(dir, "halab.bash")
	if err := os.WriteFile(script, []byte(w.run("completion", "bash").stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	fake := filepath.Join(dir, "halab")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\nprintf '%s|' \"$@\" >"+dir+"/called\nprintf -- '%s\\tabout\\n' $OFFER\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ words, offer, called, want string }{
		{"fail fro", "frontend-01 frontend-02", "__complete|--|fail|fro|", "frontend-01 frontend-02"},
		{"fail --how = k", "--how=kill", "__complete|--|fail|--how=k|", "kill"},
		{"fail --how =", "--how=kill", "__complete|--|fail|--how=|", "kill"},
	} {
		words := strings.Fields(c.words)
		run := exec.CommandContext(t.Context(), bash, "--norc", "-c", `
			source "$1"; shift
			fake=$1; shift
			COMP_WORDS=("$fake" "$@"); COMP_CWORD=$#
			_halab; echo "${COMPREPLY[@]}"`, "-", script, fake)
		run.Args = append(run.Args, words...)
		run.Env = append(os.Environ(), "OFFER="+c.offer)
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		called, _ := os.ReadFile(filepath.Join(dir, "called"))
		if got := strings.TrimSpace(string(out)); got != c.want || string(called) != c.called {
			t.Errorf("%q: offers %q, want %q; called %q, want %q", c.words, got, c.want, called, c.called)
		}
	}
}

func TestScriptsAreWellFormed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, shell := range shells() {
		r := w.run("completion", shell)
		if r.code != 0 || !strings.Contains(r.stdout, "__complete --") {
			t.Errorf("%s: exit %d\n%s", shell, r.code, r.stdout)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		check := exec.CommandContext(t.Context(), path, "-n", "/dev/stdin")
		check.Stdin = strings.NewReader(r.stdout)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s -n: %v\n%s", shell, err, out)
		}
	}
}
