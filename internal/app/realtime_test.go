package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/engine"
)

func TestRealtimeLeft(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(group, us string) {
		t.Helper()
		dir := filepath.Join(root, group)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cpu.rt_runtime_us"), []byte(us+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, found := realtimeLeft(root, nil); found {
		t.Error("a kernel without budgets has one")
	}
	write("", "950000")
	write("docker", "0")
	write("mine", "60000")
	write("other", "200000")
	if left, total, found := realtimeLeft(root, []string{"mine"}); !found || left != 750000 || total != 950000 {
		t.Errorf("%d of %d µs are left, wanted 750000 of 950000", left, total)
	}
	if left, _, _ := realtimeLeft(root, nil); left != 690000 {
		t.Errorf("%d µs are left when nothing is our own, wanted 690000", left)
	}
}

// parts are the containers of a lab that have a budget, and two that have none.
func parts(nodes int) []engine.ContainerSpec {
	part := func(service string) engine.ContainerSpec {
		return engine.ContainerSpec{Labels: map[string]string{engine.LabelService: service}}
	}
	list := []engine.ContainerSpec{part("client")}
	for range nodes {
		list = append(list, part("node"), part("app"), part("haproxy"), part("keepalived"))
	}
	return list
}

// TestAllot holds that a lab which asks for more than there is gets what there
// is, keepalived first, and is told why.
func TestAllot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                     string
		nodes                    int
		left                     int64
		keepalived, node, client int
		says                     []string
	}{
		{"four nodes", 4, 950_000, 4, 4, 1, nil},
		{"six nodes", 6, 950_000, 6, 6, 1, nil},
		{"seven nodes", 7, 950_000, 7, 7, 0, []string{"this lab asks for 1040 ms", "gives 950 to all", "Without a budget: the client;"}},
		{"nine nodes", 9, 950_000, 9, 6, 0, []string{"1280 ms", "3 × process 1 of a node, the client;"}},
		{"twenty nodes", 20, 950_000, 15, 0, 0, []string{"2600 ms", "5 × keepalived, 20 × process 1"}},
		{"four nodes beside another lab", 4, 270_000, 4, 0, 0, []string{"680 ms", "270 of the kernel's 950 are left; another lab"}},
		{"nothing is left", 4, -5_000, 0, 0, 0, []string{"0 of the kernel's 950 are left"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			specs := parts(c.nodes)
			a := allot(specs, c.left)
			got, sum := map[string]int{}, int64(0)
			for i, us := range a.given {
				got[specs[i].Labels[engine.LabelService]]++
				sum += us
			}
			if got["keepalived"] != c.keepalived || got["node"] != c.node || got["client"] != c.client || sum > max(0, c.left) {
				t.Errorf("%v were given %d µs", got, sum)
			}
			text := a.shortage(c.left, 950_000)
			if (text == "") != (c.says == nil) {
				t.Errorf("it says %q", text)
			}
			for _, words := range c.says {
				if !strings.Contains(text, words) {
					t.Errorf("it does not say %q: %s", words, text)
				}
			}
		})
	}
}

// TestHostsOfTheirOwnGetNoBudget holds that what is elsewhere takes nothing away
// here.
func TestHostsOfTheirOwnGetNoBudget(t *testing.T) {
	t.Parallel()
	specs := parts(4)
	for i := range specs[1:] {
		specs[1+i].Endpoint = "ssh://there"
	}
	if a := allot(specs, 950_000); len(a.given) != 1 || a.given[0] == 0 || a.wanted != a.given[0] {
		t.Errorf("given %v of %d", a.given, a.wanted)
	}
}
