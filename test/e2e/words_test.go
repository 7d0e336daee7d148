package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVersion(t *testing.T) {
	lab := Shared(t)
	Says(t, lab.Run(t, "version"), "halab", "go1.", "API")
	v := decode[map[string]any](t, lab.Run(t, "version", "--json"))
	if v["halab"] == "" || v["engine"] == nil {
		t.Errorf("version %v", v)
	}
}

func TestDoctorOfAHealthyMachine(t *testing.T) {
	lab := Shared(t)
	Says(t, lab.Run(t, "doctor"), "engine")
	decode[map[string]any](t, lab.Run(t, "doctor", "--json"))
}

// What is built already is not built again.
func TestBuildAgain(t *testing.T) {
	lab := Shared(t)
	lab.Run(t, "build")
	before := decode[map[string]any](t, lab.Run(t, "build", "--json"))
	r := lab.Run(t, "build")
	if r.Took > 5*time.Second || strings.Contains(r.Stderr, "Step") {
		t.Errorf("something was built again:\n%s", r)
	}
	for name, ref := range before["images"].(map[string]any) {
		if out, err := tryCommand("docker", "image", "inspect", "--format", "{{.Id}}", ref.(string)); err != nil {
			t.Errorf("image %s: %v\n%s", name, err, out)
		}
	}
}

// Each shell takes its completion script, and the words are those of the lab.
func TestCompletion(t *testing.T) {
	lab := Shared(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := lab.Run(t, "completion", shell).Stdout
		if path, err := exec.LookPath(shell); err == nil {
			check := exec.Command(path, "-n")
			check.Stdin = strings.NewReader(script)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s does not take it: %v\n%s", shell, err, out)
			}
		}
	}
	candidates := func(words ...string) []string {
		var first []string
		for _, line := range lines(lab.Run(t, append([]string{"__complete", "--"}, words...)...).Stdout) {
			word, _, _ := strings.Cut(line, "\t")
			first = append(first, strings.TrimSpace(word))
		}
		return first
	}
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"fa"}, "fail"},
		{[]string{"fail", "fro"}, "frontend-02"},
		{[]string{"fail", "frontend-00", ""}, "keepalived"},
		{[]string{"fail", "frontend-00", "app", "--how", ""}, "hang"},
		{[]string{"switch", "b"}, "backend"},
	} {
		if got := candidates(c.words...); !slices.Contains(got, c.want) {
			t.Errorf("halab %s: %v, should have %s", strings.Join(c.words, " "), got, c.want)
		}
	}
}

// Every command explains itself.
func TestHelp(t *testing.T) {
	lab := Shared(t)
	help := lab.Run(t, "--help").Stdout
	for _, name := range []string{
		"up", "down", "status", "fail", "restore", "switch", "logs", "curl", "watch", "shell",
		"config", "doctor", "build", "network", "version", "completion",
	} {
		if !strings.Contains(help, "\n   "+name+" ") {
			t.Errorf("halab --help does not list %s", name)
		}
		r := lab.Run(t, name, "--help")
		if !strings.Contains(r.Stdout, "halab "+name) || len(lines(r.Stdout)) < 5 {
			t.Errorf("halab %s --help is poor:\n%s", name, r)
		}
	}
}
