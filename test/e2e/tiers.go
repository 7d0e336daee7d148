package e2e

import (
	"os"
	"testing"
)

// The tests come in three tiers (docs/testing.md). `make test` has those whose
// verdict does not depend on luck and that are quick enough for every change;
// `make nightly` all; `make quick` one, on a lab that it keeps.

// tier says whether a tier was asked for.
func tier(name string) bool { return os.Getenv("HALAB_E2E_TIER") == name }

// Nightly leaves the test to `make nightly`.
func Nightly(t *testing.T) {
	t.Helper()
	if !tier("nightly") {
		t.Skip("left to make nightly")
	}
}
