package behind_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"halab/internal/agent/behind"
	"halab/internal/agentapi"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/adapt"
)

// checks are HAProxy's ways to ask for a server's health, each in a backend of its
// own, and what HAProxy says of a server that does as expected (management guide,
// 9.1, check_status). HERE:1 is port 9001 of an address of the loopback network.
var checks = []struct{ name, status, lines string }{
	{"plain", "L4OK", "mode tcp\nserver s HERE:1 check"},
	{"proxy1", "L4OK", "mode tcp\nserver s HERE:2 check send-proxy"},
	{"proxy2", "L7OK", "option httpchk\nserver s HERE:3 check send-proxy-v2"},
	{"http", "L7OK", "option httpchk GET /healthz\nhttp-check expect status 204\nserver s HERE:4 check"},
	{"http-silent", "L7OK", "option httpchk\nserver s HERE:5 check"},
	{"http-string", "L7OK", "option httpchk GET /a\nhttp-check expect string all\\ good\nserver s HERE:6 check"},
	{"http-rstring", "L7OK", "option httpchk GET /a\nhttp-check expect rstring ^up[0-9]{3}$\nserver s HERE:7 check"},
	{"http-rstatus", "L7OK", "option httpchk GET /a\nhttp-check expect rstatus ^40[13]\nserver s HERE:8 check"},
	{"http-not", "L7OK", "option httpchk GET /a\nhttp-check expect ! string ok\nserver s HERE:9 check"},
	{"http-not-status", "L7OK", "option httpchk GET /a\nhttp-check expect ! rstatus ^2\nserver s HERE:10 check"},
	{"http-header", "L7OK", "option httpchk GET /a\nhttp-check expect hdr name x-state value -m reg ^ok[0-9]\nserver s HERE:11 check"},
	{"http-no-host", "L7OK", "option httpchk GET /a HTTP/1.1\nhttp-check expect status 200\nserver s HERE:12 check"},
	{"http-send", "L7OK", "option httpchk\nhttp-check send meth HEAD uri /h ver HTTP/1.1 hdr Host a.example.org\nhttp-check expect status 200-299\nserver s HERE:13 check"},
	{"http-two", "L7OK", "option httpchk\nhttp-check connect\nhttp-check send meth GET uri /a\nhttp-check expect status 201\nhttp-check connect port 9014 ssl\nhttp-check send meth GET uri /b\nhttp-check expect status 202\nserver s HERE:14 check verify none"},
	{"https", "L7OK", "option httpchk GET /a\nhttp-check expect string yes\nserver s HERE:15 check ssl verify none"},
	{"https-check", "L7OK", "option httpchk GET /a\nserver s HERE:16 check check-ssl verify none port 9016"},
	{"h2", "L7OK", "option httpchk GET /a\nhttp-check expect status 203\nserver s HERE:17 check proto h2"},
	{"h2-tls", "L7OK", "option httpchk GET /a\nhttp-check expect status 203\nserver s HERE:18 check ssl verify none alpn h2 check-alpn h2"},
	{"tls-signed", "L7OK", "option httpchk GET /a\nserver s HERE:19 check ssl verify required ca-file CA verifyhost a.example.org"},
	{"hello", "L6OK", "mode tcp\noption ssl-hello-chk\nserver s HERE:20 check"},
	{"tcp-banner", "L7OK", "mode tcp\noption tcp-check\ntcp-check expect rstring ^220\nserver s HERE:21 check"},
	{"tcp-redis", "L7OK", "mode tcp\noption tcp-check\ntcp-check send AUTH\\ word\\r\\n\ntcp-check expect string +OK\ntcp-check send PING\\r\\n\ntcp-check expect string +PONG\ntcp-check send info\\ replication\\r\\n\ntcp-check expect string role:master\ntcp-check send QUIT\\r\\n\ntcp-check expect string +OK\nserver s HERE:22 check"},
	{"tcp-binary", "L7OK", "mode tcp\noption tcp-check\ntcp-check send-binary 50494e470d0a\ntcp-check expect binary 2b504f4e47\nserver s HERE:23 check"},
	{"tcp-rbinary", "L7OK", "mode tcp\noption tcp-check\ntcp-check send-binary 0102\ntcp-check expect rbinary ^0A0[0-9]FF\nserver s HERE:24 check"},
	{"tcp-ports", "L7OK", "mode tcp\noption tcp-check\ntcp-check connect port 9025\ntcp-check expect string one\ntcp-check connect port 9026 ssl\ntcp-check send hello\ntcp-check expect string two\nserver s HERE:25 check verify none"},
	{"mysql", "L7OK", "mode tcp\noption mysql-check\nserver s HERE:27 check"},
	{"mysql-user", "L7OK", "mode tcp\noption mysql-check user haproxy\nserver s HERE:28 check"},
	{"mysql-post", "L7OK", "mode tcp\noption mysql-check user haproxy post-41\nserver s HERE:29 check"},
	{"pgsql", "L7OK", "mode tcp\noption pgsql-check user haproxy\nserver s HERE:30 check"},
	{"redis", "L7OK", "mode tcp\noption redis-check\nserver s HERE:31 check"},
	{"smtp", "L7OK", "mode tcp\noption smtpchk\nserver s HERE:32 check"},
	{"smtp-ehlo", "L7OK", "mode tcp\noption smtpchk EHLO a.example.org\nserver s HERE:33 check"},
	{"ldap", "L7OK", "mode tcp\noption ldap-check\nserver s HERE:34 check"},
	{"agent", "L4OK", "mode tcp\nserver s HERE:35 check agent-check agent-port 9035 agent-inter 200ms"},
	{"port", "L7OK", "mode tcp\noption httpchk GET /primary\nhttp-check expect status 200\nserver s HERE:36 check port 8036"},
}

var port = regexp.MustCompile(`HERE:\d+`)

// here is an address of the loopback network that no other run of this test has.
func here() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, pid&255)
}

// configured writes a haproxy.cfg of all checks, or skips the test where HAProxy is
// not installed.
func configured(t *testing.T) (file string, stand adapt.Stand) {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed here")
	}
	dir := t.TempDir()
	var b strings.Builder
	fmt.Fprintf(&b, "global\n    stats socket %s/stats level admin\ndefaults\n    mode http\n    timeout connect 1s\n    timeout client 20s\n    timeout server 20s\n    timeout check 300ms\n"+
		"    default-server inter 100ms fastinter 100ms downinter 100ms rise 1 fall 1\nfrontend web\n    bind %s:8000\n    default_backend http\n"+
		"frontend bytes\n    mode tcp\n    bind %s:8001\n    default_backend plain\n", dir, here(), here())
	for _, c := range checks {
		lines := port.ReplaceAllStringFunc(c.lines, func(text string) string {
			n, _ := strconv.Atoi(strings.TrimPrefix(text, "HERE:"))
			return fmt.Sprintf("%s:%d", here(), 9000+n)
		})
		fmt.Fprintf(&b, "backend %s\n    %s\n", c.name, strings.NewReplacer("\n", "\n    ", "CA", dir+"/ca.pem").Replace(lines))
	}
	file = filepath.Join(dir, "haproxy.cfg")
	write(t, file, b.String())
	v, _ := daemonconf.BaseVersions("debian12")
	nodes, err := daemonconf.Load([]daemonconf.Place{{Files: os.DirFS(dir), Name: ".", Label: "lb1"}}, v)
	if err != nil {
		t.Fatal(err)
	}
	lab := adapt.Of(nodes, adapt.Options{})
	if len(lab.Unmet) > 0 {
		t.Fatalf("%+v", lab.Unmet)
	}
	stand = lab.Nodes[0].Local
	certificate, key := authority(t)
	stand.Authority = certificate + key
	write(t, filepath.Join(dir, "ca.pem"), certificate)
	// A name and a service that HAProxy asks the lab's name server for, as it has no
	// other: their servers are here.
	address := fmt.Sprintf("%s:9040", here())
	stand.DNS = &agentapi.BehindDNS{Listen: []string{here() + ":9053"}, Names: map[string][]string{"app.example.org": {here()}, "one.example.org": {here()}},
		Services: map[string][]agentapi.SRV{"_web._tcp.example.org": {{Target: "one.example.org", Port: 9040}}}}
	stand.Listeners = append(stand.Listeners, agentapi.BehindListener{Address: address, Servers: []string{"named/s"}, Speaks: agentapi.BehindHTTP})
	fmt.Fprintf(&b, "resolvers lab\n    nameserver one %s:9053\n    hold valid 1s\n    timeout retry 200ms\nbackend named\n    option httpchk\n    server s app.example.org:9040 check resolvers lab init-addr none\n"+
		"backend service\n    option httpchk\n    server-template s 1 _web._tcp.example.org check resolvers lab init-addr none\n", here())
	write(t, file, b.String())
	return file, stand
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start stands for the servers and runs HAProxy before them.
func start(t *testing.T) (haproxy, control string) {
	t.Helper()
	file, stand := configured(t)
	control = filepath.Join(t.TempDir(), "behind.sock")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- behind.Run(ctx, stand.Behind, control, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	await(t, "the stand-in", func() string {
		select {
		case err := <-ended:
			ended <- nil
			t.Fatal(err)
		default:
		}
		if _, err := os.Stat(control); err != nil {
			return err.Error()
		}
		return ""
	})
	var said strings.Builder
	cmd := exec.CommandContext(ctx, "haproxy", "-db", "-f", file)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was interrupted
		if t.Failed() {
			t.Log(said.String())
		}
	})
	haproxy = filepath.Join(filepath.Dir(file), "stats")
	if out, err := exec.CommandContext(ctx, "haproxy", "-c", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	await(t, "HAProxy", func() string {
		if _, err := os.Stat(haproxy); err != nil {
			return err.Error()
		}
		return ""
	})
	return haproxy, control
}

// await waits until a look finds nothing wrong.
func await(t *testing.T, what string, look func() string) {
	t.Helper()
	wrong := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if wrong = look(); wrong == "" {
			return
		}
	}
	t.Fatalf("%s: %s", what, wrong)
}

// stats are HAProxy's own words about its servers: backend -> column -> value.
func stats(t *testing.T, socket string) map[string]map[string]string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "show stat\n"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(conn).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, row := range rows[1:] {
		if row[1] != "s" && row[1] != "s1" { // frontends and backends
			continue
		}
		all[row[0]] = map[string]string{}
		for i, name := range rows[0] {
			all[row[0]][name] = row[i]
		}
	}
	return all
}

// A real HAProxy is content with what stands for its servers, however it asks.
func TestHAProxyIsContent(t *testing.T) {
	haproxy, control := start(t)
	await(t, "all checks", func() string {
		var wrong []string
		for name, s := range stats(t, haproxy) {
			want := "L7OK"
			for _, c := range checks {
				if c.name == name {
					want = c.status
				}
			}
			if s["status"] != "UP" || s["check_status"] != want {
				wrong = append(wrong, fmt.Sprintf("%s is %s by %s, not by %s (%s)", name, s["status"], s["check_status"], want, s["last_chk"]))
			}
		}
		slices.Sort(wrong)
		return strings.Join(wrong, "\n")
	})
	await(t, "the agent", func() string {
		if s := stats(t, haproxy)["agent"]; s["agent_status"] != "L7OK" {
			return s["agent_status"]
		}
		return ""
	})
	for _, name := range []string{"http", "https", "plain", "mysql-user", "tcp-redis", "h2"} {
		for _, state := range []string{agentapi.BehindStop, agentapi.BehindKill, agentapi.BehindHang, agentapi.BehindError, agentapi.BehindSlow} {
			if name == "plain" && state != agentapi.BehindStop && state != agentapi.BehindKill {
				continue // a check that only connects sees nothing else
			}
			tell(t, control, name+"/s", state, "2000")
			await(t, name+" down by "+state, status(t, haproxy, name, "DOWN"))
			tell(t, control, name+"/s", agentapi.BehindUp)
			await(t, name+" up after "+state, status(t, haproxy, name, "UP"))
		}
	}
	for name, s := range stats(t, haproxy) { // each alone
		if s["status"] != "UP" {
			t.Errorf("%s is %s", name, s["status"])
		}
	}
}

func status(t *testing.T, haproxy, name, want string) func() string {
	return func() string {
		if s := stats(t, haproxy)[name]; s["status"] != want {
			return fmt.Sprintf("%s %s %s", s["status"], s["check_status"], s["last_chk"])
		}
		return ""
	}
}

// What goes through HAProxy arrives, and an open connection has the fate of its
// server.
func TestTrafficThroughHAProxy(t *testing.T) {
	haproxy, control := start(t)
	for _, name := range []string{"http", "plain"} {
		await(t, name, status(t, haproxy, name, "UP"))
	}
	if body := get(t, "http://"+here()+":8000/shop"); !strings.Contains(body, `"server":"http/s"`) {
		t.Errorf("GET /shop: %s", body)
	}
	held, err := net.Dial("tcp", here()+":8001")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	echo := func(text string) error {
		if err := held.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
			return err
		}
		if _, err := io.WriteString(held, text); err != nil {
			return err
		}
		_, err := io.ReadFull(held, make([]byte, len(text)))
		return err
	}
	if err := echo("one"); err != nil {
		t.Fatal(err)
	}
	tell(t, control, "plain/s", agentapi.BehindStop)
	if err := echo("two"); err != nil {
		t.Errorf("a server that stops keeps what is open: %v", err)
	}
	tell(t, control, "plain/s", agentapi.BehindHang)
	if err := echo("three"); err == nil || !os.IsTimeout(err) {
		t.Errorf("a server that hangs says nothing: %v", err)
	}
	tell(t, control, "plain/s", agentapi.BehindKill)
	if err := echo("four"); err == nil || os.IsTimeout(err) {
		t.Errorf("what a dead server had open is closed: %v", err)
	}
}
