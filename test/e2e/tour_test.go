package e2e

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tour of the README, in its own words, with its own addresses.
func TestTour(t *testing.T) {
	lab := &Lab{Name: "halab", Prefix: "192.168.99"}
	if out := command(t, "docker", "ps", "-aq", "--filter", "label=halab.lab=halab"); out != "" {
		t.Skip("a lab of the default name is up on this engine, and stays so")
	}
	LeavesNothing(t)
	t.Cleanup(func() { lab.Run(t, "down") })
	lab.KeepOnFailure(t)

	lab.Run(t, "up")
	answers := lab.Serves(t, 8, time.Second)
	if len(answers) != 4 {
		t.Errorf("two frontends and two backends answer in turns: %v", answers)
	}
	Says(t, lab.Run(t, "status"), "ready")
	holder := lab.HolderOf(t, "frontend")
	logs := lab.Start(t, "logs", "frontend", "-f")
	lab.Run(t, "fail", "frontend-00", "haproxy")
	Eventually(t, 5*time.Second, "the logs show the VIP at "+Other(holder), func() (bool, string) {
		return slices.ContainsFunc(lines(logs.Output()), func(line string) bool {
			return strings.Contains(line, Other(holder)) && strings.Contains(line, "VIP 192.168.99.10 added")
		}), logs.Output()
	})
	logs.Signal(syscall.SIGINT)
	logs.Wait()
	lab.Run(t, "restore")
	lab.AwaitHolder(t, "frontend", Other(holder), time.Second)
	lab.Run(t, "down")
}
