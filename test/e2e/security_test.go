package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// capabilityTable reads the one table of docs/security.md: for each part of a
// lab, its capabilities, sorted.
func capabilityTable(t testing.TB) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	_, text2, found := strings.Cut(string(text), "| part | capabilities |")
	if !found {
		t.Fatal("docs/security.md has no table of capabilities")
	}
	for _, line := range lines(text2)[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			break
		}
		var list []string
		for _, c := range strings.Split(cells[2], ",") {
			if c = strings.TrimSpace(c); c != "none" {
				list = append(list, c)
			}
		}
		slices.Sort(list)
		table[strings.TrimSpace(cells[1])] = list
	}
	return table
}

// capabilityBits are the numbers of capabilities (capability.h).
func capabilityBits() map[string]int {
	return map[string]int{
		"KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10, "NET_BROADCAST": 11, "NET_ADMIN": 12, "NET_RAW": 13, "SYS_NICE": 23,
	}
}

// confinement is what the engine says of how a container is kept.
type confinement struct {
	Name       string
	State      struct{ Pid int }
	Config     struct{ Labels map[string]string }
	Mounts     []struct{ Type, Source, Destination string }
	HostConfig struct {
		Privileged, ReadonlyRootfs                                       bool
		CapAdd, CapDrop, SecurityOpt, Binds                              []string
		Devices                                                          []any
		NetworkMode, PidMode, IpcMode, UTSMode, UsernsMode, CgroupnsMode string
	}
}

// Every container has the capabilities of the table and no more, for the engine
// and for the kernel; none is privileged, has the engine's socket, or is in a
// namespace of the host.
func TestContainersAreConfined(t *testing.T) {
	lab := Shared(t)
	table := capabilityTable(t)
	ids := command(t, "docker", "ps", "-q", "--no-trunc", "--filter", "label=halab.lab="+lab.Name)
	var all []confinement
	if err := json.Unmarshal([]byte(command(t, "docker", append([]string{"inspect"}, lines(ids)...)...)), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 17 {
		t.Errorf("%d containers", len(all))
	}
	seen := map[string]bool{}
	for _, c := range all {
		part := c.Config.Labels["halab.service"]
		wanted, known := table[part]
		if !known {
			t.Errorf("%s: docs/security.md does not list %s", c.Name, part)
			continue
		}
		seen[part] = true
		checkEngineSide(t, c, wanted)
		checkKernelSide(t, c, part, wanted)
	}
	for _, part := range []string{"client", "node", "app", "haproxy", "keepalived"} {
		if !seen[part] {
			t.Errorf("no %s was looked at", part)
		}
	}
}

func checkEngineSide(t *testing.T, c confinement, wanted []string) {
	h := c.HostConfig
	var added []string
	for _, a := range h.CapAdd {
		added = append(added, strings.TrimPrefix(a, "CAP_"))
	}
	slices.Sort(added)
	if !slices.Equal(added, wanted) || !slices.Equal(h.CapDrop, []string{"ALL"}) {
		t.Errorf("%s has capabilities %v beyond %v; the table says %v", c.Name, added, h.CapDrop, wanted)
	}
	if h.Privileged || !h.ReadonlyRootfs || len(h.Devices) > 0 || len(h.Binds) > 0 {
		t.Errorf("%s: privileged %t, read-only %t, devices %v, binds %v", c.Name, h.Privileged, h.ReadonlyRootfs, h.Devices, h.Binds)
	}
	if !slices.Equal(h.SecurityOpt, []string{"no-new-privileges:true"}) { // and so the engine's own seccomp profile
		t.Errorf("%s: security options %v", c.Name, h.SecurityOpt)
	}
	for _, mode := range []string{h.NetworkMode, h.PidMode, h.IpcMode, h.UTSMode, h.UsernsMode} {
		if mode == "host" {
			t.Errorf("%s is in a namespace of the host: %+v", c.Name, h)
		}
	}
	for _, m := range c.Mounts {
		if m.Type == "bind" || strings.HasSuffix(m.Source, ".sock") {
			t.Errorf("%s mounts %s", c.Name, m.Source)
		}
	}
}

// checkKernelSide looks at the container's main process.
func checkKernelSide(t *testing.T, c confinement, part string, wanted []string) {
	var mask uint64
	for _, name := range wanted {
		mask |= 1 << capabilityBits()[name]
	}
	status := procStatus(t, c.State.Pid)
	effective := fmt.Sprintf("%016x", mask)
	if part == "app" { // not root: what it has it can't use
		effective = fmt.Sprintf("%016x", 0)
	}
	for field, want := range map[string]string{
		"CapBnd": fmt.Sprintf("%016x", mask), "CapEff": effective, "CapAmb": fmt.Sprintf("%016x", 0), "NoNewPrivs": "1", "Seccomp": "2",
	} {
		if status[field] != want {
			t.Errorf("%s: its process has %s %s, not %s", c.Name, field, status[field], want)
		}
	}
}

// procStatus is /proc/PID/status of this machine.
func procStatus(t testing.TB, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for _, line := range lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

// attack is text that acts on a terminal that shows it as it is.
const attack = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202e"

// harmless fails where a terminal would act on what halab wrote.
func harmless(t *testing.T, r Result) {
	t.Helper()
	for i, c := range r.All() {
		if c != '\n' && c != '\t' && (unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c)) {
			t.Errorf("%U at %d of what halab %v wrote: %q", c, i, r.Args, r.All())
			return
		}
	}
}

// Names, labels and lines of containers that somebody else made reach a
// terminal as text only.
func TestHostileContainersAreHarmless(t *testing.T) {
	lab := Shared(t)
	image := command(t, "docker", "inspect", "--format", "{{.Image}}", lab.container(t, "frontend-01", "node"))
	fake := NewLab("e2e-evil", "10.198.97")
	name := fake.Name + "-x"
	t.Cleanup(func() { fake.Run(t, "down") })
	command(t, "docker", "run", "-d", "--network", "none", "--cap-drop", "ALL", "--name", name, "--label", "halab.lab="+fake.Name,
		"--label", "halab.service=node", "--label", "halab.node=n"+attack, "--label", "halab.cluster=c"+attack,
		"--label", "halab.base="+attack, "--label", "halab.vip=v"+attack+"="+attack, "--label", "halab.address="+attack,
		"--entrypoint", "printf", image, `before\033[2J\033]0;owned\007\r\302\2331m\342\200\256after\n{"event":"vrrp","to":"\\u001b[2J","node":"\\u001b[2J","state":{"vrrp":"\\u001b[2J"}}\n`)
	for _, words := range []string{"status", "status --json", "logs", "logs --json", "faults", "__complete -- fail ", "fail n app", "shell n", "curl", "restore --timeout 10ms"} {
		r := fake.Try(t, strings.Split(words, " ")...)
		harmless(t, r)
		if words == "logs" {
			Says(t, r, "before^[[2J^[]0;owned^G^M", "after")
		}
	}
	file := filepath.Join(t.TempDir(), "lab.yaml")
	text := "x-halab:\n  network: \"" + `\e[2J\x9b` + "\"\n  clusters: {\"" + `\e]0;owned\a` + "\": {}}\nservices: {\"" + `a\e[2J` + "\": {image: x}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := fake.Refuse(t, 1, []string{"lab.yaml:"}, "-f", file, "up")
	harmless(t, r)
}

// A Compose file that would let its containers out is refused before anything
// is made.
func TestHarmfulDescriptionIsRefused(t *testing.T) {
	before := snapshot(t)
	lab := NewLab("e2e-harm", "10.198.97")
	lab.Refuse(t, 1, []string{"SYS_ADMIN", "seccomp=unconfined", "/etc", "pid: host", "network_mode: host", "o: bind", "syslog"},
		"-f", "../../internal/composefile/testdata/bad/harm.yaml", "up")
	SameAs(t, before)
}

// A report never goes through a link.
func TestReportsFollowNoLink(t *testing.T) {
	lab := Shared(t)
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "d.json")
	lab.Run(t, "drill", "--soak", "1s", "--save", saved)
	for _, flag := range []string{"--html", "--junit", "--markdown", "--save"} {
		link := filepath.Join(dir, "link"+flag)
		if err := os.Symlink(secret, link); err != nil {
			t.Fatal(err)
		}
		r := lab.Try(t, "report", saved, flag, link)
		if text, err := os.ReadFile(secret); r.Code != 1 || err != nil || string(text) != "untouched" {
			t.Errorf("%s: exit %d, and the link's goal has %q now\n%s", flag, r.Code, text, r)
		}
		Says(t, r, "symbolic link")
	}
}
