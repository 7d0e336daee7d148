package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// A node is one machine: all its processes are seen from its shell, under its
// own name, and nobody else's.
func TestShell(t *testing.T) {
	lab := Shared(t)
	r := lab.Run(t, "shell", "frontend-01", "--", "ps", "-e", "-o", "args")
	Says(t, r, "haproxy", "keepalived", "gunicorn", "halab agent node")
	if got := strings.TrimSpace(lab.Run(t, "shell", "backend-00", "--", "hostname").Stdout); got != lab.HolderOf(t, "backend") {
		t.Errorf("the VIP's name is a shell on %q", got)
	}
	if r := lab.Try(t, "shell", "frontend-01", "--", "sh", "-c", "exit 7"); r.Code != 7 {
		t.Errorf("the command's exit code is passed on, and was 7:\n%s", r)
	}
	if r := lab.Try(t, "shell", "frontend-02", "--", "sh", "-c", "echo out; echo err >&2"); r.Stdout != "out\n" || r.Stderr != "err\n" {
		t.Errorf("streams are kept apart:\n%q\n%q", r.Stdout, r.Stderr)
	}
	for _, tool := range []string{"ip", "ss", "tcpdump", "curl"} {
		if r := lab.Try(t, "shell", "frontend-01", "--", "sh", "-c", "command -v "+tool); r.Code != 0 {
			t.Errorf("no %s on a node", tool)
		}
	}
	if r := lab.Try(t, "shell", "frontend"); r.Code != 2 {
		t.Errorf("a shell on two machines:\n%s", r)
	}
}

// Every node resolves every name of the lab.
func TestNodesResolveAllNames(t *testing.T) {
	lab := Shared(t)
	names := map[string]int{"client": 2, "frontend-00": 10, "frontend-01": 11, "frontend-02": 12, "backend-00": 20, "backend-01": 21, "backend-02": 22}
	for _, node := range []string{"frontend-01", "backend-02", "client"} {
		for name, last := range names {
			r := lab.Run(t, "shell", node, "--", "getent", "ahostsv4", name)
			if !strings.HasPrefix(r.Stdout, lab.Address(last)+" ") {
				t.Errorf("%s on %s is %q", name, node, r.Stdout)
			}
		}
	}
}

// No container has more than it needs.
func TestContainersArePoor(t *testing.T) {
	lab := Shared(t)
	format := "{{.Name}} {{.HostConfig.Privileged}} {{.HostConfig.CapDrop}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.SecurityOpt}}"
	for name, id := range lab.containers(t) {
		got := command(t, "docker", "inspect", "--format", format, id)
		if !regexp.MustCompile(` false \[ALL\] true \[no-new-privileges(:true)?\]$`).MatchString(got) {
			t.Errorf("%s: privileged, dropped, read-only, security: %s", name, got)
		}
	}
	if out := lab.Try(t, "shell", "frontend-01", "--", "ip", "route").Stdout; strings.Contains(out, "default") {
		t.Errorf("a node has a way out of the lab:\n%s", out)
	}
}

// The file a node would get, by the description alone, is the file that it has.
func TestConfig(t *testing.T) {
	lab := Shared(t)
	alone := NewLab(lab.Name, lab.Prefix, "DOCKER_HOST=unix:///nonexistent/docker.sock", "HALAB_BASE="+lab.Status(t).Base)
	for _, node := range []string{"frontend-01", "backend-02"} {
		for daemon, path := range map[string]string{"haproxy": "/run/halab/haproxy.cfg", "keepalived": "/run/halab/keepalived.conf"} {
			told := lab.Run(t, "config", daemon, node).Stdout
			has := lab.Run(t, "shell", node, "--", "cat", path).Stdout
			gets := alone.Run(t, "config", daemon, node).Stdout
			if told != has || gets != has || len(told) < 200 {
				t.Errorf("%s of %s: told\n%s\nand by the description alone\n%s\nbut it has\n%s", daemon, node, told, gets, has)
			}
		}
	}
	Says(t, lab.Run(t, "config"), "frontend-00", lab.frontendVIP(), "backend-02", lab.Address(22))
	decode[map[string]any](t, lab.Run(t, "config", "--json"))
}

// A busy machine is no reason for the VIP to move: neither other containers nor
// processes of the host. A machine that stands still as a whole for some
// milliseconds is one, so a quiet try of three will do; without precautions
// there is none. (How long it holds is a soak's matter.)
func TestNoFalseFailover(t *testing.T) {
	lab := Shared(t)
	const busy = "for i in $(seq 8); do timeout 4 sh -c 'while :; do :; done' & done; wait"
	image := command(t, "docker", "inspect", "--format", "{{.Image}}", lab.container(t, "frontend-01", "node"))
	container := lab.Name + "-busy"
	command(t, "docker", "create", "--name", container, "--network", "none", "--entrypoint", "sh", image, "-c", busy)
	t.Cleanup(func() { command(t, "docker", "rm", "-f", container) })
	var moves []string
	for range 3 {
		mark := time.Now().UTC().Format(time.RFC3339Nano)
		command(t, "sh", "-c", busy)
		command(t, "docker", "start", "-a", container)
		moves = nil
		for _, l := range logLines(t, lab.Run(t, "logs", "--json", "--since", mark).Stdout) {
			if strings.Contains(l.Text, "VRRP") || strings.HasPrefix(l.Text, "VIP ") {
				moves = append(moves, l.Time.Format("15:04:05.000 ")+l.Node+" "+l.Text)
			}
		}
		if len(moves) == 0 {
			return
		}
	}
	t.Errorf("moved on a busy machine, three times in a row; at last:\n%s", strings.Join(moves, "\n"))
}
