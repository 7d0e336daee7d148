package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/ui"
)

// lintFolder writes the files of two nodes; each text may hold PRIORITY and CHECK.
func lintFolder(t *testing.T, weight string) string {
	t.Helper()
	dir := t.TempDir()
	for node, priority := range map[string]string{"lb1": "101", "lb2": "100"} {
		for name, text := range map[string]string{
			"keepalived.conf": "vrrp_script chk {\n\tscript \"/usr/bin/pgrep -x haproxy\"\n" + weight + "}\nvrrp_instance a {\n\tinterface eth0\n\tvirtual_router_id 7\n" +
				"\tpriority " + priority + "\n\tvirtual_ipaddress {\n\t\t192.0.2.10/24\n\t}\n\ttrack_script {\n\t\tchk\n\t}\n}\n",
			"haproxy.cfg": "listen web\n\tbind :80\n\tmode http\n\toption redispatch\n\tserver a 198.51.100.1:80 check\n\tserver b 198.51.100.2:80 check\n",
		} {
			path := filepath.Join(dir, node, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// lintRun runs halab without any engine: lint must not ask for one.
func lintRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &err, env: func(string) string { return "" }}
	return p.main(t.Context(), append([]string{"lint"}, args...)), out.String(), err.String()
}

func TestLintExitCodes(t *testing.T) {
	t.Parallel()
	sound, broken, template := lintFolder(t, ""), lintFolder(t, "\tweight 1\n"), lintFolder(t, "\tinterval ${EVERY}\n")
	binary := lintFolder(t, "\x00")
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{sound}, 0, "no error, no warning, no remark"},
		{[]string{sound + "/lb1", sound + "/lb2"}, 0, "192.0.2.10 on lb1, lb2, held by lb1"},
		{[]string{sound + "/lb1/haproxy.cfg", sound + "/lb1/keepalived.conf", sound + "/lb2/haproxy.cfg", sound + "/lb2/keepalived.conf"}, 0, "on lb1, lb2"},
		{[]string{broken}, 1, "lb1/keepalived.conf:3:9  error  weight-below-gap"},
		{[]string{broken, "--format", "github"}, 1, "::error file="},
		{[]string{broken, "--format", "sarif"}, 1, `"ruleId": "weight-below-gap"`},
		{[]string{"--explain", "weight-below-gap"}, 0, "Equal is not lower"},
		{[]string{sound + "/lb1"}, 0, "not judged: one node alone"},
		{[]string{sound, "--base", "centos7"}, 0, "keepalived 1.3.5, HAProxy 1.5.18"},
		{[]string{sound, "--base", "debian13"}, 0, "keepalived 2.3.3, HAProxy 3.0.11"},
		{[]string{sound, "--base", "debian99"}, 2, "It can be: auto, centos7, debian11, debian12, debian13, debiansid"},
		{[]string{sound, "--keepalived", "2.4.3"}, 0, "keepalived 2.4.3, HAProxy 2.6.12"},
		{[]string{template}, 2, ":3:11: this is a template (${EVERY}); render it first"},
		{[]string{binary}, 2, "it is binary"},
		{[]string{t.TempDir()}, 2, "there is no haproxy.cfg and no keepalived.conf in it"},
		{[]string{sound + "/none"}, 2, "no such file"},
		{nil, 2, "PATH is missing"},
		{[]string{sound, "--format", "xml"}, 2, `--format cannot be "xml"`},
		{[]string{sound, "--haproxy", "new"}, 2, `--haproxy cannot be "new"`},
		{[]string{"--explain", "weight-below-gab"}, 2, "did you mean weight-below-gap?"},
	} {
		code, stdout, stderr := lintRun(t, c.args...)
		if code != c.code || !strings.Contains(stdout+stderr, c.out) {
			t.Errorf("halab lint %q: exit %d, without %q\n%s%s", c.args, code, c.out, stdout, stderr)
		}
	}
}

func TestLintTextFits(t *testing.T) {
	t.Chdir(lintFolder(t, "\tinterval 3\n\tfall 10\n\tweight -2\n"))
	_, stdout, _ := lintRun(t, ".", "-v")
	for line := range strings.Lines(stdout) {
		if ui.Width(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	for _, want := range []string{"lb1/keepalived.conf:4:7  warning  slow-check", "HAProxy dies               29.6–33.6 s", "the node crashes           2.6–3.6 s", "- fall 10", "+ fall 2"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
}

func TestLintJSON(t *testing.T) {
	t.Parallel()
	code, stdout, _ := lintRun(t, lintFolder(t, "\tweight 1\n"), "--json")
	var doc linted
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		t.Fatal(err)
	}
	if code != 1 || len(doc.Findings) != 1 || doc.Findings[0].At.Line != 3 || doc.Tables[0].Rows[0].Outcome != "never" || doc.Versions.Keepalived != "2.2.7" {
		t.Errorf("exit %d: %+v", code, doc)
	}
}

// A link that leads out of the folder is not followed: a pull request must not
// show the lines of other files.
func TestLintStaysInside(t *testing.T) {
	t.Parallel()
	dir := lintFolder(t, "")
	outside := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(outside, []byte("frontend secret-word\n\tdefault_backend nowhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/lb1/haproxy.cfg"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, dir+"/lb1/haproxy.cfg"); err != nil {
		t.Fatal(err)
	}
	if _, stdout, stderr := lintRun(t, dir); strings.Contains(stdout+stderr, "secret-word") {
		t.Errorf("%s%s", stdout, stderr)
	}
}
