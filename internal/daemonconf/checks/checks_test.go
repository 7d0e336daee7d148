package checks

import (
	"strings"
	"testing"

	"halab/internal/daemonconf/facts"
)

func look(version, command, script string) Check {
	n := &facts.Node{Keepalived: facts.Keepalived{Version: facts.Version(version)}, Scripts: map[string]facts.ScriptFile{}}
	if script != "" {
		n.Scripts[strings.Fields(command)[0]] = facts.ScriptFile{Name: "file.sh", Text: script}
	}
	return Look(n, &facts.Script{Command: facts.Value[string]{V: command}})
}

func TestAsks(t *testing.T) {
	for command, want := range map[string]Asks{
		"/usr/bin/pgrep -x haproxy":                     Process,
		"killall -0 haproxy":                            Process,
		"/usr/bin/killall -0 nginx":                     Other,
		"/bin/kill -0 `cat /run/haproxy.pid`":           Process,
		"curl -sf http://127.0.0.1:8080/alive":          Answer,
		"/bin/nc -z 127.0.0.1 443":                      Port,
		"bash -c '</dev/tcp/127.0.0.1/6443'":            Port,
		"systemctl is-active --quiet haproxy":           Service,
		"/usr/bin/systemctl is-active --quiet mysqld":   Other,
		"/etc/keepalived/check.sh":                      Unknown,
		"ping -c 1 192.0.2.1":                           Other,
		"sh -c 'ss -ltn | grep -q :443'":                Port,
		"/bin/sh -c \"echo show info | socat x stdio\"": Answer,
	} {
		if got := look("2.2.7", command, ""); got.Asks != want {
			t.Errorf("%s asks for %s, not %s", command, got.Asks, want)
		}
	}
}

func TestShellWithoutShell(t *testing.T) {
	for command, want := range map[string]bool{
		"/bin/kill -0 $(cat /run/haproxy.pid)": true, "pidof haproxy > /dev/null": true, "a || b": true, "ps aux | grep x": true,
		"a && b": true, "x `y`": true, "kill -0 $PID": true, "a; b": true,
		"sh -c 'a || b'": false, "/bin/bash -c \"a | b\"": false, "curl 'http://x/?a=1&b=2|3'": false, "/usr/bin/pgrep -x haproxy": false,
		"curl http://x/?a=1&b=2": false,
	} {
		if got := look("2.2.7", command, ""); got.Shell != "" != want {
			t.Errorf("%s: %q", command, got.Shell)
		}
		if got := look("1.3.5", command, ""); got.Shell != "" {
			t.Errorf("1.3.5 runs scripts by a shell, but %s: %q", command, got.Shell)
		}
	}
}

func TestNeverFails(t *testing.T) {
	for script, want := range map[string]bool{
		"nc -z 127.0.0.1 443 || echo 1":                  true,
		"pidof haproxy || true":                          true,
		"pidof haproxy; exit 0":                          true,
		"pgrep haproxy | wc -l":                          true,
		"ps aux | grep haproxy":                          true,
		"ps aux | grep haproxy | grep -v grep":           false,
		"pidof haproxy":                                  false,
		"pidof haproxy || exit 1":                        false,
		"if ! pidof haproxy; then\n exit 1\nfi":          false,
		"if ! pidof haproxy; then\n echo down\nfi":       true,
		"if pidof haproxy; then exit 0; else exit 1; fi": false,
		"pgrep -f haproxy":                               true,
		"n=$(ps -C haproxy | wc -l)\nif [ $n -eq 0 ]; then\n systemctl stop keepalived\nfi": false,
		"curl -sf http://localhost/ > /dev/null\nexit 0":                                    true,
	} {
		if got := look("2.2.7", "/etc/keepalived/check_haproxy.sh", "#!/bin/sh\n"+script+"\n"); got.Never != "" != want {
			t.Errorf("%q: %q", script, got.Never)
		}
	}
}

func TestSlips(t *testing.T) {
	for script, want := range map[string]bool{
		"if [ $n -eq 0]; then x; fi":                                   true,
		"if [$n -eq 0 ]; then x; fi":                                   true,
		"if [ \"$n\"=\"0\" ]; then x; fi":                              true,
		"if [ $n=0 ]; then x; fi":                                      true,
		"if [ $n -eq 0 ]; then x; fi":                                  false,
		"if [ \"$n\" = 0 ]; then x; fi":                                false,
		"if [[ $n == 0 ]]; then x; fi":                                 false,
		"if [ `ps -C haproxy --no-header | wc -l` -eq 0 ]; then x; fi": false,
		"if [ \"${a[0]}\" = b ]; then x; fi":                           false,
	} {
		if got := look("2.2.7", "/x/chk.sh", script); got.Slip != "" != want {
			t.Errorf("%q: %q", script, got.Slip)
		}
	}
}

func TestStopsKeepalived(t *testing.T) {
	for script, want := range map[string]bool{
		"killall keepalived": true, "pkill -9 keepalived": true, "systemctl stop keepalived.service": true,
		"service keepalived stop": true, "/etc/init.d/keepalived stop": true, "kill $(cat /run/keepalived.pid)": true,
		"killall -0 keepalived": false, "systemctl restart haproxy": false,
	} {
		if got := look("2.2.7", "/x/chk.sh", script); got.Stops != want {
			t.Errorf("%q: %v", script, got.Stops)
		}
	}
	if !look("2.2.7", "/x/m.sh", "systemctl start haproxy").Starts {
		t.Error("a start of HAProxy is not seen")
	}
}

func TestTakesTheNodeOffTheNetwork(t *testing.T) {
	for script, want := range map[string]bool{
		"ip link set ens32 down": true, "/sbin/ip link set dev bond0 down": true, "ifdown eth0": true, "ifconfig eth0 down": true,
		"nmcli con down web": true, "systemctl stop NetworkManager": true, "/sbin/reboot": true,
		"ip link show ens32": false, "ip link set ens32 up": false, "echo eth0 is down": false, "grep reboot /var/log/x": false,
	} {
		if got := look("2.2.7", "/x/chk.sh", script); got.Cuts != want {
			t.Errorf("%q: %v", script, got.Cuts)
		}
	}
}

func TestStartsHAProxyAgain(t *testing.T) {
	for script, want := range map[string]bool{
		"pidof haproxy || systemctl start haproxy":       true,
		"pidof haproxy || systemctl restart haproxy":     true,
		"killall -0 haproxy || docker restart haproxy":   true,
		"pidof haproxy || /etc/init.d/haproxy start":     true,
		"pidof haproxy || systemctl stop haproxy":        false,
		"pidof nginx || systemctl start nginx":           false,
		"ping -c 1 192.0.2.1 || systemctl start haproxy": false,
	} {
		if got := look("2.2.7", "/x/chk.sh", script).Revives(); got != want {
			t.Errorf("%q: %v", script, got)
		}
	}
}
