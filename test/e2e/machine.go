package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

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

func ipJSON(into any, args ...string) error {
	out, err := tryCommand("ip", append([]string{"-j"}, args...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), into)
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
