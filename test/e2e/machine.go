package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Machine is what a lab may leave behind on a machine: one line an object.
type Machine []string

// command runs another program of this machine.
func command(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := tryCommand(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryCommand(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// ours says whether an object belongs to this run, for engines that others use
// meanwhile. Other words of a line are IDs, in which anything may stand.
func ours(line string) bool {
	return slices.ContainsFunc(strings.Fields(line), func(word string) bool {
		return strings.HasPrefix(word, "e2e") || strings.HasPrefix(word, "hl-e2e") || strings.HasPrefix(word, "halab.lab=e2e") ||
			strings.HasPrefix(word, "10.198.9")
	})
}

// Snapshot lists containers, networks, volumes, interfaces with addresses, and
// routes.
func Snapshot() (Machine, error) {
	var m Machine
	var failed []error
	add := func(kind string, text string, err error) {
		failed = append(failed, err)
		for _, line := range lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				m = append(m, kind+" "+line)
			}
		}
	}
	docker := func(kind string, args ...string) {
		out, err := tryCommand("docker", args...)
		add(kind, out, err)
	}
	docker("container", "ps", "-a", "--no-trunc", "--format", `{{.Names}} {{.ID}} {{.Label "halab.lab"}}`)
	docker("network", "network", "ls", "--no-trunc", "--format", "{{.Name}} {{.ID}} {{.Driver}}")
	docker("volume", "volume", "ls", "--format", "{{.Name}}")
	out, err := interfaces()
	add("interface", out, err)
	out, err = routes()
	add("route", out, err)
	if os.Getenv("HALAB_E2E_SHARED") != "" {
		m = slices.DeleteFunc(m, func(line string) bool { return !ours(line) })
	}
	slices.Sort(m)
	return m, errors.Join(failed...)
}

// interfaces of the host, each with its alias and IPv4 addresses.
func interfaces() (string, error) {
	var links []struct {
		Name      string `json:"ifname"`
		Alias     string `json:"ifalias"`
		Addresses []struct {
			Local string
			Bits  int `json:"prefixlen"`
		} `json:"addr_info"`
	}
	err := ipJSON(&links, "-4", "-d", "addr", "show")
	var all []struct {
		Name  string `json:"ifname"`
		Alias string `json:"ifalias"`
	}
	err = errors.Join(err, ipJSON(&all, "link", "show"))
	var out strings.Builder
	for _, l := range all {
		fmt.Fprintf(&out, "%s %s\n", l.Name, l.Alias)
	}
	for _, l := range links {
		for _, a := range l.Addresses {
			fmt.Fprintf(&out, "%s has %s/%d\n", l.Name, a.Local, a.Bits)
		}
	}
	return out.String(), err
}

func routes() (string, error) {
	var list []struct{ Type, Dst, Dev, Gateway, Prefsrc, Table string }
	err := ipJSON(&list, "-4", "route", "show", "table", "all")
	var out strings.Builder
	for _, r := range list {
		fmt.Fprintf(&out, "%s %s %s dev %s src %s table %s\n", r.Type, r.Dst, r.Gateway, r.Dev, r.Prefsrc, r.Table)
	}
	return out.String(), err
}

func ipJSON(into any, args ...string) error {
	out, err := tryCommand("ip", append([]string{"-j"}, args...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), into)
}

// Difference says what is here that was not, and the other way round.
func (m Machine) Difference(before Machine) []string {
	var list []string
	for _, line := range m {
		if !slices.Contains(before, line) {
			list = append(list, "left behind: "+line)
		}
	}
	for _, line := range before {
		if !slices.Contains(m, line) {
			list = append(list, "gone: "+line)
		}
	}
	return list
}

func snapshot(t testing.TB) Machine {
	t.Helper()
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

// SameAs fails the test where the machine is not as it was.
func SameAs(t testing.TB, before Machine) {
	t.Helper()
	if diff := snapshot(t).Difference(before); len(diff) > 0 {
		t.Errorf("the machine is not as it was:\n  %s", strings.Join(diff, "\n  "))
	}
}

// container is the ID of one of a lab's containers.
func (l *Lab) container(t testing.TB, node, service string) string {
	t.Helper()
	id := command(t, "docker", "ps", "-aq", "--no-trunc", "--filter", "label=halab.lab="+l.Name,
		"--filter", "label=halab.node="+node, "--filter", "label=halab.service="+service)
	if id == "" || strings.Contains(id, "\n") {
		t.Fatalf("%s of %s should be one container: %q", service, node, id)
	}
	return id
}

// containers maps the names of a lab's containers to their IDs.
func (l *Lab) containers(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range lines(command(t, "docker", "ps", "-a", "--no-trunc", "--filter", "label=halab.lab="+l.Name, "--format", "{{.Names}} {{.ID}}")) {
		if name, id, found := strings.Cut(line, " "); found {
			all[name] = id
		}
	}
	return all
}
