package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"halab"
	"halab/internal/agentapi"
	"halab/internal/app"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/outage"
	"halab/internal/report"
	"halab/internal/ui"
)

// evil erases a screen, sets a title, colours by a C1 control, turns the
// direction of writing, goes back to the begin of the line and forges another.
const evil = "x\x1b[2J\x1b]0;owned\x07\u009b31m\u202e\x7f\rforged\nline"

// colour is the only sequence that halab itself writes into text.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// harmless fails where a terminal would act on what was written.
func harmless(t *testing.T, what string, painted bool, r result) {
	t.Helper()
	for name, text := range map[string]string{"stdout": r.stdout, "stderr": r.stderr} {
		if painted {
			text = colour.ReplaceAllString(text, "")
		}
		for i, c := range text {
			if c != '\n' && c != '\t' && (unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("halab %s lets %U through to %s: %q", what, c, name, text[max(0, i-60):min(len(text), i+20)])
				break
			}
		}
		if name == "stdout" && strings.Contains(text, "\nline") { // messages have several lines, answers don't
			t.Errorf("halab %s: a forged line on %s: %q", what, name, text)
		}
	}
}

// hostile is the default lab as somebody else would have it who can write the
// labels of its containers, and what its processes say.
func hostile(t *testing.T) *world {
	w := newWorld(t)
	for i := range w.Project.Containers {
		labels := w.Project.Containers[i].Spec.Labels
		labels[engine.LabelBase], labels[engine.LabelProfile] = evil, evil
		if labels[engine.LabelCluster] == "backend" {
			labels[engine.LabelCluster], labels[engine.LabelVIP] = "backend"+evil, evil+"="+evil
			labels[engine.LabelAddress] = evil
			if labels[engine.LabelNode] == "backend-02" {
				labels[engine.LabelNode] += evil
			}
		}
		w.Project.Containers[i].Spec.Hostname = evil
	}
	w.Engine.Description.Version, w.Engine.Description.Kernel = evil, evil
	w.Engine.Description.Name, w.Engine.Description.DataRoot = evil, "/"+evil
	w.up()
	state := agentapi.State{VRRP: evil, VIPs: []string{evil}, Link: evil, HAProxy: "up", Keepalived: evil, App: evil,
		Servers: map[string]string{evil: evil, "frontend-01": evil},
		Faults:  []agentapi.Fault{{ID: evil, Fault: evil, Words: []string{evil}, Service: evil, Since: time.Now()}}}
	for _, service := range []string{"frontend-01", "frontend-02", "backend-01", "backend-02"} {
		for _, name := range []agentapi.EventName{agentapi.EventVRRP, agentapi.EventVIPAdded, agentapi.EventServers, agentapi.EventError, agentapi.EventName(evil)} {
			line, err := json.Marshal(agentapi.Event{Time: time.Now(), Node: evil, Name: name, From: evil, To: evil, Address: evil, Detail: evil, State: state})
			if err != nil {
				t.Fatal(err)
			}
			w.say(service, time.Now(), string(line))
		}
		w.say(service+"-app", time.Now(), strings.ReplaceAll(evil, "\n", " "))
	}
	w.say("client", time.Now(), strings.ReplaceAll(evil, "\n", " "))
	w.Engine.Hooks.Exec = func(engine.Container, engine.ExecSpec) enginetest.Program {
		return func(_ context.Context, p enginetest.Process) int {
			now := time.Now()
			for i := range 4 {
				r := agentapi.Response{Due: now, Sent: now, Done: now, Status: 200, Body: `{"a":"` + strings.ReplaceAll(evil, "\n", " ") + `"}`, Frontend: evil + fmt.Sprint(i), Backend: evil, Type: evil}
				if i%2 == 1 {
					r.Error, r.Status = evil, 0
				}
				if json.NewEncoder(p.Stdout).Encode(r) != nil {
					return 1
				}
			}
			_, _ = io.WriteString(p.Stderr, evil) // whoever reads it or not
			return 0
		}
	}
	return w
}

// Whatever names, labels, states and lines a lab has, a terminal sees text and
// nothing else; JSON has the same as escapes.
func TestHostileLabIsHarmless(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"status", "status --json", "faults", "faults --json", "logs", "logs --json", "logs client", "logs frontend-01 node",
		"curl", "watch --count 4", "watch --count 4 --all", "watch --count 4 --json", "drill --list", "drill --list --json",
		"doctor", "doctor --json", "version", "version --json", "up --dry-run", "up --dry-run --json",
		"__complete -- fail ", "__complete -- drill ", "__complete -- switch ", "__complete -- shell ",
		"switch frontend", "restore --timeout 1ms", "restore --json --timeout 1ms", "fail frontend-01 app", "fail backend-01 app --json",
		"fail frontend-01 loss 30", "drill frontend/app-kill --repeat 1 --attempts 1",
		"shell nobody" + evil, "fail " + evil, "logs --since " + evil, evil, "--" + evil, "config haproxy " + evil, "drill " + evil, "report " + evil,
		"status --host " + evil, "-f " + evil + " up", "help " + evil, "completion " + evil, "drill --budget " + evil, "up --subnet " + evil,
		"network down", "down",
	} {
		for _, paint := range []bool{false, true} {
			if paint && strings.Contains(command, "json") {
				continue
			}
			args := strings.Split(command, " ")
			if paint {
				args = append([]string{"--color", "always"}, args...)
			}
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				r := hostile(t).runCtx(ctx, args...)
				if command == "curl" {
					r.stdout = "" // no terminal: the body as it is
				}
				harmless(t, strings.Join(args, " "), paint, r)
			})
		}
	}
}

// The body of an answer is the user's to look at as it is, but not on a
// terminal; as JSON it has escapes.
func TestHostileAnswerAsJSON(t *testing.T) {
	t.Parallel()
	harmless(t, "curl --json", false, hostile(t).run("curl", "--json"))
	if got := cleanLines("a\x1b[2J\r\nb\u009b"); got != "a^[[2J\nb\\u009b\n" {
		t.Errorf("a terminal would get %q", got)
	}
}

// Shells put completions on the command line as they are, so a name that would
// do something there is not offered.
func TestHostileNamesAreNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range w.Project.Containers {
		if labels := w.Project.Containers[i].Spec.Labels; labels[engine.LabelNode] == "frontend-02" {
			labels[engine.LabelNode] = "frontend-02;touch$IFS/tmp/x"
		}
	}
	w.up()
	got := w.run("__complete", "--", "fail", "frontend-").stdout
	if !strings.Contains(got, "frontend-01\t") || strings.Contains(got, "touch") {
		t.Errorf("offered: %q", got)
	}
}

// An engine that is somebody else's may say anything when it fails.
func TestHostileEngineIsHarmless(t *testing.T) {
	t.Parallel()
	w := hostile(t)
	w.Engine.Hooks.Before = func(context.Context, enginetest.Call) error { return errors.New(evil) }
	for _, command := range []string{"status", "up --verbose --timeout 10ms", "down", "logs", "restore", "doctor", "doctor --json", "build", "switch frontend", "network up"} {
		harmless(t, command, false, w.run(strings.Split(command, " ")...))
	}
}

// A build's output, and all that happens, is told harmlessly in every detail.
func TestHostileProgressIsHarmless(t *testing.T) {
	t.Parallel()
	for _, detail := range []ui.Detail{ui.Quiet, ui.Normal, ui.Verbose} {
		var out, errs syncBuffer
		p := &program{stdout: &out, stderr: &errs, env: func(string) string { return "" }}
		s := p.offline(&input{settings: settings{Setting: app.Setting{Name: "halab"}, detail: detail}})
		for _, status := range []event.Status{event.Started, event.Progress, event.Done, event.Failed, event.Warn, event.Info} {
			s.tell(event.Event{Time: time.Now(), Phase: evil, Subject: evil, Text: evil, Status: status})
		}
		s.story.end()
		harmless(t, "story", false, result{stdout: out.String(), stderr: errs.String()})
	}
}

// A description may come from somebody else, too.
func TestHostileDescriptionIsHarmless(t *testing.T) {
	t.Parallel()
	text, err := halab.Files.ReadFile("compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	words := `"e\e[2J\x9b\u202e\n"`
	for _, change := range [][2]string{
		{`"${HALAB_PARENT:-halab0}"`, words}, {"name: frontend-00", "name: " + words}, {"    frontend:\n", "    " + words + ":\n"},
		{"        frontend-01:\n", "        " + words + ":\n"}, {"client: client\n", "client: " + words + "\n"},
		{"stop_grace_period: 5s", words + ": 5s"}, {`hostname: client`, "hostname: " + words}, {"image: \"halab/app:", "image: \"\\e[2J/app:"},
		{"          node: frontend-01\n", "          node: frontend-01\n          docker: " + words + "\n"},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("there is no %q", change[0])
		}
		file := filepath.Join(t.TempDir(), "lab.yaml")
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		for _, command := range []string{"config", "up --dry-run"} {
			harmless(t, change[1]+" "+command, false, w.run(append([]string{"-f", file}, strings.Fields(command)...)...))
		}
	}
}

// A saved drill may come from somebody else.
func TestHostileReportIsHarmless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "d.json")
	r := &outage.Result{Schema: outage.Schema, Halab: evil, Lab: evil, Base: evil, Profile: evil, Date: time.Now(),
		Machine:   outage.Machine{Kernel: evil, Engine: evil, System: evil, Cgroup: evil},
		Scenarios: []outage.ScenarioResult{{Name: evil, Description: evil, Cluster: evil}}}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(report.JSON(f, r, report.JSONOptions{Recordings: true}), f.Close()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for _, command := range []string{"report " + file, "report --anatomy " + file, "report --json " + file, "--color always report " + file} {
		got := w.run(strings.Split(command, " ")...)
		if got.code != 0 {
			t.Errorf("halab %s: exit %d, %s", command, got.code, got.stderr)
		}
		harmless(t, command, strings.Contains(command, "always"), got)
	}
}
