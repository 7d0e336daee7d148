package e2e

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Containers stand for machines of a user's own: real HAProxy, keepalived and
// sshd, files with secrets in them, and nothing of halab.

const (
	machinePrefix = "10.198.91"
	machineImage  = "e2ei-machine"
)

// machines are the rig's, with the last number of their addresses. lb2 is reached
// through lb1 only, as user joe, who is not root. Its sh and awk are others.
var machines = []struct {
	name string
	last int
}{{"lb1", 11}, {"lb2", 12}, {"plain", 13}}

func machine(name string) string { return "e2ei-" + name }

// secrets must not leave a machine; nor must its private key.
var secrets = []string{"Tr0ub-9x", "hunter2hunter2", "9f8c1d7be0a2", "s3cretStats", "tok-4f6d1c9a8b", "wRdPq81xZmK0"}

const importHAProxy = `global
    user haproxy
    group haproxy
    crt-base /etc/haproxy/certs
userlist admins
    user joe insecure-password hunter2hunter2
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    option redispatch
    errorfile 503 /etc/haproxy/errors/503.http
frontend web
    bind :443 ssl crt site.pem
    bind :80
    acl blocked src -f /etc/haproxy/blocked.lst
    http-request deny if blocked
    default_backend shop
frontend alive
    bind 127.0.0.1:8404
    monitor-uri /alive
listen stats
    bind 127.0.0.1:9000
    stats enable
    stats auth admin:s3cretStats
`

const importBackend = `backend shop
    option httpchk
    http-check send meth GET uri /healthz hdr Authorization "Bearer tok-4f6d1c9a8b"
    server shop1 198.51.100.11:8080 check
    server shop2 198.51.100.12:8080 check
`

const importKeepalived = `global_defs {
    script_user root
    enable_script_security
}
vrrp_script chk {
    script "/etc/keepalived/check.sh"
    interval 2
}
include /etc/keepalived/conf.d/*.conf
`

const importInstance = `vrrp_instance web {
    interface eth0
    virtual_router_id 87
    @lb1 priority 101
    @lb2 priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass Tr0ub-9x
    }
    virtual_ipaddress {
        10.198.91.100/24
    }
    track_script {
        chk
    }
    notify_master /etc/keepalived/tell.sh
}
`

const importCheck = "#!/bin/sh\nexec curl -sf -m 1 http://127.0.0.1:8404/alive\n"

const importTell = `#!/bin/sh
# was wRdPq81xZmK0 once: API_TOKEN=wRdPq81xZmK0
curl -m 1 -u admin:9f8c1d7be0a2 https://198.51.100.1/master
`

// machineRig is the machines, and an ssh of its own that keeps all that crosses
// the connections.
type machineRig struct {
	t      *testing.T
	folder string
	lab    *Lab
	keys   []string // lines of the machines' private keys
}

func newMachines(t *testing.T) *machineRig {
	t.Helper()
	r := &machineRig{t: t, folder: t.TempDir()}
	removeMachines()
	LeavesNothing(t)
	t.Cleanup(removeMachines)
	buildMachine(t)
	command(t, "docker", "network", "create", "--internal", "--subnet", machinePrefix+".0/24", machine("net"))
	r.ssh()
	for _, m := range machines {
		command(t, "docker", "create", "--name", machine(m.name), "--hostname", m.name, "--label", hostLabel, "--network", machine("net"),
			"--ip", fmt.Sprintf("%s.%d", machinePrefix, m.last), "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--cap-add", "NET_BROADCAST", machineImage)
		command(t, "docker", "cp", r.tree(m.name)+"/.", machine(m.name)+":/")
		command(t, "docker", "start", machine(m.name))
	}
	r.inside("lb2", "ln -s /bin/bash /usr/local/bin/sh; ln -s /bin/busybox /usr/local/bin/awk")
	for _, m := range machines {
		Eventually(t, 20*time.Second, "ssh to "+m.name, func() (bool, string) {
			out, err := tryCommand(r.path("bin", "ssh"), m.name, "true")
			return err == nil, out
		})
	}
	r.lab = &Lab{Name: "e2ei", Prefix: machinePrefix, Env: []string{"PATH=" + r.path("bin") + ":" + os.Getenv("PATH")}}
	return r
}

// buildMachine builds the machines' image.
func buildMachine(t testing.TB) {
	t.Helper()
	command(t, "docker", "build", "-q", "--network", "host", "-t", machineImage, "--label", hostLabel, "--build-arg", "BASE="+debianBase(t), "machine")
}

func (r *machineRig) path(elements ...string) string {
	return filepath.Join(append([]string{r.folder}, elements...)...)
}

func (r *machineRig) write(name, text string, mode os.FileMode) {
	r.t.Helper()
	path := r.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		r.t.Fatal(err)
	}
}

// ssh makes a key, an ssh configuration as a user may have it (another user, a
// jump host, a connection that is kept), and an ssh that reads it and keeps a copy
// of what goes in and out.
func (r *machineRig) ssh() {
	r.t.Helper()
	command(r.t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", r.path("id"))
	real := command(r.t, "sh", "-c", "command -v ssh")
	config := fmt.Sprintf("Host lb1\n  HostName %[1]s.11\n  User root\n  ControlMaster auto\n  ControlPath %[2]s/%%C\n  ControlPersist 3\n"+
		"Host lb2\n  HostName %[1]s.12\n  User joe\n  ProxyCommand %[3]s -F %[2]s/config -W %%h:%%p lb1\n"+
		"Host plain\n  HostName %[1]s.13\n  User root\nHost closed\n  HostName %[1]s.13\n  Port 9\n"+
		"Host stranger\n  HostName %[1]s.13\n  User nobody\n"+
		"Host *\n  IdentityFile %[2]s/id\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
		machinePrefix, r.folder, real)
	r.write("config", config, 0o600)
	r.write("bin/ssh", fmt.Sprintf("#!/bin/bash\nexec %[2]s -F %[1]s/config \"$@\" < <(tee -a %[1]s/in.$$) > >(tee -a %[1]s/out.$$)\n", r.folder, real), 0o755)
}

// tree writes the files that a machine is to have, and gives their folder.
func (r *machineRig) tree(name string) string {
	r.t.Helper()
	key, err := os.ReadFile(r.path("id.pub"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(name+"/root/.ssh/authorized_keys", string(key), 0o600)
	r.write(name+"/home/joe/.ssh/authorized_keys", string(key), 0o644)
	if name == "plain" {
		return r.path(name)
	}
	etc := name + "/etc/"
	r.write(etc+"haproxy/haproxy.cfg", importHAProxy, 0o644)
	r.write(etc+"haproxy/conf.d/shop.cfg", importBackend, 0o644)
	r.write(etc+"haproxy/blocked.lst", "192.0.2.99\n", 0o644)
	r.write(etc+"haproxy/errors/503.http", "HTTP/1.0 503 Service Unavailable\r\n\r\nback soon\r\n", 0o644)
	r.write(etc+"keepalived/keepalived.conf", importKeepalived, 0o600)
	r.write(etc+"keepalived/conf.d/web.conf", importInstance, 0o644)
	r.write(etc+"keepalived/check.sh", importCheck, 0o755)
	r.write(etc+"keepalived/tell.sh", importTell, 0o755)
	cert, own := issue(r.t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop.example.org"}, DNSNames: []string{"shop.example.org"}}, nil, nil)
	der, err := x509.MarshalECPrivateKey(own)
	if err != nil {
		r.t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	r.keys = append(r.keys, lines(private)[1:3]...)
	r.write(etc+"haproxy/certs/site.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))+private, 0o600)
	return r.path(name)
}

func (r *machineRig) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// inside runs a shell's line on a machine, as root and not by ssh.
func (r *machineRig) inside(name, line string) string {
	r.t.Helper()
	return command(r.t, "docker", "exec", machine(name), "sh", "-c", line)
}

// listing is every file of a machine with its size, mode and both times, and its
// processes. The root folder itself is left out: overlayfs gives it another time
// when it is looked at later.
func (r *machineRig) listing(name string) []string {
	r.t.Helper()
	files := r.inside(name, `find / -xdev -mindepth 1 \( -path /proc -o -path /sys -o -path /dev \) -prune -o -printf '%p %s %m %T@ %C@\n' | sort`)
	processes := r.inside(name, "ps -e -o args= | grep -Ev 'ps -e|sshd:|grep|^sort|^sh -c ps|^sleep|curl|/etc/keepalived/(check|tell)' | sort")
	return append(lines(files), lines(processes)...)
}

// crossed is all that went in and out of ssh.
func (r *machineRig) crossed() string {
	r.t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"in.*", "out.*"} {
		names, err := filepath.Glob(r.path(pattern))
		if err != nil || len(names) == 0 {
			r.t.Fatalf("nothing was kept of what crossed the connection: %v", err)
		}
		for _, name := range names {
			all.WriteString(r.read(filepath.Base(name)))
		}
	}
	return all.String()
}

func removeMachines() {
	for _, m := range machines {
		_, _ = tryCommand("docker", "rm", "-f", "-v", machine(m.name)) // what is not there is gone
	}
	_, _ = tryCommand("docker", "network", "rm", machine("net"))
}

// removeMachineImage is for the end of a run: several tests build on it.
func removeMachineImage() {
	if os.Getenv("HALAB_E2E_KEEP") == "" {
		_, _ = tryCommand("docker", "rmi", machineImage) // where no test built it, it is not there
	}
}
