package imports

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"halab/internal/daemonconf/inventory"
	"halab/internal/problem"
)

const proxyFile = `global
    crt-base /etc/haproxy/certs
    user haproxy
userlist admins
    user joe insecure-password hunter2hunter2
frontend web
    bind :443 ssl crt site.pem crt-list /etc/haproxy/list tls-ticket-keys /etc/haproxy/tickets
    acl blocked src -f /etc/haproxy/blocked.lst
    use_backend %[req.hdr(host),map(/etc/haproxy/hosts.map,web)]
    errorfile 503 /etc/haproxy/errors/503.http
    http-request return status 200 content-type text/plain file pages/alive.txt if { path /alive }
backend web
    server a 198.51.100.1:443 check ssl crt /etc/haproxy/client.pem ca-file /etc/haproxy/ca.pem
`

const vrrpFile = `include conf.d/*.conf
include /etc/keepalived/none/*.conf
global_defs {
    script_user checker
}
vrrp_script chk {
    script "/etc/keepalived/check.sh -x"
}
vrrp_script bin {
    script "killall-that-nobody-has -0 haproxy"
}
`

// realCert is a certificate as a machine has it, and its key.
func realCert(t *testing.T, name string) (public, private string) {
	t.Helper()
	key, err := ring{}.key(x509.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err = selfSigned(&x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "*." + name},
		NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(4e9, 0)}, key)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// All that the files name is taken, and what stands for keys fits.
func TestFollowsNames(t *testing.T) {
	public, private := realCert(t, "site.example.org")
	bare, bareKey := realCert(t, "bare.example.org")
	client, clientKey := realCert(t, "client.example.org")
	authority, _ := realCert(t, "ca.example.org")
	root := tree(t, map[string]string{
		"etc/haproxy/haproxy.cfg": proxyFile, "etc/keepalived/keepalived.conf": vrrpFile,
		"etc/keepalived/conf.d/a.conf": "vrrp_instance a {\n interface eth0\n virtual_router_id 7\n authentication {\n  auth_pass hunter2hunter2\n }\n}\n",
		"etc/keepalived/check.sh":      "#!/bin/sh\n# hunter2hunter2\ncurl -sf http://127.0.0.1/\n",
		"etc/haproxy/certs/site.pem":   public + private + authority, "etc/haproxy/list": "# all\nbare.pem [alpn h2] *.example.org\nnone.pem\n",
		"etc/haproxy/certs/bare.pem": bare, "etc/haproxy/certs/bare.pem.key": bareKey, "etc/haproxy/client.pem": clientKey + client,
		"etc/haproxy/ca.pem": authority, "etc/haproxy/tickets": strings.Repeat("B", 64) + "\n", "etc/haproxy/blocked.lst": "192.0.2.99\n",
		"etc/haproxy/hosts.map": "a.example.org web\n", "etc/haproxy/errors/503.http": "HTTP/1.0 503 no\n\n", "var/lib/haproxy/pages/alive.txt": "alive\n",
	})
	if err := os.Chmod(filepath.Join(root, "etc/keepalived/check.sh"), 0o777); err != nil {
		t.Fatal(err)
	}
	take := here(t, "01")
	r := &take.node.Record
	r.Keepalived = inventory.Daemon{Version: "2.2.7", Files: []string{"/etc/keepalived/keepalived.conf"}}
	r.HAProxy = inventory.Daemon{Version: "2.6.12", Files: []string{"/etc/haproxy/haproxy.cfg"}, Folder: "/var/lib/haproxy"}
	if err := errors.Join(take.keepalived(&r.Keepalived, root), take.haproxy(&r.HAProxy, root), take.node.standIns(), give([]*Node{take.node})); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "mine")
	if err := Write(folder, []*Node{take.node}); err != nil {
		t.Fatal(err)
	}
	text := all(t, folder)
	for _, secret := range []string{"hunter2hunter2", strings.Repeat("B", 10), inside(private), inside(bareKey), inside(clientKey)} {
		for name, body := range text {
			if strings.Contains(body, secret) {
				t.Errorf("%s has the secret %s", name, secret)
			}
		}
	}
	want := []string{"etc/haproxy/blocked.lst", "etc/haproxy/ca.pem", "etc/haproxy/certs/bare.pem", "etc/haproxy/certs/bare.pem.key",
		"etc/haproxy/certs/site.pem", "etc/haproxy/client.pem", "etc/haproxy/errors/503.http", "etc/haproxy/haproxy.cfg", "etc/haproxy/hosts.map",
		"etc/haproxy/list", "etc/haproxy/tickets", "etc/keepalived/check.sh", "etc/keepalived/conf.d/a.conf", "etc/keepalived/keepalived.conf",
		"halab-import.json", "var/lib/haproxy/pages/alive.txt"}
	var got []string
	for name := range text {
		got = append(got, strings.TrimPrefix(name, "lb1/"))
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the folder has\n%q\nnot\n%q", got, want)
	}
	for name, keys := range map[string]string{"certs/site.pem": "certs/site.pem", "certs/bare.pem": "certs/bare.pem.key", "client.pem": "client.pem"} {
		pair, err := tls.X509KeyPair([]byte(text["lb1/etc/haproxy/"+name]), []byte(text["lb1/etc/haproxy/"+keys]))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if host := strings.TrimSuffix(filepath.Base(name), ".pem") + ".example.org"; pair.Leaf.VerifyHostname(host) != nil || pair.Leaf.NotAfter.Unix() != 4e9 {
			t.Errorf("%s is for %v until %s", name, pair.Leaf.DNSNames, pair.Leaf.NotAfter)
		}
	}
	if text["lb1/etc/haproxy/ca.pem"] != authority || !strings.Contains(text["lb1/etc/haproxy/certs/site.pem"], authority) {
		t.Error("the certificate of an authority is another one")
	}
	if mode := stat(t, folder+"/lb1/etc/keepalived/check.sh"); mode != 0o755 {
		t.Errorf("the check has mode %o: it can be run, but not written by all", mode)
	}
	checkRecord(t, text["lb1/halab-import.json"])
}

func checkRecord(t *testing.T, text string) {
	t.Helper()
	r, err := inventory.Read(fstest.MapFS{inventory.File: &fstest.MapFile{Data: []byte(text)}}, ".")
	if err != nil {
		t.Fatal(err)
	}
	var missing, replaced []string
	for _, m := range r.Missing {
		missing = append(missing, m.What+": "+m.Why)
	}
	for _, m := range r.Replaced {
		replaced = append(replaced, m.String())
	}
	if want := "/etc/keepalived/none/*.conf: include finds no file|/etc/haproxy/certs/none.pem: " + absent; strings.Join(missing, "|") != want {
		t.Errorf("missing: %q", missing)
	}
	for _, want := range []string{"/etc/haproxy/haproxy.cfg:5: password", "/etc/keepalived/conf.d/a.conf:5: password", "/etc/keepalived/check.sh:2: seen elsewhere as a secret",
		"/etc/haproxy/tickets:1: session key", "/etc/haproxy/certs/bare.pem.key:1: private key"} {
		if !slices.Contains(replaced, want) {
			t.Errorf("%q is not among the replaced: %q", want, replaced)
		}
	}
	if e, _ := r.Entry("/etc/keepalived/check.sh"); !e.OthersWrite() {
		t.Errorf("that others may write the check is not known: %+v", e)
	}
	if where, known := r.Program("killall-that-nobody-has"); !known || where != "" {
		t.Errorf("%q %v", where, known)
	}
	if _, known := r.Account("checker"); !known {
		t.Error("nobody asked for script_user")
	}
}

// inside is a line of a key's own.
func inside(pem string) string { return strings.Split(pem, "\n")[1] }

func stat(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func all(t *testing.T, folder string) map[string]string {
	t.Helper()
	text := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var data []byte
			data, err = os.ReadFile(filepath.Join(folder, name))
			text[name] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What a host says of its daemons and itself, read as it is printed there.
func TestReadsAnswers(t *testing.T) {
	running, installed := readDaemons(strings.Split(`dkeepalived 10 1 root
vKeepalived v2.2.7 (01/16,2022)
a/usr/sbin/keepalived
a--use-file=/opt/k.conf
a-i
alb-a
dkeepalived 11 10 root
dhaproxy 20 1 root
r/proc/20/root
o
vHAProxy version 2.8.1 2023/07/03 - https://haproxy.org/
dhaproxy 30 1 root
w/srv
vHA-Proxy version 1.5.18 2016/05/10
ahaproxy
a-Ws
a-f
alb/haproxy.cfg
a-f
a/etc/haproxy/conf.d
dhaproxy 31 30 haproxy
ihaproxy
vHAProxy version 2.6.12-1+deb12u1 2023/12/16`, "\n"))
	take := &taker{node: &Node{Record: inventory.New()}}
	k, _, err := take.daemon("keepalived", running, installed)
	if err != nil || k.Version != "2.2.7" || k.ConfigID != "lb-a" || k.Files[0] != "/opt/k.conf" {
		t.Errorf("%+v %v", k, err)
	}
	h, _, err := take.daemon("haproxy", running, installed)
	if err != nil || h.Version != "1.5.18" || h.User != "haproxy" || strings.Join(h.Files, " ") != "/srv/lb/haproxy.cfg /etc/haproxy/conf.d" {
		t.Errorf("%+v %v", h, err)
	}
	r := inventory.New()
	lacks := readMachine(strings.Split(`hlb1.example.org
kLinux 6.1.0
l1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN \    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
l2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP \    link/ether 02:42:0a:c6:5c:0b brd ff:ff:ff:ff:ff:ff
A2: eth0    inet 192.0.2.11/24 brd 192.0.2.255 scope global eth0\       valid_lft forever
A2: eth0    inet6 2001:db8::11/64 scope global \       valid_lft forever
A2: eth0    inet 10.0.0.1 peer 10.0.0.2/32 scope global eth0
Rdefault via 192.0.2.1 dev eth0 
snet/ipv4/ip_nonlocal_bind:1
snet/ipv4/conf/eth0.5/rp_filter:2
xip`, "\n"), &r)
	eth0, ok := r.Interface("eth0")
	if !ok || !eth0.Up || eth0.MTU != 1500 || eth0.Master != "br0" || len(eth0.Addresses) != 3 || !r.Has(netip.MustParseAddr("192.0.2.11")) {
		t.Errorf("%+v", r.Interfaces)
	}
	if r.Sysctls["net.ipv4.ip_nonlocal_bind"] != "1" || r.Sysctls["net.ipv4.conf.eth0/5.rp_filter"] != "2" || strings.Join(lacks, "") != "ip" || r.ID() != "lb1" {
		t.Errorf("%v %v %s", r.Sysctls, lacks, r.ID())
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// What ssh says becomes what to do.
func TestErrors(t *testing.T) {
	for said, want := range map[string]string{
		"echo 'ssh: Could not resolve hostname lb9: Name or service not known' >&2; exit 255": "nobody knows this name",
		"echo 'ssh: connect to host lb9 port 22: Connection refused' >&2; exit 255":           "unreachable",
		"echo 'admin@lb9: Permission denied (publickey).' >&2; exit 255":                      "ssh-copy-id lb9",
		"echo 'Host key verification failed.' >&2; exit 255":                                  "connect once by hand",
		"echo 'sudo: a password is required' >&2; exit 1":                                     "NOPASSWD",
		"echo 'This account is currently not available.'; exit 1":                             "the connection ended: This account is currently not available",
		"read -r line; exit 0":                   "the connection ended",
		"while :; do echo y; done":               "prints without end",
		"echo halab-import 1; read -r x; exit 3": "exit status 3",
		"while read -r l; do case $l in main) break;; esac; done; echo halab-import 1; read l; while :; do echo '|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; done": "has more than 16 MB",
	} {
		putSSH(t, said+"\n")
		_, err := Read(t.Context(), Options{Hosts: []string{"admin@lb9"}})
		if text := problem.Of(err).Text(); !strings.Contains(text, want) || !strings.HasPrefix(text, "admin@lb9: ") {
			t.Errorf("%s: %v, not %q", said, err, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Read(t.Context(), Options{Hosts: []string{"lb9"}}); !strings.Contains(problem.Of(err).Text(), "openssh-client") {
		t.Errorf("without ssh: %v", err)
	}
}

// Names that ssh would take for options go no further, and folders that are there
// stay as they are.
func TestRefusesNames(t *testing.T) {
	for _, hosts := range [][]string{{"-oProxyCommand=x"}, {"a@-b"}, {""}, {"a b"}, {"a", "b", "a"}} {
		if err := CheckHosts(hosts); err == nil {
			t.Errorf("%q is taken", hosts)
		}
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("there", 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, ok := range map[string]bool{"there": false, "new": true, "./new/": true, "none/new": false, ".": false, "..": false, "there/new": true} {
		if err := Free(folder); (err == nil) != ok {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

// Machines that call themselves alike are named as ssh knows them.
func TestNodesHaveNames(t *testing.T) {
	for _, c := range []struct{ hosts, hostnames, want string }{
		{"root@10.0.0.1 10.0.0.2", "lb1.example.org lb2", "lb1 lb2"},
		{"root@a b", "localhost localhost", "a b"},
		{"a b", "same same.example.org", "a b"},
		{"a", "..", "a"},
		{"root@a admin@a", "x x", "error"},
	} {
		var nodes []*Node
		for i, h := range strings.Fields(c.hosts) {
			n := &Node{Record: inventory.New()}
			n.Record.Host, n.Record.Hostname = h, strings.Fields(c.hostnames)[i]
			nodes = append(nodes, n)
		}
		got := "error"
		if give(nodes) == nil {
			got = ""
			for _, n := range nodes {
				got += n.Record.Name + " "
			}
		}
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %s, not %s", c.hosts, got, c.want)
		}
	}
}
