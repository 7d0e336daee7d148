package image

import (
	"os/exec"
	"testing"
)

// The app has tests of its own, in its own language.
func TestApp(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 to run the app's tests with")
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "-m", "unittest", "discover", "--start-directory", "tests")
	cmd.Dir = "../../images/app"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
