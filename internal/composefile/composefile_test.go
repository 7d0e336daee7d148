package composefile

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"halab"
	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/topology"
	"halab/test/golden"
)

func load(t *testing.T, o Options) *Project {
	t.Helper()
	o.Embedded = halab.Files
	p, err := Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sparse is a project as JSON without what is empty.
func sparse(t *testing.T, p *Project) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	text, err = json.MarshalIndent(withoutEmpty(v), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			switch inner = withoutEmpty(inner); inner {
			case nil, "", false, 0.0:
				delete(v, k)
			default:
				v[k] = inner
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutEmpty(v[i])
		}
	}
	return v
}

func TestDefaultLab(t *testing.T) {
	t.Parallel()
	golden.File(t, "testdata/default.json", sparse(t, load(t, Options{})))
}

func TestOptionsMoveEverything(t *testing.T) {
	t.Parallel()
	p := load(t, Options{Name: "second", Subnet: "10.1.2.0/24", Profile: "classic", Base: "debian12"})
	golden.File(t, "testdata/moved.json", sparse(t, p))
	text := sparse(t, p)
	for _, old := range []string{"192.168.99", "c0:a8:63", "halab0", "centos7", "fast", `"halab-`} {
		if strings.Contains(text, old) {
			t.Errorf("the moved lab still has %q", old)
		}
	}
}

func TestEnvironmentSetsWhatFlagsDoNot(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HALAB_NAME": "fromenv", "HALAB_PROFILE": "classic", "HALAB_PREFIX": "10.7.7", "HALAB_PARENT": "eth0"}
	p := load(t, Options{Env: env, Profile: "fast"})
	if p.Lab.Name != "fromenv" || p.Lab.Profile != topology.ProfileFast || p.Lab.Network.Parent != "eth0" || p.Lab.Network.Own {
		t.Errorf("lab %q, profile %q, network %+v", p.Lab.Name, p.Lab.Profile, p.Lab.Network)
	}
	if n, _ := p.Lab.Node("backend-02"); n.Address != netip.MustParseAddr("10.7.7.22") || n.MAC != "02:68:0a:07:07:16" {
		t.Errorf("node %+v", n)
	}
	if _, touched := env["COMPOSE_PROJECT_NAME"]; touched || len(env) != 4 {
		t.Errorf("the caller's environment was changed: %v", env)
	}
}

func TestBaseAutoIsNoTag(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HALAB_BASE": "auto"}
	if p := load(t, Options{Env: env}); p.Lab.Base != "centos7" {
		t.Errorf("base %q, want the file's default", p.Lab.Base)
	}
	if p := load(t, Options{Env: env, Base: "debian12"}); p.Lab.Base != "debian12" || p.Containers[0].Spec.Image != "halab/node:debian12" {
		t.Errorf("base %q, image %q", p.Lab.Base, p.Containers[0].Spec.Image)
	}
}

func TestOwnParent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o      Options
		parent string
		own    bool
	}{
		{Options{}, "halab0", true},
		{Options{Name: "halab"}, "halab0", true},
		{Options{Name: "two"}, "hl-two", true},
		{Options{Name: "two", Parent: "eth1"}, "eth1", false},
	} {
		p := load(t, tt.o)
		if p.Lab.Network.Parent != tt.parent || p.Lab.Network.Own != tt.own {
			t.Errorf("%+v: parent %q, own %t; want %q, %t", tt.o, p.Lab.Network.Parent, p.Lab.Network.Own, tt.parent, tt.own)
		}
	}
}

// The built-in description is not held against the schema each time; this test
// does it once.
func TestBuiltInDescriptionHasNoProblems(t *testing.T) {
	t.Parallel()
	p, err := Load(t.Context(), Options{Files: []string{"../../compose/compose.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Warnings) > 0 {
		t.Errorf("warnings: %v", p.Warnings)
	}
	if got, want := sparse(t, p), sparse(t, load(t, Options{})); got != want {
		t.Error("the file read with -f makes another lab than the same file built in")
	}
}

func TestSubnetThatCannotMove(t *testing.T) {
	t.Parallel()
	for _, subnet := range []string{"10.1.2.0/16", "10.1.2.5/24", "fd00::/24", "nonsense"} {
		_, err := Load(t.Context(), Options{Embedded: halab.Files, Subnet: subnet})
		if err == nil || !strings.Contains(err.Error(), "--subnet: "+`"`+subnet) {
			t.Errorf("subnet %q: %v", subnet, err)
		}
	}
}

// Every bad file has its problems beside it, all of them, line by line.
func TestProblems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Load(t.Context(), Options{Files: []string{file}, Env: map[string]string{"SET": "yes"}})
			var all problem.List
			if !errors.As(err, &all) {
				t.Fatalf("error %v, want a problem.List", err)
			}
			for _, f := range all {
				if f.Why == "" || len(f.Cures) == 0 {
					t.Errorf("problem without reason or cure: %s", f)
				}
			}
			golden.File(t, filepath.Join("testdata", "bad", strings.TrimSuffix(filepath.Base(file), ".yaml")+".txt"), problem.Of(err).Text()+"\n")
		})
	}
}

func TestMissingFiles(t *testing.T) {
	t.Parallel()
	_, err := Load(t.Context(), Options{Files: []string{"testdata/nowhere.yaml", "testdata/neither.yaml"}})
	var all problem.List
	if !errors.As(err, &all) || len(all) != 2 {
		t.Fatalf("error %v", err)
	}
	if want := "testdata/neither.yaml: the file can't be read: no such file or directory"; !strings.HasPrefix(all[0].Error(), want) {
		t.Errorf("problem %q, want %q", all[0], want)
	}
}

func TestFlagsAgainstWrittenOutFile(t *testing.T) {
	t.Parallel()
	file := "testdata/written-out.yaml"
	if p, err := Load(t.Context(), Options{Files: []string{file}}); err != nil {
		t.Fatal(err)
	} else if p.Lab.Name != "classroom" || p.Lab.Profile != topology.ProfileClassic || p.Lab.Base != "debian12" || p.Lab.Network.Own {
		t.Errorf("lab %+v", p.Lab)
	}
	_, err := Load(t.Context(), Options{Files: []string{file}, Name: "other", Subnet: "10.8.8.0/24", Parent: "eth9", Profile: "fast", Base: "centos7"})
	if err == nil {
		t.Fatal("flags that the file can't follow were taken")
	}
	golden.File(t, "testdata/written-out.txt", problem.Of(err).Text()+"\n")
}

func TestOverride(t *testing.T) {
	t.Parallel()
	p, err := Load(t.Context(), Options{Files: []string{"../../compose/compose.yaml", "testdata/override.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/override.txt", warnings(p))
	if c, _ := p.Lab.Cluster("frontend"); c.VIP.Address != netip.MustParseAddr("192.168.99.100") || c.VIP.RouterID != 77 {
		t.Errorf("VIP %+v", c.VIP)
	}
	for _, c := range p.Containers {
		switch c.Service {
		case "frontend-01-haproxy":
			if len(c.Spec.Mounts) != 2 || c.Spec.Mounts[1].Type != "bind" || !filepath.IsAbs(c.Spec.Mounts[1].Source) {
				t.Errorf("mounts %+v", c.Spec.Mounts)
			}
		case "sniffer":
			if c.Spec.Labels[engine.LabelLab] != "halab" || c.Spec.Labels[engine.LabelService] != "extra" || c.Spec.NetworkMode != "container:halab-client" {
				t.Errorf("sniffer %+v", c.Spec)
			}
		}
	}
	// A problem in the second file has that file's name.
	_, err = Load(t.Context(), Options{Files: []string{"testdata/written-out.yaml", "testdata/override-bad.yaml"}})
	if err == nil {
		t.Fatal("no problem")
	}
	golden.File(t, "testdata/override-bad.txt", problem.Of(err).Text()+"\n")
}

func warnings(p *Project) string {
	var b strings.Builder
	for _, w := range p.Warnings {
		b.WriteString(w.Line() + "\n")
	}
	return b.String()
}

func TestHosts(t *testing.T) {
	t.Parallel()
	p, err := Load(t.Context(), Options{Files: []string{"testdata/hosts.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := p.Lab.Node("a-01")
	if n.Endpoint != "ssh://root@10.3.3.11" || n.Interface != "eth1" || n.Address != netip.MustParseAddr("10.3.3.11") {
		t.Errorf("node %+v", n)
	}
	for _, c := range p.Containers {
		if c.Service == "a-01-keepalived" && (c.Endpoint != n.Endpoint || c.Spec.NetworkMode != "host" || !strings.Contains(strings.Join(c.Spec.Env, " "), "HALAB_INTERFACE=eth1")) {
			t.Errorf("container %+v", c)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = Load(ctx, Options{Embedded: halab.Files})
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("Load goes on although its context is done")
	}
}

func TestComposeTakesTheFile(t *testing.T) {
	t.Parallel()
	commands := [][]string{{"docker-compose"}, {"docker", "compose"}}
	tried := 0
	for _, c := range commands {
		if exec.Command(c[0], append(c[1:], "version")...).Run() != nil {
			continue
		}
		tried++
		cmd := exec.Command(c[0], append(c[1:], "-f", "../../compose/compose.yaml", "config", "-q")...)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
		}
	}
	if tried == 0 {
		t.Skip("neither docker-compose nor docker compose is here")
	}
}

func BenchmarkLoadBuiltIn(b *testing.B) {
	for b.Loop() {
		if _, err := Load(b.Context(), Options{Embedded: halab.Files}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadFile(b *testing.B) {
	for b.Loop() {
		if _, err := Load(b.Context(), Options{Files: []string{"../../compose/compose.yaml"}}); err != nil {
			b.Fatal(err)
		}
	}
}
