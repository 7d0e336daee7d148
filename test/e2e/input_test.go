package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Wrong words on the command line: exit code 2, what was meant, and how to say
// it.
func TestWrongUsage(t *testing.T) {
	lab := Shared(t)
	for _, c := range []struct {
		args, says string
	}{
		{"fail frontend-03 haproxy", "did you mean"},
		{"fail fronted haproxy", "did you mean"},
		{"fail frontend-01 haprxy", "haproxy"},
		{"fail frontend-01 haproxy --how klil", "kill"},
		{"fail frontend-01", "SERVICE"},
		{"switch frontend frontend-01 now", "one word too many"},
		{"stauts", "status"},
		{"status --jsn", "--json"},
		{"switch frontend backend-01", "backend-01"},
		{"shell frontend-09", "did you mean"},
		{"config haproxi frontend-01", "haproxy"},
		{"completion tcsh", "zsh"},
		{"network sideways", "down"},
		{"up --subnet 192.168.77.0/33", "subnet"},
		{"up --profile quick", "fast"},
		{"up --base debian10", "debian12"},
		{"logs --since yesterday", "since"},
	} {
		t.Run(c.args, func(t *testing.T) {
			lab.Refuse(t, 2, []string{c.says}, strings.Fields(c.args)...)
		})
	}
}

// Flags may stand before or after the arguments.
func TestFlagsStandAnywhere(t *testing.T) {
	lab := Shared(t)
	for _, args := range []string{
		"--json config haproxy frontend-01 --color never", "config --json haproxy frontend-01", "config haproxy frontend-01 --json",
	} {
		decode[any](t, lab.Run(t, strings.Fields(args)...))
	}
}

// Without an engine each command says how to get one.
func TestNoEngine(t *testing.T) {
	lab := NewLab(spareName, sparePrefix, "DOCKER_HOST=unix:///nonexistent/docker.sock")
	for _, args := range []string{"up", "down", "status", "fail frontend-01 app", "restore", "logs", "curl", "watch", "build"} {
		lab.Refuse(t, 1, []string{"/nonexistent/docker.sock", "docker"}, strings.Fields(args)...)
	}
	lab.Run(t, "version") // works without an engine
}

// An engine that is too old is told apart from one that is not there.
func TestEngineTooOld(t *testing.T) {
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.30")
		w.Header().Set("Docker-Experimental", "false")
		fmt.Fprint(w, "OK")
	}))
	defer old.Close()
	lab := NewLab(spareName, sparePrefix, "DOCKER_HOST="+strings.Replace(old.URL, "http", "tcp", 1))
	lab.Refuse(t, 1, []string{"1.30", "1.41"}, "status")
}

// A user who may not use the engine learns how to become one who may.
func TestNoPermission(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming somebody else needs root")
	}
	copied := filepath.Join(t.TempDir(), "halab")
	command(t, "cp", binary(), copied)
	for dir := filepath.Dir(copied); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		command(t, "chmod", "a+rx", dir)
	}
	cmd := exec.Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", copied, "status")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "permission") || !strings.Contains(string(out), "docker") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A subnet that another network has is refused before anything is made.
func TestSubnetTakenByANetwork(t *testing.T) {
	lab := Spare(t)
	name := lab.Name + "-other"
	command(t, "docker", "network", "create", "--internal", "--subnet", lab.Prefix+".0/25", name)
	t.Cleanup(func() { command(t, "docker", "network", "rm", name) })
	before := snapshot(t)
	lab.Refuse(t, 1, []string{lab.Prefix, name, "--subnet"}, "up")
	SameAs(t, before)
	if r := lab.Try(t, "doctor"); r.Code != 1 || !strings.Contains(r.All(), name) {
		t.Errorf("doctor does not see it:\n%s", r)
	}
}

// So is one that the host is on already.
func TestSubnetTakenByTheHost(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making an interface needs root")
	}
	lab := Spare(t)
	link := lab.Name + "x"
	command(t, "ip", "link", "add", link, "type", "veth", "peer", "name", link+"p")
	t.Cleanup(func() { command(t, "ip", "link", "del", link) })
	command(t, "ip", "address", "add", lab.Prefix+".77/24", "dev", link)
	command(t, "ip", "link", "set", link, "up")
	before := snapshot(t)
	lab.Refuse(t, 1, []string{lab.Prefix, link, "--subnet"}, "up")
	SameAs(t, before)
}

func TestParentThatIsNotThere(t *testing.T) {
	lab := Spare(t)
	before := snapshot(t)
	lab.Refuse(t, 1, []string{"e2eth9"}, "up", "--parent", "e2eth9")
	SameAs(t, before)
}

// Two labs on one subnet are one too many.
func TestSubnetTakenByAnotherLab(t *testing.T) {
	first := Shared(t)
	before := snapshot(t)
	NewLab(spareName, first.Prefix).Refuse(t, 1, []string{first.Prefix, first.Name}, "up")
	SameAs(t, before)
}

func TestComposeFileThatIsNotThere(t *testing.T) {
	NewLab(spareName, sparePrefix).Refuse(t, 1, []string{"/nonexistent/lab.yaml"}, "-f", "/nonexistent/lab.yaml", "up")
}

// All faults of a Compose file come at once, each with its line.
func TestBrokenComposeFile(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "compose", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		changes [][2]string // old, new
		says    []string
	}{
		{"not YAML", [][2]string{{"services:\n", "services: [\n"}}, nil},
		{"an unknown field of x-halab", [][2]string{{"  client: client\n", "  clint: client\n"}}, []string{"clint"}},
		{"an unknown field of Compose", [][2]string{{"    hostname: client\n", "    hostnam: client\n"}}, []string{"hostnam"}},
		{"a VIP outside the subnet", [][2]string{{`address: "${HALAB_PREFIX:-192.168.99}.20"`, `address: "10.1.2.3"`}}, []string{"10.1.2.3", "backend-00"}},
		{"two nodes with one address", [][2]string{{`{ipv4_address: "${HALAB_PREFIX:-192.168.99}.12"}`, `{ipv4_address: "${HALAB_PREFIX:-192.168.99}.11"}`}}, []string{"frontend-01", "frontend-02"}},
		{"a service that is not there", [][2]string{{"app: frontend-01-app\n", "app: frontend-09-app\n"}}, []string{"frontend-09-app"}},
		{"two faults at once", [][2]string{
			{`address: "${HALAB_PREFIX:-192.168.99}.20"`, `address: "10.1.2.3"`},
			{"router_id: 10\n", "router_id: 300\n"},
		}, []string{"10.1.2.3", "300"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := string(source)
			var at []string
			for _, change := range c.changes {
				before, _, found := strings.Cut(text, change[0])
				if !found {
					t.Fatalf("the Compose file has no %q any more", change[0])
				}
				at = append(at, fmt.Sprintf(":%d", 1+strings.Count(before, "\n")))
				text = strings.Replace(text, change[0], change[1], 1)
			}
			file := filepath.Join(t.TempDir(), "lab.yaml")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			r := NewLab(spareName, sparePrefix).Refuse(t, 1, append(c.says, "lab.yaml"), "-f", file, "up")
			if c.says != nil && !strings.Contains(r.Stderr, at[0]) {
				t.Logf("the first fault is at line%s:\n%s", at[0], r)
			}
			if !strings.Contains(r.Stderr, "lab.yaml:") {
				t.Errorf("no line number:\n%s", r)
			}
		})
	}
}

// A cluster with no nodes is no cluster.
func TestComposeFileWithAnEmptyCluster(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lab.yaml")
	const more = "x-halab:\n  clusters:\n    empty:\n      vip: {name: empty-00, address: 192.168.99.30, router_id: 30}\n      nodes: {}\n"
	if err := os.WriteFile(file, []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join("..", "..", "compose", "compose.yaml")
	NewLab(spareName, sparePrefix).Refuse(t, 1, []string{"empty", "no nodes"}, "-f", whole, "-f", file, "up")
}
