package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"halab/internal/app"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/test/golden"
)

func TestUpFromNothingAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	r := w.run("up", "--base", "debian12")
	if r.code != 0 || !strings.HasPrefix(r.stdout, "lab halab is up after ") || !strings.Contains(r.stdout, "halab curl   # asks http://192.168.99.10/frontend from inside; the leg") {
		t.Fatalf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if n := len(w.Engine.CallsOf("ImageBuild")); n != 4 {
		t.Errorf("%d images were built, want 4", n)
	}
	all, err := w.Engine.Containers(t.Context(), engine.Filter{engine.LabelLab: "halab"})
	if err != nil || len(all) != 17 {
		t.Fatalf("%d containers (%v)", len(all), err)
	}
	for _, c := range all {
		if c.State != engine.StateRunning || !strings.Contains(c.Image, ":debian12-") {
			t.Errorf("%s is %s and runs from %s, want its exact reference", c.Name, c.State, c.Image)
		}
	}
	w.Engine.Forget()
	r = w.run("up", "--base", "debian12", "--json")
	var again app.UpResult
	if err := json.Unmarshal([]byte(r.stdout), &again); err != nil || r.code != 0 || again.URL != "http://192.168.99.10/frontend" {
		t.Errorf("exit %d, %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	made := w.Engine.CallsOf("ContainerCreate")
	if len(made) != 1 || !strings.Contains(made[0].Target, "helper") || len(w.Engine.CallsOf("ImageBuild")) != 0 {
		t.Errorf("the second up made %v", made)
	}
}

func TestUpDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	r := w.run("up", "--dry-run")
	for _, want := range []string{"build image halab/node:debian12-", "create network halab-lab", "start container halab-frontend-01-haproxy"} {
		if r.code != 0 || !strings.Contains(r.stdout, want) {
			t.Errorf("exit %d, no %q in\n%s%s", r.code, want, r.stdout, r.stderr)
		}
	}
	var p planned
	if err := json.Unmarshal([]byte(w.run("up", "--dry-run", "--json").stdout), &p); err != nil || len(p.Steps) < 40 {
		t.Errorf("%d steps (%v)", len(p.Steps), err)
	}
	for i, s := range p.Steps {
		for _, after := range s.After {
			if after >= i {
				t.Errorf("step %d (%s %s) comes before step %d, which it needs", i, s.Action, s.Subject, after)
			}
		}
	}
	for _, call := range w.Engine.Calls() {
		switch call.Method {
		case "Info", "Images", "ImageInspect", "Containers", "Networks", "Volumes":
		default:
			t.Errorf("a dry run did %s", call)
		}
	}
}

func TestUpRefusesBeforeItMakesAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	other := engine.Network{Name: "vpn", Driver: "bridge", Subnets: []netip.Prefix{netip.MustParsePrefix("192.168.99.0/24")}}
	w.Must(w.Engine.NetworkCreate(t.Context(), other))
	w.Engine.Forget()
	r := w.run("up", "--base", "debian12")
	if r.code != exitFailed || !strings.Contains(r.stderr, "in use by the Docker network vpn") || !strings.Contains(r.stderr, "--subnet") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	for _, method := range []string{"ContainerCreate", "ImageBuild", "NetworkCreate", "VolumeCreate"} {
		if calls := w.Engine.CallsOf(method); len(calls) != 0 {
			t.Errorf("it did %v", calls)
		}
	}
	if r = w.run("up", "--base", "debian12", "--subnet", "192.168.77.0/24"); r.code != 0 || !strings.Contains(r.stdout, "http://192.168.77.10/frontend") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestUpThatFailsOrIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	full := true
	w.Engine.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if full && c.Method == "ContainerStart" && c.Target == "halab-backend-01" {
			return errors.New("no space left on device")
		}
		return nil
	}
	r := w.run("up", "--base", "debian12")
	if r.code != exitFailed || !strings.Contains(r.stderr, "halab: start container halab-backend-01: no space left on device") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	full = false
	ctx, cancel := context.WithCancel(t.Context())
	w.Engine.Hooks.Before = func(_ context.Context, c enginetest.Call) error {
		if c.Method == "ContainerStart" && c.Target == "halab-backend-01" {
			cancel()
		}
		return nil
	}
	r = w.runCtx(ctx, "up", "--base", "debian12")
	if r.code != exitInterrupted || !strings.HasSuffix(r.stderr, "halab: interrupted: what was made stays; halab up goes on from there, halab down removes it\n") {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	w.Engine.Hooks.Before = nil
	if r = w.run("up", "--base", "debian12"); r.code != 0 {
		t.Errorf("the next up does not go on: exit %d\n%s", r.code, r.stderr)
	}
}

func TestBuildAndNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	if r := w.run("network", "down"); r.code != 0 || !strings.Contains(r.stdout, "nothing to remove") {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r := w.run("build", "--base", "debian12", "--json")
	var b app.Built
	if err := json.Unmarshal([]byte(r.stdout), &b); err != nil || b.Base != "debian12" || len(b.Images) != 4 {
		t.Errorf("exit %d, %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	if r = w.run("network", "up", "--base", "debian12"); r.code != 0 || r.stdout != "the parent halab0 is there, the host's leg halab0h has 192.168.99.1; it can't be reached from here: the leg of the engine's host, 192.168.99.1, is on another machine\n" {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r = w.run("network", "down"); r.code != 0 || r.stdout != "removed halab0h, halab0\n" {
		t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestDescriptionFaultsComeFirstAndAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("up", "-f", "testdata/bad.yaml")
	if r.code != exitFailed || !strings.Contains(r.stderr, "testdata/bad.yaml:3: ") || strings.Count(r.stderr, "bad.yaml:") < 2 {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	if calls := w.Engine.Calls(); len(calls) != 0 {
		t.Errorf("the engine was asked before the description was read: %v", calls)
	}
	if r = w.run("doctor", "-f", "testdata/bad.yaml"); r.code != exitFailed || !strings.Contains(r.stdout, "bad.yaml:") {
		t.Errorf("doctor: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden.File(t, "testdata/config.txt", w.run("config", "--base", "debian12").stdout)
	golden.File(t, "testdata/config.json", w.run("config", "--base", "debian12", "--json").stdout)
	for _, daemon := range []string{"haproxy", "keepalived"} {
		r := w.run("config", daemon, "frontend-02", "--base", "centos7", "--profile", "classic")
		if r.code != 0 || !strings.Contains(r.stdout, "of frontend-02 for ") || !strings.Contains(r.stdout, "profile classic") {
			t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
		}
	}
}

// TestBuildEndsOnce holds that an image's build is told to end when it ends: pip,
// too, says "Successfully installed", in the middle of it.
func TestBuildEndsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).buildable()
	w.Engine.Hooks.Build = func(_ engine.BuildSpec, progress func(string)) error {
		for _, line := range []string{"Step 1/2 : FROM base", "Successfully installed gunicorn-20.1.0", "Step 2/2 : USER nobody",
			"Successfully built 0123456789ab", "Successfully tagged halab/app:debian12"} {
			progress(line)
		}
		return nil
	}
	r := w.run("build", "--base", "debian12", "--verbose")
	for _, image := range []string{"node", "app", "haproxy", "keepalived"} {
		begun, ended := strings.Count(r.stderr, "build "+image+": begins"), strings.Count(r.stderr, "build "+image+": done")
		if begun != 1 || ended != 1 || strings.Index(r.stderr, "build "+image+": done") < strings.LastIndex(r.stderr, "build "+image+": Step 2/2") {
			t.Errorf("%s begins %d times and ends %d times, or before its last step:\n%s", image, begun, ended, r.stderr)
		}
	}
}

// TestConfigOfTheNode holds config to what a node has: a file of the user's where
// there is one, and what the node says where it is up.
func TestConfigOfTheNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"own.cfg":             "# mine\n",
		"own/keepalived.conf": "# mine too\n",
		"own.yaml": "services:\n" +
			"  frontend-01-haproxy:\n    volumes: [\"./own.cfg:/etc/halab/haproxy.cfg:ro\"]\n" +
			"  frontend-02-keepalived:\n    volumes: [\"./own:/etc/halab:ro\"]\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile("../../compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lab := filepath.Join(dir, "compose.yaml")
	if err := os.WriteFile(lab, source, 0o644); err != nil {
		t.Fatal(err)
	}
	own := []string{"-f", lab, "-f", filepath.Join(dir, "own.yaml")}
	down, up := newWorld(t), newWorld(t).up()
	for _, c := range []struct {
		w          *world
		args       string
		flags      []string
		text, says string
	}{
		{down, "haproxy frontend-01", own, "# mine\n", "file of its own"},
		{down, "keepalived frontend-02", own, "# mine too\n", "file of its own"},
		{down, "keepalived frontend-01", own, "# keepalived.conf of frontend-01 for", "would be started"},
		{up, "haproxy frontend-01", own, "# haproxy.cfg of frontend-01 for", "was started with"},
		{up, "keepalived backend-02", nil, "# keepalived.conf of backend-02 for", "was started with"},
		{up, "keepalived backend-02 --profile classic", nil, "# keepalived.conf of backend-02 for", "would be started"},
		{up, "keepalived backend-02 --base centos7", nil, "# keepalived.conf of backend-02 for keepalived 1.3.5", "would be started"},
	} {
		r := c.w.run(slices.Concat(c.flags, []string{"config"}, strings.Fields(c.args))...)
		if r.code != 0 || !strings.HasPrefix(r.stdout, c.text) || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit %d\n%s%s", c.args, r.code, r.stdout, r.stderr)
		}
	}
}
