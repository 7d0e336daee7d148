package halab_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"halab"
	"halab/internal/composefile"
	"halab/internal/engine"
)

// capabilityTable reads the table of docs/security.md: part -> capabilities,
// sorted.
func capabilityTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "| part | capabilities | for |\n|---|---|---|\n")
	if !found {
		t.Fatal("docs/security.md has no table of capabilities")
	}
	table := map[string][]string{}
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			break
		}
		var list []string
		for word := range strings.SplitSeq(cells[2], ",") {
			if word = strings.TrimSpace(word); word != "none" {
				list = append(list, word)
			}
		}
		slices.Sort(list)
		table[strings.TrimSpace(cells[1])] = list
	}
	return table
}

// The lab's own description gives each part what the table says, and keeps all
// of them as docs/security.md says.
func TestDescriptionHasTheTablesCapabilities(t *testing.T) {
	table := capabilityTable(t)
	project, err := composefile.Load(t.Context(), composefile.Options{Embedded: halab.Files})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range project.Containers {
		part := c.Spec.Labels[engine.LabelService]
		seen[part] = true
		wanted, known := table[part]
		if got := slices.Sorted(slices.Values(c.Spec.CapAdd)); !known || !slices.Equal(got, wanted) {
			t.Errorf("%s has %v; docs/security.md says %v", c.Service, got, wanted)
		}
		if !slices.Equal(c.Spec.CapDrop, []string{"ALL"}) || !slices.Equal(c.Spec.SecurityOpt, []string{"no-new-privileges:true"}) || !c.Spec.ReadOnly {
			t.Errorf("%s is not confined: %+v", c.Service, c.Spec)
		}
		for _, m := range c.Spec.Mounts {
			if m.Type == "bind" {
				t.Errorf("%s mounts %s", c.Service, m.Source)
			}
		}
	}
	for part := range table {
		if !seen[part] {
			t.Errorf("docs/security.md lists %s, which the lab has not", part)
		}
	}
	for _, n := range project.Networks {
		if !n.Internal {
			t.Errorf("network %s is not internal", n.Name)
		}
	}
}

// listed are the modules in the first column of docs/dependencies.md.
func listed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		list = append(list, m[1])
	}
	slices.Sort(list)
	return list
}

// direct are the modules that go.mod requires, and the tools of the others.
func direct(t *testing.T) []string {
	t.Helper()
	var list []string
	for file, pattern := range map[string]string{
		"go.mod":               `(?m)^\t(\S+) v\S+$`,
		"tools/go.mod":         `(?m)^\t(\S+/cmd/\S+)$`,
		"tools/compose/go.mod": `(?m)^tool (\S+)$`,
		"tools/vegeta/go.mod":  `(?m)^tool (\S+)$`,
		"tools/release/go.mod": `(?m)^\t(\S+) v\S+$`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s names no module", file)
		}
		for _, m := range found {
			list = append(list, m[1])
		}
	}
	slices.Sort(list)
	return list
}

// docs/dependencies.md says why each direct dependency is there, and lists none
// that is not.
func TestDependenciesAreExplained(t *testing.T) {
	have, want := listed(t), direct(t)
	if !slices.Equal(have, want) {
		t.Errorf("docs/dependencies.md lists\n  %s\ngo.mod and the tools have\n  %s", strings.Join(have, "\n  "), strings.Join(want, "\n  "))
	}
}

// Every module of each list is pinned by its checksum.
func TestDependenciesArePinned(t *testing.T) {
	for _, folder := range []string{".", "tools", "tools/compose", "tools/vegeta", "tools/release"} {
		sums, err := os.ReadFile(folder + "/go.sum")
		if err != nil || len(sums) == 0 {
			t.Errorf("%s/go.sum: %v", folder, err)
		}
		text, err := os.ReadFile(folder + "/go.mod")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nreplace ") || strings.Contains(string(text), "=> ") {
			t.Errorf("%s/go.mod replaces a module", folder)
		}
		for _, m := range regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(sums), m[1]+" "+m[2]+" h1:") && !strings.Contains(string(sums), m[1]+" "+m[2]+"/go.mod h1:") {
				t.Errorf("%s: %s %s has no checksum", folder, m[1], m[2])
			}
		}
	}
}
