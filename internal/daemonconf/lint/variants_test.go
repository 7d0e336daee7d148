package lint

import (
	"strings"
	"testing"
	"testing/fstest"
)

// change is what a variant does to the files of both nodes of a sound pair, or of
// one: old and new text in turn.
type change struct {
	both, lb1, lb2 []string
	files          map[string]string
	on             string
}

// variant is the sound pair web-weight-zero with a change.
func variant(t *testing.T, c change) Report {
	t.Helper()
	files := fstest.MapFS{}
	for name, f := range fixture(t, "sound/web-weight-zero") {
		text := string(f.Data)
		replace := func(pairs []string) {
			for i := 0; i+1 < len(pairs); i += 2 {
				text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
			}
		}
		replace(c.both)
		if strings.HasPrefix(name, "lb1/") {
			replace(c.lb1)
		} else {
			replace(c.lb2)
		}
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	for name, text := range c.files {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	if c.on == "" {
		c.on = "debian12"
	}
	return Run(load(t, files, c.on))
}

const (
	interval = "    interval 2\n"
	script   = `"/usr/bin/pgrep -x haproxy"`
	state    = "state MASTER"
	vip      = "        192.0.2.10/24\n"
	iface    = "    interface eth0\n"
)

// The same mistake in other words is found, and its sound neighbour is not.
func TestVariants(t *testing.T) {
	weight := func(w string) []string { return []string{interval, interval + "    weight " + w + "\n"} }
	for name, c := range map[string]struct {
		change
		rule  string // "" is sound: no error, no warning
		words string // of haproxy-kill, "" leaves it open
	}{
		"weight 2 passes a gap of 1":       {change{both: weight("2")}, "", "2.6–5.6 s"},
		"weight 1 equals a gap of 1":       {change{both: weight("1")}, "weight-below-gap", never},
		"weight -1 equals a gap of 1":      {change{both: weight("-1")}, "weight-below-gap", never},
		"weight -20 passes":                {change{both: weight("-20")}, "", "2.6–5.6 s"},
		"weight on the tracking line":      {change{both: []string{"        chk_haproxy\n    }", "        chk_haproxy weight -1\n    }"}}, "weight-below-gap", never},
		"positive weight on one node only": {change{lb1: weight("50"), lb2: []string{"        chk_haproxy\n", ""}}, "weight-below-gap", never},
		"weight and reverse":               {change{both: weight("-20 reverse")}, "", ""},
		"nopreempt on the backup only":     {change{both: weight("-50"), lb2: []string{iface, iface + "    nopreempt\n"}}, "weight-with-nopreempt", never},
		"nopreempt without weight":         {change{both: []string{state, "state BACKUP", iface, iface + "    nopreempt\n"}}, "", "0.6–2.6 s"},
		"nopreempt with MASTER":            {change{both: []string{iface, iface + "    nopreempt\n"}}, "nopreempt-ignored", ""},
		"fall 30":                          {change{both: []string{interval, "    interval 1\n    fall 30\n"}}, "slow-check", "29.6–30.6 s"},
		"weight in a sync group":           {change{both: append(weight("-20"), "}\n\nvrrp_script", "}\nvrrp_sync_group g {\n group {\n VI_1\n }\n}\nvrrp_script")}, "weight-in-sync-group", never},

		"a pipe":                    {change{both: []string{script, `"ps aux | grep haproxy"`}}, "shell-without-shell", nobody},
		"backticks, no quotes":      {change{both: []string{script, "/bin/kill -0 `cat /run/haproxy.pid`"}}, "shell-without-shell", nobody},
		"the shell's own network":   {change{both: []string{script, `"</dev/tcp/127.0.0.1/80"`}}, "shell-without-shell", nobody},
		"a pipe in a shell":         {change{both: []string{script, `"/bin/sh -c 'ss -ltn | grep -q :80'"`}}, "", "0.6–2.6 s"},
		"a pipe on 1.3.5":           {change{both: []string{script, `"ss -ltn | grep -q :80"`}, on: "centos7"}, "", "1.6–4.6 s"},
		"true after the test":       {change{both: []string{script, `"/bin/sh -c 'pidof haproxy || true'"`}}, "check-never-fails", never},
		"another program":           {change{both: []string{script, `"/usr/bin/killall -0 nginx"`}}, "check-asks-elsewhere", never},
		"another port":              {change{both: []string{script, `"/usr/bin/nc -z 127.0.0.1 6443"`}}, "check-asks-elsewhere", never},
		"the VIP from everywhere":   {change{both: []string{script, `"/usr/bin/curl -sf http://192.0.2.10/"`}}, "check-asks-vip", nobody},
		"a server by itself":        {change{both: []string{script, `"/usr/bin/curl -sf http://198.51.100.11:8080/"`}}, "check-too-deep", ""},
		"a hang is seen":            {change{both: []string{script, `"/usr/bin/curl -sf -m 1 http://127.0.0.1:8404/alive"`, "frontend web", "frontend alive\n    bind 127.0.0.1:8404\n    monitor-uri /alive\n\nfrontend web"}}, "", "0.6–2.6 s"},
		"a monitor of the servers":  {change{both: []string{script, `"/usr/bin/curl -sf -m 1 http://127.0.0.1:8404/alive"`, "frontend web", "frontend alive\n    bind 127.0.0.1:8404\n    monitor-uri /alive\n    monitor fail if { nbsrv(shop) lt 1 }\n\nfrontend web"}}, "check-too-deep", ""},
		"a script that is not here": {change{both: []string{script, "/etc/keepalived/chk.sh"}}, "", "0.6–2.6 s"},
		"a script in /tmp":          {change{both: []string{script, "/tmp/chk.sh"}}, "script-disabled", never},
		"restart is no start":       {change{both: []string{iface, iface + "    notify_master \"/usr/bin/systemctl restart haproxy\"\n"}}, "", ""},
		"notify with a state":       {change{both: []string{iface, iface + "    notify /etc/keepalived/n.sh\n"}, files: map[string]string{"lb1/n.sh": "#!/bin/sh\ncase $3 in\nMASTER) systemctl start haproxy;;\nesac\n"}}, "started-by-notify", ""},

		"state MASTER twice":            {change{both: []string{"state BACKUP", state}}, "same-priority", ""},
		"equal, nobody preempts":        {change{both: []string{state, "state BACKUP", "priority 101", "priority 100", iface, iface + "    nopreempt\n"}}, "", "0.6–2.6 s"},
		"equal, both preempt":           {change{both: []string{state, "state BACKUP", "priority 101", "priority 100"}}, "same-priority", ""},
		"another password":              {change{lb2: []string{"k7wQ2mXa", "k7wQ2mXb"}}, "auth-differs", two},
		"another password on 1.3.5":     {change{lb2: []string{"k7wQ2mXa", "k7wQ2mXb"}, on: "centos7"}, "auth-differs", "1.6–4.6 s"},
		"passwords differ from the 9th": {change{lb1: []string{"k7wQ2mXa", "k7wQ2mXa1"}, lb2: []string{"k7wQ2mXa", "k7wQ2mXa2"}}, "", "0.6–2.6 s"},
		"no password there":             {change{lb2: []string{"auth_type PASS", "auth_type AH"}}, "auth-differs", two},
		"another router id":             {change{lb2: []string{"virtual_router_id 51", "virtual_router_id 52"}}, "router-id-differs", two},
		"another VRRP":                  {change{lb2: []string{iface, iface + "    version 3\n"}}, "version-differs", two},
		"half a second more, VRRPv2":    {change{lb2: []string{"advert_int 1", "advert_int 1.5"}}, "advert-differs", two}, // 2.2.7 rounds it to 2
		"a bit more, VRRPv2":            {change{lb2: []string{"advert_int 1", "advert_int 1.3"}}, "", "0.6–2.6 s"},
		"another VIP there":             {change{lb2: []string{vip, "        192.0.2.11/24\n"}}, "router-id-shared", ""},
		"VIPs in another order":         {change{lb1: []string{vip, vip + "        192.0.2.11/24\n"}, lb2: []string{vip, "        192.0.2.11\n" + vip}}, "", "0.6–2.6 s"},
		"a VIP more, checks off":        {change{both: []string{"script_user", "vrrp_skip_check_adv_addr\n    script_user"}, lb1: []string{vip, vip + "        192.0.2.11/24\n"}}, "", ""},
		"peer that is somebody else":    {change{lb1: unicast("192.0.2.1", "192.0.2.3"), lb2: unicast("192.0.2.2", "192.0.2.1")}, "peer-missing", two},
		"peers that fit":                {change{lb1: unicast("192.0.2.1", "192.0.2.2"), lb2: unicast("192.0.2.2", "192.0.2.1")}, "", "0.6–2.6 s"},
		"unicast here only":             {change{lb1: unicast("192.0.2.1", "192.0.2.2")}, "unicast-and-multicast", two},
		"state in small letters":        {change{both: []string{state, "state master"}}, "value-ignored", ""},
		"a priority that is a word":     {change{lb2: []string{"priority 100", "priority low"}}, "value-ignored", ""},
		"an address that is none":       {change{both: []string{vip, vip + "        192.0.2.400\n"}}, "value-ignored", ""},
		"auth that nobody knows":        {change{both: []string{"auth_type PASS", "auth_type HA"}}, "", "0.6–2.6 s"},
		"strict":                        {change{both: []string{"script_user", "vrrp_strict\n    script_user"}}, "vrrp-strict", ""},

		"bound to the VIP, IPv6":        {change{both: []string{vip, "        2001:db8::10/64\n", "bind :80", "bind [2001:db8::10]:80"}}, "bind-needs-address", nobody},
		"bound to the VIP, transparent": {change{both: []string{"bind :80", "bind 192.0.2.10:80 transparent"}}, "", "0.6–2.6 s"},
		"bound to the VIP and loopback": {change{both: []string{"bind :80", "bind 127.0.0.1:80,192.0.2.10:80"}}, "bind-needs-address", ""},
		"a digit more":                  {change{both: []string{"bind :80", "bind 192.0.2.100:80"}}, "bind-beside-vip", ""},
		"own addresses beside the VIP":  {change{lb1: []string{"bind :80", "bind :80\n    bind 192.0.2.11:8404"}, lb2: []string{"bind :80", "bind :80\n    bind 192.0.2.12:8404"}}, "", ""},
		"loopback only":                 {change{both: []string{"bind :80", "bind 127.0.0.1:80"}}, "bind-beside-vip", ""},
		"a port on one node":            {change{lb1: []string{"bind :80", "bind :80\n    bind :443"}}, "listener-missing", ""},
		"a backend that is not":         {change{both: []string{"default_backend shop", "default_backend shops"}}, "backend-missing", ""},
		"tcp by default, idle 50 s":     {change{both: []string{"    mode http\n", "", "timeout client 30s", "timeout client 50000"}}, "idle-timeout", ""},
		"tcp with a tunnel":             {change{both: []string{"mode http", "mode tcp\n    timeout tunnel 1h"}}, "sessions-stay", ""},
		"retries without redispatch":    {change{both: []string{"option redispatch", "retries 2"}}, "no-redispatch", ""},
		"silent about both":             {change{both: []string{"    option redispatch\n", ""}}, "", ""},
		"ssl hello, then http":          {change{both: []string{"    option httpchk", "    option ssl-hello-chk\n    option httpchk"}}, "check-overridden", ""},
		"tcp-check over the defaults":   {change{both: []string{"    option redispatch", "    option redispatch\n    option tcp-check"}}, "", ""},
		"nobody is checked":             {change{both: []string{" check\n", "\n"}}, "servers-unchecked", ""},
		"nbproc":                        {change{both: []string{"defaults\n", "global\n    nbproc 2\ndefaults\n"}}, "syntax-version", ""},
		"nbproc on 2.2":                 {change{both: []string{"defaults\n", "global\n    nbproc 2\ndefaults\n"}, on: "debian11"}, "", ""},
		"nbproc for old ones only":      {change{both: []string{"defaults\n", "global\n.if version_before(2.5)\n    nbproc 2\n.endif\ndefaults\n"}}, "", ""},
		"crt-store":                     {change{both: []string{"defaults\n", "crt-store web\ndefaults\n"}}, "syntax-version", ""},
		"crt-store on 3.0":              {change{both: []string{"defaults\n", "crt-store web\ndefaults\n"}, on: "debian13"}, "", ""},
		"reqadd":                        {change{both: []string{"frontend web\n", "frontend web\n    reqadd X-A:\\ b\n"}}, "syntax-version", ""},
		"no end of the last line":       {change{both: []string{"198.51.100.12:8080 check\n", "198.51.100.12:8080 check"}}, "syntax-version", ""},
		"half a second before 2.3.2":    {change{both: []string{interval, "    interval 0.5\n"}, on: "debian12"}, "", "0.6–1.6 s"},
		"half a second since 2.3.2":     {change{both: []string{interval, "    interval 0.5\n"}, on: "debian13"}, "", "0.6–1.1 s"},
		"VRRPv3, a hundredth":           {change{both: []string{iface, iface + "    version 3\n", "advert_int 1", "advert_int 0.01", "    authentication {\n        auth_type PASS\n        auth_pass k7wQ2mXa\n    }\n", ""}}, "", "0.0–2.0 s"},
	} {
		r := variant(t, c.change)
		loud := r.Count(Error) + r.Count(Warning)
		switch {
		case c.rule == "" && loud > 0:
			t.Errorf("%s: sound, but\n%s", name, text(r))
		case c.rule != "" && !has(r, c.rule, Error) && !has(r, c.rule, Warning):
			t.Errorf("%s: no %s:\n%s", name, c.rule, text(r))
		}
		if words := Words(r.Tables[0].Rows[0]); c.words != "" && words != c.words {
			t.Errorf("%s: haproxy-kill is forecast as %s (%s), not as %s", name, words, r.Tables[0].Rows[0].Formula, c.words)
		}
	}
}

// unicast makes a node speak unicast.
func unicast(own, peer string) []string {
	return []string{iface, iface + "    unicast_src_ip " + own + "\n    unicast_peer {\n        " + peer + "\n    }\n"}
}
