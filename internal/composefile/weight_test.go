package composefile

import (
	"os"
	"testing"
)

// Containers without a weight of their own weigh no more together than one process
// of the host: what the engine does to bring one node back would starve the apps of
// the others, until every check of every HAProxy has failed.
func TestEveryPartHasAWeight(t *testing.T) {
	t.Parallel()
	for _, files := range [][]string{nil, {"../../examples/hosts.yaml"}, {"../../examples/one-cluster.yaml"}} {
		p, err := Load(t.Context(), Options{Files: files, Embedded: os.DirFS("../.."), Base: "debian12"})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Containers {
			if c.Spec.CPUShares < 16*1024 {
				t.Errorf("%v: %s has cpu_shares %d", files, c.Service, c.Spec.CPUShares)
			}
		}
	}
}
