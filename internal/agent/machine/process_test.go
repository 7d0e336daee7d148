package machine

import (
	"testing"

	"halab/internal/topology"
)

func TestParseStat(t *testing.T) {
	p, ok := ParseStat([]byte("17 (a) b (c)) S 3 17 17 0 -1 4194560"))
	if !ok || p.Name != "a) b (c)" || p.State != 'S' || p.Parent != 3 {
		t.Errorf("got %+v, %v", p, ok)
	}
	for _, text := range []string{"", "17", "17 (a", ") (", "17 (a) S", "17 (a) SS 3", "17 (a) S x"} {
		if p, ok := ParseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

func TestStopPending(t *testing.T) {
	for status, want := range map[string]bool{
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000040000\n":                            true,
		"SigPnd:\t0000000000040001\nShdPnd:\t0000000000000000\n":                            true,
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000020000\nSigBlk:\t0000000000040000\n": false, // SIGCONT; another mask
		"ShdPnd:\tx\n": false,
		"":             false,
	} {
		if got := stopPending([]byte(status)); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("17 (keepalived) S 3 17"))
	f.Add([]byte("17 (a)) ( S 3"))
	f.Fuzz(func(_ *testing.T, stat []byte) { ParseStat(stat) })
}

// table is a node as the PID namespace shows it: parent 0 is outside.
func table() []Process {
	return []Process{
		{PID: 1, Name: "halab", Args: []string{"/usr/local/bin/halab", "agent", "node"}},
		{PID: 10, Parent: 0, Name: "gunicorn", Args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{PID: 11, Parent: 10, Name: "gunicorn", Args: []string{"/usr/bin/python3", "/usr/bin/gunicorn", "--config", "x"}},
		{PID: 20, Parent: 0, Name: "halab", Args: []string{"/usr/local/bin/halab", "agent", "haproxy"}},
		{PID: 21, Parent: 20, Name: "haproxy", Args: []string{"/usr/sbin/haproxy", "-db"}},
		{PID: 30, Parent: 0, Name: "keepalived", Args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{PID: 31, Parent: 30, Name: "keepalived", Args: []string{"/usr/sbin/keepalived", "--dont-fork"}},
		{PID: 40, Parent: 0, Name: "bash", Args: []string{"bash"}},
	}
}

func TestDaemon(t *testing.T) {
	for service, want := range map[topology.Service]int{topology.ServiceApp: 10, topology.ServiceHAProxy: 21, topology.ServiceKeepalived: 30} {
		if pid, ok := Daemon(table(), service); !ok || pid != want {
			t.Errorf("%s: %d, %v; want %d", service, pid, ok, want)
		}
	}
	left := []Process{{PID: 31, Parent: 1, Name: "keepalived"}}
	if pid, ok := Daemon(left, topology.ServiceKeepalived); ok {
		t.Errorf("a child that outlived its parent, %d, counts as the service", pid)
	}
	check := []Process{{PID: 29, Parent: 28, Name: "keepalived", Args: []string{"keepalived", "-t", "-f", "x"}}}
	if pid, ok := Daemon(check, topology.ServiceKeepalived); ok {
		t.Errorf("a check of the configuration, %d, counts as the service", pid)
	}
	under := []Process{
		{PID: 30, Parent: 0, Name: "halab", Args: []string{"halab", "agent", "keepalived"}},
		{PID: 31, Parent: 30, Name: "keepalived"}, {PID: 32, Parent: 31, Name: "keepalived"},
	}
	if pid, ok := Daemon(under, topology.ServiceKeepalived); !ok || pid != 31 {
		t.Errorf("under a supervisor: %d, %v", pid, ok)
	}
}
