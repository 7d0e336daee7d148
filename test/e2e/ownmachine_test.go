package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// twoNetworks is a pair with a network outside and one inside, both families, servers
// by name and beyond the subnets, a certificate that was not handed in, a chroot, a
// socket for statistics that the check asks, and a script that calls systemctl and a
// cloud.
func twoNetworks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/sysctl.d/ha.conf", "net.ipv4.ip_nonlocal_bind = 1\n", 0o644)
	write("haproxy.cfg", `global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 600 level admin
    user haproxy
    group haproxy
    daemon
defaults
    log global
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend web
    mode http
    option httplog
    bind :80
    bind :::443 v4v6 ssl crt /etc/haproxy/site.pem
    default_backend app
listen db
    mode tcp
    bind 198.51.100.100:3306
    option mysql-check user haproxy
    server m1 db1.example.org:3306 check
backend app
    mode http
    option httpchk GET /healthz
    server a 198.51.100.7:8080 check
    server b 203.0.113.9:8080 check
`, 0o644)
	for i, node := range []string{"lb1", "lb2"} {
		write(node+"/check.sh", "#!/bin/sh\nkillall -0 haproxy && echo 'show info' | socat stdio /run/haproxy/admin.sock >/dev/null\n", 0o755)
		write(node+"/master.sh", "#!/bin/sh\naws ec2 associate-address --allocation-id x\nlogger became master\nsystemctl is-active haproxy && systemctl reload haproxy\n", 0o755)
		write(node+"/keepalived.conf", fmt.Sprintf(`global_defs {
  script_user root
  enable_script_security
}
vrrp_script chk {
  script "/etc/keepalived/check.sh"
  interval 1
}
vrrp_sync_group both {
  group {
    OUT
    IN
  }
}
vrrp_instance OUT {
  interface ens192
  virtual_router_id 5
  priority %[1]d
  unicast_src_ip 192.0.2.%[2]d
  unicast_peer {
    192.0.2.%[3]d
  }
  virtual_ipaddress {
    192.0.2.100/24
  }
  virtual_ipaddress_excluded {
    2001:db8::100/64
  }
  track_script {
    chk
  }
  notify_master "/etc/keepalived/master.sh"
}
vrrp_instance IN {
  interface ens224
  virtual_router_id 5
  priority %[1]d
  virtual_ipaddress {
    198.51.100.100/24
  }
}
`, 101-i, 11+i, 12-i), 0o644)
	}
	return dir
}

// What such files need is there, unchanged as they are.
func TestOwnNetworks(t *testing.T) {
	lab := Spare(t)
	Says(t, lab.Run(t, "-c", twoNetworks(t), "up"), "site.pem is not here", "db1.example.org")
	holder := lab.HolderOf(t, "cluster")
	inside := func(words ...string) string {
		t.Helper()
		out, _ := tryCommand("docker", append([]string{"exec", lab.container(t, holder, "keepalived")}, words...)...)
		return out
	}
	for _, c := range []struct {
		words []string
		says  string
	}{
		{[]string{"cat", "/run/halab/calls"}, "aws ec2 associate-address"},
		{[]string{"systemctl", "is-active", "haproxy"}, "active"},
		{[]string{"ip", "-br", "addr", "show", "ens224"}, "198.51.100.100/24"},
		{[]string{"ip", "-br", "addr", "show", "ens192"}, "192.0.2.100/24"},
	} {
		if out := inside(c.words...); !strings.Contains(out, c.says) {
			t.Errorf("%v: %q, not %q", c.words, out, c.says)
		}
	}
	Says(t, lab.Run(t, "logs", holder), "became master")

	// A script stops HAProxy: its check fails, and both instances go to the other node.
	inside("systemctl", "stop", "haproxy")
	lab.AwaitHolder(t, "cluster", otherLB(holder), 10*time.Second)
	if out := inside("systemctl", "is-active", "haproxy"); !strings.Contains(out, "inactive") {
		t.Errorf("HAProxy is %q after systemctl stop", out)
	}
	inside("systemctl", "start", "haproxy")
	lab.AwaitReady(t, 15*time.Second)
	lab.Run(t, "fail", "192.0.2.100", "crash")
	lab.Run(t, "restore")
	lab.AwaitReady(t, 15*time.Second)
}
