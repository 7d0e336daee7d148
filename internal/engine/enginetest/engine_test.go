package enginetest_test

import (
	"testing"

	"halab/internal/engine/enginetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	enginetest.Contract(t, func(t *testing.T) enginetest.Subject {
		e := enginetest.NewPuppets()
		t.Cleanup(func() { _ = e.Close() })
		return e
	}, []byte("a layer"))
}
