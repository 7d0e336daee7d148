package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/base"
)

// Four containers stand for four hosts: each has an engine of its own, an
// interface by which the engine is reached (eth0) and one on the lab's network
// (eth1). The machine itself has a leg on both networks.

const (
	hostsName    = "e2eh"       // the lab, and what the names of its hosts begin with
	hostsPrefix  = "10.198.96"  // the lab's network
	wayInPrefix  = "10.198.95"  // by which the engines are reached
	hostsBridge  = "hl-e2ehlab" // the machine's own interface on the lab's network
	hostImage    = "e2eh-host"  // what the hosts run from
	hostLabel    = "halab.e2e=host"
	smallDisk    = "48m" // too little for halab's images
	largeDisk    = "1500m"
	engineStarts = 30 * time.Second
)

// hostNodes are the nodes of the lab, with the last number of their addresses.
var hostNodes = []struct {
	name string
	last int
}{{"frontend-01", 11}, {"frontend-02", 12}, {"backend-01", 21}, {"backend-02", 22}}

// hostCaps is all that a host needs for an engine of its own; it is not a
// privileged container.
var hostCaps = []string{
	"SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "NET_BROADCAST", "SYS_NICE",
	"AUDIT_WRITE", "SETFCAP", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE",
}

// hostRig is four hosts, and a folder for what belongs to them.
type hostRig struct {
	t      testing.TB
	folder string
}

func host(node string) string { return hostsName + "-host-" + node }

// newHosts makes four hosts, which are gone with the test.
func newHosts(t *testing.T) *hostRig {
	t.Helper()
	h := &hostRig{t: t, folder: t.TempDir()}
	removeHosts()
	LeavesNothing(t)
	t.Cleanup(func() {
		if t.Failed() {
			h.keepLogs()
		}
		removeHosts()
	})
	h.buildImage()
	for name, prefix := range map[string]string{"lab": hostsPrefix, "way": wayInPrefix} {
		args := []string{"network", "create", "--driver", "bridge", "--subnet", prefix + ".0/24",
			"-o", "com.docker.network.bridge.enable_ip_masquerade=false"}
		if name == "lab" {
			args = append(args, "-o", "com.docker.network.bridge.name="+hostsBridge)
		}
		command(t, "docker", append(args, hostsName+"-"+name)...)
	}
	h.certificates()
	h.keys()
	for _, n := range hostNodes {
		h.create(n.name, n.last)
	}
	for _, n := range hostNodes {
		command(t, "docker", "start", host(n.name))
		// Now, so that it is eth1: before its start an engine puts them into an order of its own.
		command(t, "docker", "network", "connect", "--ip", fmt.Sprintf("%s.%d", hostsPrefix, n.last), hostsName+"-lab", host(n.name))
	}
	for _, n := range hostNodes {
		h.awaitEngine(n.name)
	}
	return h
}

// create makes one host. That of backend-02 has too small a disk at first.
func (h *hostRig) create(node string, last int) {
	disk := largeDisk
	if node == "backend-02" {
		disk = smallDisk
	}
	args := []string{"create", "--name", host(node), "--hostname", node, "--label", hostLabel,
		"--network", hostsName + "-way", "--ip", fmt.Sprintf("%s.%d", wayInPrefix, last),
		"--cap-drop", "ALL", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--security-opt", "systempaths=unconfined", "--cpu-shares", "262144",
		"--tmpfs", "/var/lib/docker:size=" + disk, "--tmpfs", "/run"}
	if command(h.t, "docker", "info", "--format", "{{.CgroupDriver}}") == "cgroupfs" {
		args = append(args, "--cgroup-parent", "/") // where its CPU shares count against all of the machine
	}
	for _, c := range hostCaps {
		args = append(args, "--cap-add", c)
	}
	command(h.t, "docker", append(args, hostImage)...)
	switch node {
	case "backend-01":
		command(h.t, "docker", "cp", h.path("server")+"/.", host(node)+":/etc/docker-tls")
	case "backend-02":
		command(h.t, "docker", "cp", h.path("ssh"), host(node)+":/root/.ssh")
	}
}

func (h *hostRig) path(elements ...string) string {
	return filepath.Join(append([]string{h.folder}, elements...)...)
}

// buildImage builds the hosts' image.
func (h *hostRig) buildImage() {
	command(h.t, "docker", "build", "-q", "--network", "host", "-t", hostImage, "--label", hostLabel, "--build-arg", "BASE="+debianBase(h.t), "host")
}

// debianBase is an image of Debian 12 that is here: the lab's own base, or the
// public image that it stands on.
func debianBase(t testing.TB) string {
	t.Helper()
	of, err := base.Named(base.Debian12)
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, ref := range lines(command(t, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}")) {
		if strings.HasPrefix(ref, "halab/base:"+of.ID) || slices.Contains(of.Public, ref) {
			found = ref
		}
	}
	if found == "" {
		t.Fatal("there is no image of Debian 12 for the hosts: halab build --base debian12 makes one")
	}
	return found
}

// inside runs a command on a host.
func (h *hostRig) inside(node string, words ...string) string {
	h.t.Helper()
	return command(h.t, "docker", append([]string{"exec", host(node)}, words...)...)
}

func (h *hostRig) awaitEngine(node string) {
	h.t.Helper()
	Eventually(h.t, engineStarts, "the engine of "+node+" answers", func() (bool, string) {
		out, err := tryCommand("docker", "exec", host(node), "docker", "version", "--format", "{{.Server.Version}}")
		return err == nil, out
	})
}

// stopEngine ends a host's engine in order, as systemctl stop docker does; the
// host itself goes on.
func (h *hostRig) stopEngine(node string) {
	h.t.Helper()
	h.inside(node, "sh", "-c", "touch /run/engine-off; pid=$(cat /run/engine.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done")
}

func (h *hostRig) startEngine(node string) {
	h.t.Helper()
	h.inside(node, "rm", "/run/engine-off")
	h.awaitEngine(node)
}

// traces lists what a lab could leave on a host, but for images.
func (h *hostRig) traces(node string) []string {
	h.t.Helper()
	looks := []string{
		"ip -4 -o addr show dev eth1 | sed 's/  *valid_lft.*//'", "ip -4 route show dev eth1", "tc qdisc show dev eth1",
		"ip -o link show eth1 | grep -o 'state [A-Z]*\\|alias .*'",
		"docker ps -aq", "docker volume ls -q", "docker network ls --format '{{.Name}}'", "true",
	}
	var all []string
	for _, line := range lines(h.inside(node, "sh", "-c", strings.Join(looks, "; "))) {
		all = append(all, node+": "+strings.TrimSpace(line))
	}
	return all
}

// keepLogs saves what the hosts' engines say.
func (h *hostRig) keepLogs() {
	for _, n := range hostNodes {
		out, err := tryCommand("docker", "logs", host(n.name))
		if err != nil {
			out = err.Error()
		}
		if err := os.MkdirAll(artefacts(h.t), 0o755); err == nil {
			_ = os.WriteFile(filepath.Join(artefacts(h.t), host(n.name)+".log"), []byte(out+"\n"), 0o644) // best effort: the test has failed already
		}
	}
}

// removeHosts removes the hosts and their networks, those of a killed run too.
func removeHosts() {
	for _, n := range hostNodes {
		_, _ = tryCommand("docker", "rm", "-f", "-v", host(n.name)) // what is not there is gone
	}
	for _, name := range []string{"lab", "way"} {
		_, _ = tryCommand("docker", "network", "rm", hostsName+"-"+name)
	}
	if os.Getenv("HALAB_E2E_KEEP") == "" {
		_, _ = tryCommand("docker", "rmi", hostImage)
	}
}
