package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// A real HAProxy, of Debian's package, is content with what stands for its servers,
// whatever its checks ask, and sees each of them fail alone. The unit tests of
// internal/agent/behind do that where HAProxy is installed; here it always is.
func TestHAProxyAndWhatIsBehind(t *testing.T) {
	const name = "e2ei-behind"
	_, _ = tryCommand("docker", "rm", "-f", name) // of a run that was killed
	LeavesNothing(t)
	t.Cleanup(func() { _, _ = tryCommand("docker", "rm", "-f", name) })
	buildMachine(t)
	command(t, "docker", "create", "--name", name, "--label", hostLabel, "--network", "none", "--entrypoint", "/behind.test", machineImage,
		"-test.v", "-test.timeout", "2m")
	command(t, "docker", "cp", filepath.Join("..", "..", "dist", "behind.test"), name+":/behind.test")
	out, err := tryCommand("docker", "start", "-a", name)
	if err != nil || strings.Contains(out, "SKIP") || strings.Count(out, "--- PASS: ") < 5 {
		t.Errorf("%v\n%s", err, out)
	}
}
