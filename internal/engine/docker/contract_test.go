package docker_test

import (
	"os"
	"testing"

	"halab/internal/engine/docker"
	"halab/internal/engine/enginetest"
)

// TestEngineKeepsTheContract plays the contract on the engine of the
// environment. It makes containers, a bridge network and an image there, and
// removes them.
func TestEngineKeepsTheContract(t *testing.T) {
	if os.Getenv("HALAB_TEST_ENGINE") != "1" {
		t.Skip("set HALAB_TEST_ENGINE=1 to use a real Docker Engine")
	}
	enginetest.Contract(t, func(t *testing.T) enginetest.Subject {
		e, err := docker.Open(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}, enginetest.PuppetTar(t))
}
