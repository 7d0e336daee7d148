package fault

import (
	"errors"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"
	"halab/internal/topology"
)

func TestVictimsAreChildrenFirst(t *testing.T) {
	for service, want := range map[topology.Service][]int{
		topology.ServiceApp: {11, 10}, topology.ServiceHAProxy: {21, 20}, topology.ServiceKeepalived: {31, 30},
	} {
		if got := victims(agenttest.Node(), service); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", service, got, want)
		}
	}
	loop := []machine.Process{{PID: 5, Parent: 6, Name: "haproxy"}, {PID: 6, Parent: 5, Name: "haproxy"}}
	if got := victims(loop, topology.ServiceHAProxy); len(got) != 2 {
		t.Errorf("a table that was read while it changed: %v", got)
	}
}

// TestKillTogether kills a shell and its child for real. The shell would tell
// of its child's death by its exit code if it heard of it.
func TestKillTogether(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 60 & echo $!; wait; exit 7")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	buffer := make([]byte, 32)
	n, err := out.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	child := 0
	for _, c := range buffer[:n] {
		if c >= '0' && c <= '9' {
			child = child*10 + int(c-'0')
		}
	}
	reply, err := killTogether([]int{child, cmd.Process.Pid})
	if err != nil || !slices.Equal(reply.Killed, []int{child, cmd.Process.Pid}) || reply.Mono == 0 {
		t.Errorf("reply %+v, %v", reply, err)
	}
	var end *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &end) || end.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the parent ended with %v, so it heard of its child's death", err)
	}
}
