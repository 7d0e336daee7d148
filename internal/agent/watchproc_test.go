package agent

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestWatchProcessSeesTheEnd(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	found, gone := make(chan bool, 1), make(chan bool, 1)
	go func() {
		waitGone(t.Context(), cmd.Process.Pid, func() { found <- true })
		gone <- true
	}()
	expect(t, found, true)
	if !isAlive(cmd.Process.Pid) {
		t.Error("a running process counts as dead")
	}
	if err := cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	expect(t, gone, true)
	for deadline := time.Now().Add(5 * time.Second); isAlive(cmd.Process.Pid); {
		if time.Now().After(deadline) {
			t.Fatal("a zombie counts as alive")
		}
	}
	_ = cmd.Wait()
}
