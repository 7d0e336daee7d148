package app

import (
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/daemonconf"
)

const checkedFile = `global_defs {
    enable_script_security
    %s
}
vrrp_script chk_web {
    script "/usr/bin/curl -sf http://127.0.0.1/alive"
    interval 2
}
vrrp_script chk_process {
    script "/usr/bin/pgrep haproxy"
    timeout 1
    user nobody
}
vrrp_script chk_forgotten {
    script "/bin/true"
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.0.2.10/24
    }
    track_script {
        chk_web
        chk_process
    }
}
`

func rowsOf(t *testing.T, keepalived, version string, own bool) ([]CheckRow, string) {
	t.Helper()
	n, err := daemonconf.Text("lb1", keepalived, "", daemonconf.Versions{Keepalived: "2.2.7", HAProxy: "2.6.12"})
	if err != nil {
		t.Fatal(err)
	}
	if version == "1.3.5" {
		n.Keepalived.Version = "1.3.5"
	}
	return checkRows(n, own)
}

// Each check is run as its own user, or as that of the whole file, and no longer than
// its timeout; what keepalived does not run is not run, and why is said.
func TestCheckRows(t *testing.T) {
	rows, none := rowsOf(t, strings.Replace(checkedFile, "%s", "script_user monitor", 1), "2.2.7", true)
	if len(rows) != 3 || none != "" {
		t.Fatalf("%+v %q", rows, none)
	}
	web, process := rows[0].request, rows[1].request
	if web.User != "monitor" || web.TimeoutMs != 2000 || web.Shell || web.Command != "/usr/bin/curl -sf http://127.0.0.1/alive" {
		t.Errorf("chk_web: %+v", web)
	}
	if process.User != "nobody" || process.TimeoutMs != 1000 {
		t.Errorf("chk_process: %+v", process)
	}
	if rows[0].Off != "" || rows[1].Off != "" || !strings.Contains(rows[2].Off, "track_script") {
		t.Errorf("off: %q %q %q", rows[0].Off, rows[1].Off, rows[2].Off)
	}

	rows, _ = rowsOf(t, strings.Replace(checkedFile, "%s", "", 1), "2.2.7", true)
	if !strings.Contains(rows[0].Off, "without script_user") || rows[1].Off != "" {
		t.Errorf("without script_user: %q %q", rows[0].Off, rows[1].Off)
	}
	if rows, _ = rowsOf(t, strings.Replace(checkedFile, "%s", "", 1), "1.3.5", true); !rows[0].request.Shell {
		t.Error("1.3.5 gives a script to a shell")
	}
	bare := "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n}\n"
	if rows, none = rowsOf(t, bare, "2.2.7", false); len(rows) != 0 || !strings.Contains(none, "process 1 follows HAProxy") {
		t.Errorf("halab's own: %v %q", rows, none)
	}
	if _, none = rowsOf(t, bare, "2.2.7", true); !strings.Contains(none, "nothing tells keepalived") {
		t.Errorf("own: %q", none)
	}
}

func TestJudge(t *testing.T) {
	good, bad := agentapi.CheckRun{}, agentapi.CheckRun{Exit: 1}
	late := agentapi.CheckRun{Exit: -1, TimedOut: true}
	for _, c := range []struct {
		up, dead, hung agentapi.CheckRun
		verdict        string
		tells          bool
	}{
		{good, bad, late, "ok", true},
		{good, late, bad, "ok", true},
		{good, bad, good, "ok; does not see a hang", true},
		{good, good, bad, "never fails", false},
		{bad, bad, bad, "never succeeds", false},
		{late, bad, late, "never succeeds", false},
		{bad, good, good, "the wrong way round", false},
		{agentapi.CheckRun{Exit: -1, Error: "no such file"}, bad, bad, "can't be run: no such file", false},
	} {
		r := CheckRow{Up: &c.up, Dead: &c.dead, Hung: &c.hung}
		r.judge()
		if r.Tells != c.tells || !strings.HasPrefix(r.Verdict, c.verdict) || c.verdict == "ok" && r.Verdict != "ok" {
			t.Errorf("%+v: %q %v", c, r.Verdict, r.Tells)
		}
		table := CheckTable{Checks: []CheckRow{{Tells: true}, r}}
		if table.Tells() != c.tells {
			t.Errorf("the table of %q tells: %v", r.Verdict, table.Tells())
		}
	}
	off := CheckRow{Off: "nobody tracks it"}
	if off.judge(); off.Tells || !strings.Contains(off.Verdict, "does not run it: nobody tracks it") {
		t.Errorf("off: %+v", off)
	}
}
