package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRealtimeLeft(t *testing.T) {
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
	if _, found := realtimeLeft(root, nil); found {
		t.Error("a kernel without budgets has one")
	}
	write("", "950000")
	write("docker", "0")
	write("mine", "60000")
	write("other", "200000")
	if left, found := realtimeLeft(root, []string{"mine"}); !found || left != 750000 {
		t.Errorf("%d µs are left, wanted 750000", left)
	}
	if left, _ := realtimeLeft(root, nil); left != 690000 {
		t.Errorf("%d µs are left when nothing is our own, wanted 690000", left)
	}
}
