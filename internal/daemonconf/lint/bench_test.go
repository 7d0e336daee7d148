package lint

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// large is a pair whose files have about 500 lines each.
func large() fstest.MapFS {
	var h, k strings.Builder
	h.WriteString("defaults\n    mode http\n    timeout client 30s\n    timeout server 30s\n    timeout connect 2s\n    option redispatch\n")
	for i := range 60 {
		fmt.Fprintf(&h, "frontend f%d\n    bind :%d\n    acl a hdr(host) -i x%d.example.net\n    default_backend b%d\nbackend b%d\n    option httpchk GET /healthz\n", i, 8000+i, i, i, i)
		fmt.Fprintf(&h, "    server a 198.51.100.1:80 check\n    server b 198.51.100.2:80 check\n")
	}
	k.WriteString("vrrp_script chk {\n    script \"/usr/bin/pgrep -x haproxy\"\n    interval 2\n}\n")
	for i := range 40 {
		fmt.Fprintf(&k, "vrrp_instance v%d {\n    interface eth0\n    virtual_router_id %d\n    @lb1 priority 101\n    @lb2 priority 100\n    virtual_ipaddress {\n        192.0.2.%d/24\n    }\n    track_script {\n        chk\n    }\n}\n", i, i+1, i+1)
	}
	files := fstest.MapFS{}
	for _, node := range []string{"lb1", "lb2"} {
		files[node+"/haproxy.cfg"] = &fstest.MapFile{Data: []byte(h.String())}
		files[node+"/keepalived.conf"] = &fstest.MapFile{Data: []byte(k.String())}
	}
	return files
}

// processorTime is what this process has used of the processors: on a busy machine
// the clock says more about others.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A pair of 500 lines each takes less than 50 ms.
func TestSpeed(t *testing.T) {
	files := large()
	best := time.Hour
	for range 10 {
		start := processorTime(t)
		r := Run(load(t, files, "debian12"))
		best = min(best, processorTime(t)-start)
		if r.Count(Error)+r.Count(Warning) > 0 || len(r.Tables) != 40 {
			t.Fatal(text(r))
		}
	}
	if best > 50*time.Millisecond {
		t.Errorf("the fastest of ten runs took %s", best)
	}
	t.Logf("the fastest of ten runs took %s", best)
}

func BenchmarkLint(b *testing.B) {
	files := large()
	for b.Loop() {
		Run(load(b, files, "debian12"))
	}
}
