package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Machine is what a lab may leave behind on a machine: one line an object.
type Machine []string

// Snapshot lists containers, networks and volumes; interfaces with all that is
// stable of them, addresses, routes of all tables, rules; the packet filter;
// mounts, of which namespaces that nobody lives in are some; and the processes
// of halab, of the engine and inside containers.
func Snapshot() (Machine, error) {
	var m Machine
	var failed []error
	add := func(kind string, list []string, err error) {
		failed = append(failed, err)
		for _, line := range list {
			if line = strings.TrimSpace(line); line != "" {
				m = append(m, kind+" "+line)
			}
		}
	}
	docker := func(kind string, args ...string) {
		out, err := tryCommand("docker", args...)
		add(kind, lines(out), err)
	}
	docker("container", "ps", "-a", "--no-trunc", "--format", `{{.Names}} {{.ID}} {{.State}} {{.Label "halab.lab"}}`)
	docker("volume", "volume", "ls", "--format", `{{.Name}} {{.Driver}} {{.Label "halab.lab"}}`)
	list, err := networks()
	add("network", list, err)
	list, err = interfaces()
	add("interface", list, err)
	list, err = routes()
	add("route", list, err)
	list, err = packetFilter()
	add("packet filter", list, err)
	list, err = mounts()
	add("mount", list, err)
	list, err = processes()
	add("process", list, err)
	if os.Getenv("HALAB_E2E_SHARED") != "" {
		m = slices.DeleteFunc(m, func(line string) bool { return !ours(line) })
	}
	slices.Sort(m)
	return m, errors.Join(failed...)
}

// networks of the engine. Its own bridge gets another ID whenever it starts.
func networks() ([]string, error) {
	out, err := tryCommand("docker", "network", "ls", "--no-trunc", "--format", `{{.Name}} {{.ID}} {{.Driver}} {{.Label "halab.lab"}}`)
	all := lines(out)
	for i, line := range all {
		if strings.HasPrefix(line, "bridge ") {
			all[i] = "bridge"
		}
	}
	return all, err
}

// link is an interface as ip(8) has it, as far as nobody changes it by use.
type link struct {
	Name      string   `json:"ifname"`
	Alias     string   `json:"ifalias"`
	MAC       string   `json:"address"`
	MTU       int      `json:"mtu"`
	Master    string   `json:"master"`
	Below     string   `json:"link"`
	Flags     []string `json:"flags"`
	Qdisc     string   `json:"qdisc"`
	Addresses []struct {
		Local string
		Bits  int `json:"prefixlen"`
	} `json:"addr_info"`
	Info struct {
		Kind string `json:"info_kind"`
	} `json:"linkinfo"`
}

// interfaces of the host. A bridge of the engine has a carrier and an address of
// its own while containers use it.
func interfaces() ([]string, error) {
	var all []link
	err := ipJSON(&all, "-d", "addr", "show")
	var list []string
	for _, l := range all {
		up := slices.Contains(l.Flags, "UP")
		list = append(list, fmt.Sprintf("%s %s kind %s mac %s mtu %d master %s on %s up %v qdisc %s", l.Name, l.Alias, l.Info.Kind, l.MAC, l.MTU, l.Master, l.Below, up, l.Qdisc))
		for _, a := range l.Addresses {
			if l.Info.Kind != "bridge" || !strings.HasPrefix(a.Local, "fe80:") {
				list = append(list, fmt.Sprintf("%s has %s/%d", l.Name, a.Local, a.Bits))
			}
		}
	}
	return list, err
}

// routes of all tables, and the rules that choose among them.
func routes() ([]string, error) {
	var out []string
	var failed []error
	for _, family := range []string{"-4", "-6"} {
		var list []struct {
			Type, Dst, Dev, Gateway, Prefsrc, Protocol string
			Table                                      any
			Metric                                     int
		}
		failed = append(failed, ipJSON(&list, family, "route", "show", "table", "all"))
		for _, r := range list {
			if family == "-6" && r.Dev == "docker0" {
				continue // comes with its first carrier, and stays
			}
			out = append(out, fmt.Sprintf("%s %s %s dev %s src %s table %v metric %d %s", r.Type, r.Dst, r.Gateway, r.Dev, r.Prefsrc, r.Table, r.Metric, r.Protocol))
		}
		rules, err := tryCommand("ip", family, "rule", "show")
		failed = append(failed, err)
		for _, line := range lines(rules) {
			out = append(out, "rule "+family+" "+line)
		}
	}
	return out, errors.Join(failed...)
}

var counters = regexp.MustCompile(`counter packets \d+ bytes \d+|\[\d+:\d+\]|^#.*`)

// packetFilter is the host's rules without their counters; only root sees them.
func packetFilter() ([]string, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	out, err := tryCommand("nft", "list", "ruleset")
	if err != nil {
		if out, err = tryCommand("iptables-save"); err != nil {
			return nil, nil // this machine has no packet filter that could be looked at
		}
	}
	var list []string
	table := ""
	for _, line := range lines(out) {
		line = strings.TrimSpace(counters.ReplaceAllString(line, ""))
		if name, isTable := strings.CutPrefix(line, "table "); isTable {
			table = strings.TrimSuffix(name, " {")
		}
		if line != "" && line != "}" {
			list = append(list, table+": "+line)
		}
	}
	return list, nil
}

// mounts of the host: file systems of containers, volumes in memory, and
// namespaces that are kept by a name.
func mounts() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	var list []string
	for _, line := range lines(string(text)) {
		fields := strings.Fields(line)
		// The engine keeps the host's own namespace from the first time it needs it.
		if at := slices.Index(fields, "-"); at > 4 && len(fields) > at+1 && !strings.HasSuffix(fields[4], "/docker/netns/default") {
			list = append(list, fields[at+1]+" "+fields[4])
		}
	}
	return list, err
}

// inContainer finds the cgroup of a container.
var inContainer = regexp.MustCompile(`[0-9a-f]{64}`)

// processes that labs and engines make, by their command lines.
func processes() ([]string, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	engine, _ := enginePID() // where it is on another machine, none of its processes is here
	var list []string
	for _, dir := range dirs {
		text, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // it may end meanwhile
		args := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		if args[0] == "" {
			continue
		}
		name := filepath.Base(args[0])
		group, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		if name == "halab" || dir == fmt.Sprintf("/proc/%d", engine) || strings.HasPrefix(name, "containerd-shim") || name == "fuse-overlayfs" || name == "docker-proxy" || inContainer.Match(group) {
			list = append(list, strings.Join(args, " "))
		}
	}
	return list, err
}

// Difference says what is here that was not, and the other way round.
func (m Machine) Difference(before Machine) []string {
	var list []string
	count := map[string]int{}
	for _, line := range before {
		count[line]++
	}
	for _, line := range m {
		if count[line]--; count[line] < 0 {
			list = append(list, "left behind: "+line)
		}
	}
	for _, line := range before {
		if count[line] > 0 {
			list = append(list, "gone: "+line)
			count[line]--
		}
	}
	return list
}

// snapshot of the machine now. An IPv6 address that the kernel still looks for
// elsewhere gets its route only afterwards; that is waited for.
func snapshot(t testing.TB) Machine {
	t.Helper()
	Eventually(t, settling, "all addresses settle", func() (bool, string) {
		out, err := tryCommand("ip", "-6", "-o", "addr", "show", "tentative", "-dadfailed")
		return err == nil && out == "", fmt.Sprint(out, err)
	})
	m, err := Snapshot()
	if err != nil {
		t.Fatalf("look at the machine: %v", err)
	}
	return m
}

// LeavesNothing takes a snapshot now, and compares at the end of the test.
func LeavesNothing(t testing.TB) {
	t.Helper()
	before := snapshot(t)
	t.Cleanup(func() { SameAs(t, before) })
}

// settling is how long the kernel and the engine may take to let go of what was
// removed: a shim ends after its container, a waiting end of a fault looks three
// times a second.
const settling = 5 * time.Second

// SameAs fails the test where the machine is not as it was.
func SameAs(t testing.TB, before Machine) {
	t.Helper()
	if diff := settled(before); len(diff) > 0 {
		t.Errorf("the machine is not as it was:\n  %s", strings.Join(diff, "\n  "))
	}
}

// settled waits until the machine is as it was, and says what is not.
func settled(before Machine) []string {
	for end := time.Now().Add(settling); ; time.Sleep(poll) {
		now, err := Snapshot()
		diff := now.Difference(before)
		if err != nil {
			diff = append(diff, err.Error())
		}
		if len(diff) == 0 || time.Now().After(end) {
			return diff
		}
	}
}
