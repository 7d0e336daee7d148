package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// steps are the commands of a job in examples/ci, in order, and those that run
// whatever came of them.
type steps struct {
	env           map[string]string
	script, after []string
}

func githubSteps(t *testing.T) steps {
	t.Helper()
	var file struct {
		Jobs map[string]struct {
			Env   map[string]string
			Steps []struct{ Uses, Run, If string }
		}
	}
	readYAML(t, "github.yml", &file)
	job := file.Jobs["failover"]
	s := steps{env: job.Env}
	for _, step := range job.Steps {
		switch {
		case step.Run == "":
		case step.If == "":
			s.script = append(s.script, step.Run)
		default:
			s.after = append(s.after, step.Run)
		}
	}
	return s
}

func gitlabSteps(t *testing.T) steps {
	t.Helper()
	var file struct {
		Failover struct {
			Variables    map[string]string
			Script       []string
			After_script []string //nolint:revive // as GitLab has it
		}
	}
	readYAML(t, "gitlab-ci.yml", &file)
	return steps{file.Failover.Variables, file.Failover.Script, file.Failover.After_script}
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples/ci", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// The jobs of examples/ci do what docs/ci.md says, step by step as they stand but for
// the runner: the sound pair passes, and its reports are there.
func TestJobs(t *testing.T) {
	Nightly(t)
	for name, job := range map[string]steps{"github": githubSteps(t), "gitlab": gitlabSteps(t)} {
		t.Run(name, func(t *testing.T) {
			if len(job.script) < 4 || len(job.after) == 0 {
				t.Fatalf("a part of the job is not read: %+v", job)
			}
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "lb"), os.DirFS("../../examples/own-config/sound")); err != nil {
				t.Fatal(err)
			}
			defer func() {
				for _, step := range job.after {
					if out, err := job.run(dir, step); err != nil {
						t.Errorf("%s: %v\n%s", step, err, out)
					}
				}
			}()
			for _, step := range job.script {
				out, err := job.run(dir, step)
				if err != nil {
					t.Fatalf("%s: %v\n%s", step, err, out)
				}
				t.Logf("%s\n%s", step, out)
			}
			for _, report := range []string{"drill.xml", "drill.html", "drill.json.gz"} {
				if info, err := os.Stat(filepath.Join(dir, "proof", report)); err != nil || info.Size() == 0 {
					t.Errorf("there is no report %s: %v", report, err)
				}
			}
		})
	}
}

// run does a step as a runner does: a shell that ends at the first error.
func (s steps) run(dir, step string) (string, error) {
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", step)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HALAB_URL=file://"+binary(), "HALAB_NAME=e2ec", "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary.md"))
	for key, value := range s.env {
		if !strings.Contains(value, "${{") {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
