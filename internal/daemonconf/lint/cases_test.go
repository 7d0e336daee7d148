package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/daemonconf"
	"halab/test/golden"
)

func names(t *testing.T, kind string) []string {
	t.Helper()
	list, err := filepath.Glob("testdata/" + kind + "/*.txt")
	if err != nil || len(list) < 5 {
		t.Fatalf("%d fixtures: %v", len(list), err)
	}
	for i, name := range list {
		list[i] = kind + "/" + strings.TrimSuffix(filepath.Base(name), ".txt")
	}
	return list
}

func TestGolden(t *testing.T) {
	for _, name := range names(t, "cases") {
		if !strings.Contains(name, "/28") {
			t.Run(name, func(t *testing.T) {
				golden.File(t, filepath.Join("testdata", name+".golden"), text(report(t, name, "debian12")))
			})
		}
	}
}

// On a sound pair there is no error and no warning, whichever base runs it.
func TestSound(t *testing.T) {
	for _, name := range names(t, "sound") {
		for _, on := range []string{"debian11", "debian12", "debian13", "debiansid"} {
			r := report(t, name, on)
			if r.Count(Error)+r.Count(Warning) > 0 || len(r.Tables) == 0 {
				t.Errorf("%s on %s:\n%s", name, on, text(r))
			}
		}
		golden.File(t, filepath.Join("testdata", name+".golden"), text(report(t, name, "debian12")))
	}
}

func has(r Report, rule string, s Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule == rule && f.Severity == s })
}

// verdict is what lint must say of a case: rule and severity, and what the table
// says of some faults.
type verdict struct {
	rule string
	at   string // where; "" leaves it open
	s    Severity
	rows map[string]string
}

const never, nobody, two, dead = "never: until it is mended", "nobody holds it", "two holders", "nothing answers, even now"

// verdicts are the cases' own figures; they stand here by hand and are not
// written by -update.
func verdicts() map[string]verdict {
	kill := func(words string) map[string]string { return map[string]string{"haproxy-kill": words} }
	both := func(words, crash string) map[string]string {
		return map[string]string{"haproxy-kill": words, "node-crash": crash}
	}
	return map[string]verdict{
		"01a-weight-equal":             {"weight-below-gap", "lb1/keepalived.conf:9:12", Error, both(never, "2.2–3.2 s")},
		"01b-weight-two":               {"weight-below-gap", "lb1/keepalived.conf:9:12", Error, both(never, "2.6–3.6 s")},
		"01c-weight-minus-ten":         {"weight-below-gap", "", Error, kill(never)},
		"01d-two-weights":              {"weight-below-gap", "", Error, kill(never)},
		"02-nopreempt-weight":          {"weight-with-nopreempt", "", Error, kill(never)},
		"03-kubeadm":                   {"slow-check", "lb1/keepalived.conf:10:10", Warning, both("29.6–33.6 s", "2.6–3.6 s")},
		"04a-echo-swallows":            {"check-never-fails", "", Error, kill(never)},
		"04b-echo-inline":              {"check-never-fails", "", Error, kill(never)},
		"04c-exit-zero":                {"check-never-fails", "", Error, kill(never)},
		"05-check-stops-keepalived":    {"check-stops-keepalived", "", Error, kill(nobody)},
		"05b-check-cuts-link":          {"check-stops-keepalived", "", Warning, both("2.6–6.6 s", "2.6–3.6 s")},
		"05c-check-starts-haproxy":     {"check-never-fails", "", Warning, kill("0.0–5.0 s")},
		"06a-no-script-user":           {"script-disabled", "", Error, kill(never)},
		"06b-others-write":             {"script-disabled", "", Error, kill(never)},
		"07-shell-line":                {"shell-without-shell", "lb1/keepalived.conf:7:12", Error, both(nobody, nobody)},
		"08a-not-tracked":              {"script-not-tracked", "", Error, kill(never)},
		"08b-below":                    {"script-below-instance", "", Error, kill(never)},
		"08c-other-name":               {"tracked-undefined", "lb1/keepalived.conf:25:9", Error, kill(never)},
		"08d-nothing":                  {"no-check", "", Error, kill(never)},
		"08e-operators-file":           {"check-asks-elsewhere", "lb1/keepalived.conf:25:9", Warning, both("not known", "2.6–3.6 s")},
		"09a-started-by-notify":        {"started-by-notify", "", Error, both(nobody, nobody)},
		"09b-started-by-notify-weight": {"started-by-notify", "", Error, both(never, "2.6–3.6 s")},
		"10-one-file":                  {"same-priority", "keepalived.conf:15:14", Error, kill("0.6–2.6 s")},
		"11-foreign-source":            {"foreign-source", "", Error, kill(two)},
		"12-empty-peers":               {"unicast-and-multicast", "lb2/keepalived.conf:25:5", Error, kill(two)},
		"13-one-router-id":             {"router-id-shared", "lb1/keepalived.conf:14:23", Error, both(two, two)},
		"14-vip-on-one-node":           {"addresses-differ", "lb1/keepalived.conf:23:9", Error, kill(two)},
		"15a-advert-v2":                {"advert-differs", "", Error, kill(two)},
		"15b-advert-v3":                {"advert-differs", "", Warning, nil},
		"16-crossed-group":             {"sync-group-crossed", "", Error, both("it never stays anywhere", "it never stays anywhere")},
		"17-boot-election":             {"boot-election", "", Info, nil},
		"20-check-too-deep":            {"check-too-deep", "", Warning, nil},
		"22a-bind-on-vip":              {"bind-needs-address", "lb1/haproxy.cfg:9:10", Error, map[string]string{"node-crash": nobody}},
		"22b-one-digit-off":            {"bind-beside-vip", "lb1/haproxy.cfg:9:10", Error, both(dead, dead)},
		"23-idle-connections":          {"idle-timeout", "lb1/haproxy.cfg:4:13", Warning, nil},
		"25-sessions-stay":             {"sessions-stay", "", Warning, nil},
		"26-no-redispatch":             {"no-redispatch", "", Warning, map[string]string{"app-kill": "a part fails for 2.0–4.0 s"}},
		"27-check-overridden":          {"check-overridden", "lb1/haproxy.cfg:14:12", Warning, nil},
		"29-syntax-by-version":         {"syntax-version", "lb1/haproxy.cfg:2:5", Error, both(nobody, nobody)},
	}
}

func TestCases(t *testing.T) {
	for name, want := range verdicts() {
		r := report(t, "cases/"+name, "debian12")
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rule == want.rule && f.Severity == want.s })
		switch {
		case i < 0:
			t.Errorf("%s: no %s %s:\n%s", name, want.s, want.rule, text(r))
		case want.at != "" && r.Findings[i].At.String() != want.at:
			t.Errorf("%s: %s stands at %s, not at %s", name, want.rule, r.Findings[i].At, want.at)
		case r.Findings[i].What == "" || r.Findings[i].Sees == "":
			t.Errorf("%s: the finding says too little", name)
		}
		for _, row := range r.Tables[0].Rows {
			if words, ok := want.rows[row.Fault]; ok && Words(row) != words {
				t.Errorf("%s: %s is forecast as %s (%s), not as %s", name, row.Fault, Words(row), row.Formula, words)
			}
		}
	}
}

// What depends on the version is said for the version that was asked for.
func TestByVersion(t *testing.T) {
	for _, c := range []struct {
		name, on, rule string
		s              Severity
		want           bool
	}{
		{"cases/07-shell-line", "centos7", "shell-without-shell", Error, false},
		{"cases/18-vip-stolen", "centos7", "vip-stolen", Info, true},
		{"cases/18-vip-stolen", "debian12", "vip-stolen", Info, false},
		{"cases/29-syntax-by-version", "centos7", "syntax-version", Error, true}, // track_process
		{"cases/29-syntax-by-version", "debian11", "syntax-version", Error, false},
		{"cases/29-syntax-by-version", "debian13", "syntax-version", Error, true},
		{"cases/15a-advert-v2", "centos7", "advert-differs", Warning, true},
	} {
		if r := report(t, c.name, c.on); has(r, c.rule, c.s) != c.want {
			t.Errorf("%s on %s: %s %v:\n%s", c.name, c.on, c.rule, !c.want, text(r))
		}
	}
}

// Whatever halab itself writes for its nodes is sound.
func TestOwnFiles(t *testing.T) {
	for _, on := range []string{"debian12", "centos7"} {
		for _, profile := range []string{"classic", "fast"} {
			files := fstest.MapFS{}
			for _, node := range []string{"frontend-01", "frontend-02", "backend-01", "backend-02"} {
				for _, file := range []string{"haproxy.cfg", "keepalived.conf"} {
					data, err := os.ReadFile("../../render/testdata/" + on + "-" + profile + "-" + node + "-" + file)
					if err != nil {
						t.Fatal(err)
					}
					files[node+"/"+file] = &fstest.MapFile{Data: data}
				}
			}
			r := Run(load(t, files, on))
			if r.Count(Error)+r.Count(Warning) > 0 || len(r.Tables) != 2 {
				t.Errorf("%s, %s:\n%s", on, profile, text(r))
			}
		}
	}
}

// The pairs that docs/own-config.md begins with say what it says of them.
func TestExamples(t *testing.T) {
	for name, c := range map[string]struct {
		warnings int
		kill     string
	}{"copied": {2, "29.6–33.6 s"}, "sound": {0, "2.6–4.6 s"}} {
		nodes, err := daemonconf.Load([]daemonconf.Place{{Files: os.DirFS("../../../examples/own-config/" + name), Name: "."}}, base(t, "debian12"))
		if err != nil {
			t.Fatal(err)
		}
		r := Run(nodes)
		if r.Count(Error) > 0 || r.Count(Warning) != c.warnings || len(r.Tables) != 1 || Words(r.Tables[0].Rows[0]) != c.kill {
			t.Errorf("%s:\n%s", name, text(r))
		}
	}
}
