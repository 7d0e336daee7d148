package machine_test

import (
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/machine"
	"halab/internal/topology"
)

func TestDaemon(t *testing.T) {
	for service, want := range map[topology.Service]int{topology.ServiceApp: 10, topology.ServiceHAProxy: 21, topology.ServiceKeepalived: 30} {
		if pid, ok := machine.Daemon(agenttest.Node(), service); !ok || pid != want {
			t.Errorf("%s: %d, %v; want %d", service, pid, ok, want)
		}
	}
	left := []machine.Process{{PID: 31, Parent: 1, Name: "keepalived"}}
	if pid, ok := machine.Daemon(left, topology.ServiceKeepalived); ok {
		t.Errorf("a child that outlived its parent, %d, counts as the service", pid)
	}
	check := []machine.Process{{PID: 29, Parent: 28, Name: "keepalived", Args: []string{"keepalived", "-t", "-f", "x"}}}
	if pid, ok := machine.Daemon(check, topology.ServiceKeepalived); ok {
		t.Errorf("a check of the configuration, %d, counts as the service", pid)
	}
	under := []machine.Process{
		{PID: 30, Parent: 0, Name: "halab", Args: []string{"halab", "agent", "keepalived"}},
		{PID: 31, Parent: 30, Name: "keepalived"}, {PID: 32, Parent: 31, Name: "keepalived"},
	}
	if pid, ok := machine.Daemon(under, topology.ServiceKeepalived); !ok || pid != 31 {
		t.Errorf("under a supervisor: %d, %v", pid, ok)
	}
}
