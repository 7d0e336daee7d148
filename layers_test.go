package halab_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rows lists the packages from the top of the house to its foundations. A
// package may import lower rows only (docs/architecture.md).
var rows = [][]string{
	{"cmd/halab"},
	{"internal/cli", "internal/web"},
	{"internal/app"},
	{"internal/ui", "internal/report", "internal/preflight", "internal/composefile", "internal/engine/docker", "internal/engine/fleet", "internal/vagrant", "internal/imports"},
	{"internal/drill", "internal/live"},
	{"internal/lab", "internal/fault", "internal/probe", "internal/image", "internal/agent"},
	{"internal/plan", "internal/outage", "internal/standing", "internal/predict", "internal/render", "internal/agentapi", "internal/slice", "internal/daemonconf", "internal/own"},
	{"internal/topology", "internal/base", "internal/event", "internal/effect", "internal/engine", "internal/problem", "internal/crashpoint", "."},
}

// sideways lists the imports within a row that are meant.
var sideways = []string{
	"internal/cli -> internal/web",
	"internal/fault -> internal/lab",
	"internal/agent -> internal/probe",
	"internal/agent -> internal/agent/behind",
	"internal/agent -> internal/agent/command",
	"internal/agent -> internal/agent/fault",
	"internal/agent -> internal/agent/host",
	"internal/agent -> internal/agent/machine",
	"internal/agent -> internal/agent/own",
	"internal/agent/behind -> internal/agent/command",
	"internal/agent/fault -> internal/agent/command",
	"internal/agent/fault -> internal/agent/machine",
	"internal/agent/fault -> internal/agent/own",
	"internal/agent/own -> internal/agent/command",
	"internal/agent/own -> internal/agent/machine",
	"internal/agent/host -> internal/agent/command",
	"internal/agent/host -> internal/agent/fault",
	"internal/agent/host -> internal/agent/machine",
	"internal/outage -> internal/agentapi",
	"internal/standing -> internal/agentapi",
	"internal/predict -> internal/daemonconf/facts",
	"internal/predict -> internal/daemonconf/forecast",
	"internal/predict -> internal/outage",
	"internal/predict -> internal/agentapi",
	"internal/render -> internal/agentapi",
	"internal/report -> internal/ui",
	"internal/topology -> internal/event",
	"internal/topology -> internal/problem",
	// Reading, then facts, then what is known of checks, then figures, then rules.
	"internal/daemonconf/haproxyconf -> internal/daemonconf/source",
	"internal/daemonconf/keepalivedconf -> internal/daemonconf/source",
	"internal/daemonconf/facts -> internal/daemonconf/haproxyconf",
	"internal/daemonconf/facts -> internal/daemonconf/keepalivedconf",
	"internal/daemonconf/facts -> internal/daemonconf/source",
	"internal/daemonconf/inventory -> internal/daemonconf/source",
	"internal/daemonconf/facts -> internal/daemonconf/inventory",
	"internal/daemonconf/named -> internal/daemonconf/facts",
	"internal/daemonconf/named -> internal/daemonconf/haproxyconf",
	"internal/daemonconf/named -> internal/daemonconf/source",
	"internal/daemonconf -> internal/daemonconf/inventory",
	"internal/daemonconf -> internal/daemonconf/named",
	"internal/daemonconf -> internal/daemonconf/facts",
	"internal/daemonconf -> internal/daemonconf/haproxyconf",
	"internal/daemonconf -> internal/daemonconf/keepalivedconf",
	"internal/daemonconf -> internal/daemonconf/source",
	"internal/daemonconf/checks -> internal/daemonconf/facts",
	"internal/daemonconf/forecast -> internal/agentapi",
	"internal/daemonconf/forecast -> internal/daemonconf/checks",
	"internal/daemonconf/forecast -> internal/daemonconf/facts",
	"internal/daemonconf/forecast -> internal/daemonconf/source",
	"internal/daemonconf/adapt -> internal/agentapi",
	"internal/daemonconf/adapt -> internal/daemonconf/facts",
	"internal/daemonconf/adapt -> internal/daemonconf/forecast",
	"internal/daemonconf/adapt -> internal/daemonconf/haproxyconf",
	"internal/daemonconf/adapt -> internal/daemonconf/named",
	"internal/daemonconf/adapt -> internal/daemonconf/source",
	"internal/own -> internal/agentapi",
	"internal/own -> internal/daemonconf",
	"internal/own -> internal/daemonconf/adapt",
	"internal/own -> internal/daemonconf/facts",
	"internal/own -> internal/daemonconf/named",
	"internal/daemonconf/lint -> internal/daemonconf/checks",
	"internal/daemonconf/lint -> internal/daemonconf/facts",
	"internal/daemonconf/lint -> internal/daemonconf/forecast",
	"internal/daemonconf/lint -> internal/daemonconf/haproxyconf",
	"internal/daemonconf/lint -> internal/daemonconf/keepalivedconf",
	"internal/daemonconf/lint -> internal/daemonconf/source",
}

// only lists who alone may import a library.
var only = map[string][]string{
	"github.com/docker/docker":              {"internal/engine/docker"},
	"github.com/docker/cli":                 {"internal/engine/docker"},
	"github.com/compose-spec/compose-go/v2": {"internal/composefile"},
	"github.com/urfave/cli/v2":              {"internal/cli", "internal/web"},
	"github.com/miekg/dns":                  {"internal/agent/behind"},
	"github.com/vishvananda/netlink":        {"internal/agent", "internal/probe"},
}

// pure lists the packages that import nothing but the standard library and our
// own.
var pure = []string{"internal/base", "internal/crashpoint", "internal/effect", "internal/topology", "internal/event", "internal/engine", "internal/agentapi", "internal/plan"}

func TestImportRows(t *testing.T) {
	for _, p := range packages(t) {
		for _, dep := range p.imports {
			if own, ok := strings.CutPrefix(dep, "halab/"); ok {
				checkRow(t, p.name, own)
				continue
			}
			checkLibrary(t, p.name, dep)
		}
	}
}

type goPackage struct {
	name    string
	imports []string
}

// packages lists the module's packages, but for tests and what only tests use.
func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], "halab"), "/")
		if name == "" {
			name = "."
		}
		if strings.HasPrefix(name, "test/") || strings.HasPrefix(name, "internal/engine/enginetest") || name == "internal/agent/agenttest" {
			continue
		}
		list = append(list, goPackage{name, fields[1:]})
	}
	return list
}

func checkRow(t *testing.T, from, to string) {
	t.Helper()
	a, b := row(from), row(to)
	switch {
	case a < 0:
		t.Errorf("%s has no row: give it one here and in docs/architecture.md", from)
	case b < 0:
		t.Errorf("%s imports %s, which has no row", from, to)
	case b < a, b == a && !slices.Contains(sideways, from+" -> "+to):
		t.Errorf("%s (row %d) imports %s (row %d): a package imports lower rows only", from, a+1, to, b+1)
	}
}

// row finds a package's row; a package below another shares its row.
func row(name string) int {
	for {
		for i, list := range rows {
			if slices.Contains(list, name) {
				return i
			}
		}
		cut := strings.LastIndex(name, "/")
		if cut < 0 {
			return -1
		}
		name = name[:cut]
	}
}

func checkLibrary(t *testing.T, from, dep string) {
	t.Helper()
	for library, users := range only {
		if (dep == library || strings.HasPrefix(dep, library+"/")) && !slices.ContainsFunc(users, func(u string) bool {
			return from == u || strings.HasPrefix(from, u+"/")
		}) {
			t.Errorf("%s imports %s, which only %v may", from, dep, users)
		}
	}
	first, _, _ := strings.Cut(dep, "/")
	if slices.Contains(pure, from) && strings.Contains(first, ".") {
		t.Errorf("%s imports %s, but it has the standard library and our own packages only", from, dep)
	}
}
