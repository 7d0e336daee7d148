package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A second engine on this machine, in a network namespace that has nothing but a
// loopback interface, and behind a unix socket: what rootless Docker and Docker
// Desktop are to halab. It and all that it runs can be slowed down together.

const (
	engineName   = "e2eo" // the lab on it, and its control group
	enginePrefix = "10.198.97"
	fullPeriod   = 100000 // µs, the kernel's own period of a quota (sched-bwc, cpu.cfs_period_us)
)

// ownEngine is such an engine, which is gone with the test.
type ownEngine struct {
	folder string
	pid    int
	group  string // of processor time; empty: it has none of its own
}

// newEngine starts an engine, in a control group of its own where it is to be
// slowed.
func newEngine(t *testing.T, slowed bool) *ownEngine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED HERE: an engine of its own takes root")
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		t.Skip("NOT TESTED HERE: no dockerd to start: ", err)
	}
	LeavesNothing(t)
	e := &ownEngine{folder: t.TempDir()}
	config := e.path("daemon.json") // not the machine's own
	if err := os.WriteFile(config, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	begin := "ip link set lo up"
	if slowed {
		controllers := cpuControllers(t)
		root := "/sys/fs/cgroup/" + controllers
		e.group = filepath.Join(root, engineName)
		if err := os.Mkdir(e.group, 0o755); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		// halab puts what is urgent at the root of all groups: here, this one's.
		begin += fmt.Sprintf("; umount %s; mount -t cgroup -o %s cgroup %s", root, controllers, root)
	}
	script := e.enter() + "exec unshare --net --mount --cgroup sh -c 'set -e; " + begin + `; exec dockerd "$@"' dockerd "$@"`
	cmd := exec.Command("sh", "-ec", script, "sh", "--config-file", config, "-H", e.host(), "--data-root", e.path("data"),
		"--exec-root", e.path("run"), "--pidfile", e.path("pid"), "--bridge", "none", "--iptables=false", "--ip-masq=false")
	log, err := os.Create(e.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e.pid = cmd.Process.Pid // sh and unshare become dockerd
	t.Cleanup(func() { e.stop(t, cmd); _ = log.Close() })
	Eventually(t, engineStarts, "the engine answers", func() (bool, string) {
		out, err := e.docker("version", "--format", "{{.Server.Version}}")
		return err == nil, out
	})
	return e
}

// cpuControllers names the hierarchy of control groups that gives out processor
// time ("cpu" or "cpu,cpuacct").
func cpuControllers(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines(string(text)) {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) == 3 && slices.Contains(strings.Split(fields[1], ","), "cpu") {
			return fields[1]
		}
	}
	t.Skip("NOT TESTED HERE: control groups of version 2 give a group with processes in it no groups below")
	return ""
}

func (e *ownEngine) path(name string) string { return filepath.Join(e.folder, name) }
func (e *ownEngine) host() string            { return "unix://" + e.path("docker.sock") }

// enter is a shell's command that moves the shell into the engine's control group.
func (e *ownEngine) enter() string {
	if e.group == "" {
		return ""
	}
	return "echo $$ >" + e.group + "/cgroup.procs; "
}

func (e *ownEngine) docker(args ...string) (string, error) {
	return tryCommand("docker", append([]string{"-H", e.host()}, args...)...)
}

// lab is a lab on this engine; halab runs where all other programs of this machine
// do, or, inside, in the engine's namespaces and control group.
func (e *ownEngine) lab(t *testing.T, inside bool) *Lab {
	t.Helper()
	l := NewLab(engineName, enginePrefix, "DOCKER_HOST="+e.host())
	if inside {
		l.Within = []string{"sh", "-ec", e.enter() + `exec nsenter -t "$0" -n -m -C "$@"`, strconv.Itoa(e.pid)}
	}
	e.load(t)
	t.Cleanup(func() {
		e.slow(t, 100)
		l.Run(t, "down")
		e.empty(t)
	})
	l.KeepOnFailure(t)
	return l
}

// load copies halab's images from the machine's engine.
func (e *ownEngine) load(t *testing.T) {
	t.Helper()
	built := decode[struct{ Images map[string]string }](t, NewLab(engineName, enginePrefix).Run(t, "build", "--json"))
	copies := `docker save "$@" | docker -H "$0" load`
	words := []string{"-ec", copies, e.host()}
	for _, ref := range built.Images {
		words = append(words, ref)
	}
	command(t, "sh", words...)
}

// slow gives the engine and all that it runs a share of one core together, in percent; 100
// is no limit.
func (e *ownEngine) slow(t *testing.T, percent int) {
	t.Helper()
	if e.group == "" {
		return
	}
	quota := fullPeriod * percent / 100
	if percent == 100 {
		quota = -1
	}
	for file, value := range map[string]int{"cpu.cfs_period_us": fullPeriod, "cpu.cfs_quota_us": quota} {
		if err := os.WriteFile(filepath.Join(e.group, file), []byte(strconv.Itoa(value)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// throttled says how often the group has used up its share.
func (e *ownEngine) throttled(t *testing.T) (times int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e.group, "cpu.stat"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines(string(text)) {
		if value, found := strings.CutPrefix(line, "nr_throttled "); found {
			if times, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return times
}

// empty fails the test where a lab has left something with the engine or in its
// network namespace.
func (e *ownEngine) empty(t *testing.T) {
	t.Helper()
	for what, args := range map[string][]string{
		"containers": {"ps", "-aq"}, "volumes": {"volume", "ls", "-q"}, "networks": {"network", "ls", "-q", "--filter", "type=custom"},
	} {
		if out, err := e.docker(args...); err != nil || out != "" {
			t.Errorf("%s are left: %s %v", what, out, err)
		}
	}
	var links []struct{ Ifname string }
	out, err := tryCommand("nsenter", "-t", strconv.Itoa(e.pid), "-n", "ip", "-j", "link", "show")
	if err == nil {
		err = json.Unmarshal([]byte(out), &links)
	}
	if err != nil || len(links) != 1 || links[0].Ifname != "lo" {
		t.Errorf("interfaces are left: %s %v", out, err)
	}
}

// stop ends the engine, and with it what it still runs.
func (e *ownEngine) stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	e.slow(t, 100)
	late := time.AfterFunc(engineTime, func() { _ = cmd.Process.Kill() })
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait() // 0, or by the signal
	if !late.Stop() {
		t.Errorf("the engine did not end within %s", engineTime)
	}
	if text, err := os.ReadFile(e.path("log")); err == nil && t.Failed() && os.MkdirAll(artefacts(t), 0o755) == nil {
		_ = os.WriteFile(filepath.Join(artefacts(t), "dockerd.log"), text, 0o600) // best effort: the test has failed already
	}
	if e.group != "" {
		Eventually(t, settling, "the control group is empty", func() (bool, string) {
			_ = os.Remove(filepath.Join(e.group, "docker")) // the engine's own for containers; where it is not empty, neither is this one
			err := os.Remove(e.group)
			return err == nil, fmt.Sprint(err)
		})
	}
}
