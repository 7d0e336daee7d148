package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownKeepalived is keepalived.conf as most guides have it: VRRPv2, a password, a
// check with a weight. Nothing in it is halab's.
const ownKeepalived = `%svrrp_script chk_haproxy {
  script "/usr/bin/pgrep haproxy"
  interval 2
  weight 2
}
vrrp_instance VI_1 {
  state %s
  interface eth0
  virtual_router_id 51
  priority %d
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 42secret9
  }
  virtual_ipaddress {
    %s/24
  }
  track_script {
    chk_haproxy
  }
}
`

// ownOverride mounts the files as docs/images.md says.
const ownOverride = `services:
  frontend-01-keepalived:
    volumes: ["./one.conf:/etc/halab/keepalived.conf:ro"]
  frontend-02-keepalived:
    volumes: ["./two.conf:/etc/halab/keepalived.conf:ro"]
    cap_add: [SETUID, SETGID]
`

// keepalived runs a file of the user's, though its own check has something to
// say: of the first file it ends with 6 (a script and no script_security), by
// that of the second 2.2.7 is killed (a script with another user).
func TestOwnKeepalivedIsRun(t *testing.T) {
	dir := t.TempDir() // it goes after the lab, whose description is in it
	lab := Spare(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile(filepath.Join("..", "..", "compose", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf(ownKeepalived, "", "MASTER", 101, lab.frontendVIP())
	write("compose.yaml", string(source))
	write("own.yaml", ownOverride)
	write("one.conf", one)
	write("two.conf", fmt.Sprintf(ownKeepalived, "global_defs {\n  enable_script_security\n  script_user nobody\n}\n", "BACKUP", 100, lab.frontendVIP()))
	lab.Flags = []string{"-f", filepath.Join(dir, "compose.yaml"), "-f", filepath.Join(dir, "own.yaml")}
	lab.Run(t, "up")

	for _, node := range []string{"frontend-01", "frontend-02"} {
		if state := inspect(t, lab.container(t, node, "keepalived"), "{{.State.Status}}"); state != "running" {
			t.Errorf("keepalived of %s is %s:\n%s", node, state, command(t, "docker", "logs", lab.container(t, node, "keepalived")))
		}
	}
	said := command(t, "docker", "logs", lab.container(t, "frontend-01", "keepalived"))
	for _, warning := range []string{"Truncating auth_pass", "SECURITY VIOLATION"} {
		if strings.Count(said, warning) != 1 {
			t.Errorf("the log says %q %d times, not once:\n%s", warning, strings.Count(said, warning), said)
		}
	}
	lab.awaitAddress(t, "frontend-01", lab.frontendVIP())
	if r := lab.Run(t, "config", "keepalived", "frontend-01"); r.Stdout != one {
		t.Errorf("the file that frontend-01 has is not the one that is printed:\n%s", r)
	}
	// The check of either is at work: without HAProxy 101 is all that is left of
	// the first one, and 102 of the second is more.
	command(t, "docker", "kill", lab.container(t, "frontend-01", "haproxy"))
	lab.awaitAddress(t, "frontend-02", lab.frontendVIP())
}

// inspect is a field of a container.
func inspect(t testing.TB, id, format string) string {
	t.Helper()
	return strings.TrimSpace(command(t, "docker", "inspect", "--format", format, id))
}

// awaitAddress waits until a node has an address.
func (l *Lab) awaitAddress(t testing.TB, node, address string) {
	t.Helper()
	var has string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		has = command(t, "docker", "exec", l.container(t, node, "node"), "ip", "-4", "-o", "address", "show", "dev", "eth0")
		if strings.Contains(has, " "+address+"/") {
			return
		}
	}
	t.Fatalf("%s does not get %s; it has\n%s", node, address, has)
}
