package drill

import (
	"strings"
	"testing"

	"halab/internal/daemonconf/facts"
	"halab/internal/topology"
)

// A finding names the drill of its own cluster, and none where the lab can't do it.
func TestFindings(t *testing.T) {
	t.Parallel()
	const keepalived = `global_defs {
  script_user root
  enable_script_security
}
vrrp_script chk {
  script "/usr/bin/pgrep haproxy"
  interval 3
  weight 2
  rise 4
}
vrrp_instance VI {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority PRIORITY
  advert_int 1
  virtual_ipaddress {
    192.0.2.10/24
  }
  track_script {
    chk
  }
}
`
	const haproxy = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nfrontend f\n  bind :80\n  default_backend b\nbackend b\n  server s 198.51.100.21:80 check\n"
	f := &forecast{own: true, nodes: map[string]facts.Node{}, clusters: map[string][]string{"other": {"x"}, "pair": {"a", "b"}}}
	texts := map[string]map[string]string{}
	for node, priority := range map[string]string{"a": "150", "b": "100"} {
		texts[node] = map[string]string{"keepalived": strings.Replace(keepalived, "PRIORITY", priority, 1), "haproxy": haproxy}
	}
	f.daemons = map[string]string{"haproxy": "2.6.12", "keepalived": "2.2.7"}
	f.read(texts)
	menu := NewMenu(&topology.Lab{Profile: topology.ProfileOwn, Clusters: []topology.Cluster{{Name: "other"}, {Name: "pair"}}}, nil)
	drills := map[string]string{}
	for _, finding := range (&Drill{forecast: f}).Findings(menu) {
		drills[finding.Rule] = finding.Drill + " " + finding.At
	}
	if got := drills["weight-below-gap"]; !strings.HasPrefix(got, "pair/haproxy-kill a/keepalived.conf:") {
		t.Errorf("weight-below-gap is proved by %q, of %v", got, drills)
	}
	for rule, got := range drills {
		if strings.Contains(got, "/app-") {
			t.Errorf("%s: a lab without an app can't do %s", rule, got)
		}
	}
	if got := f.rest(); got != ownRest+15_000_000_000 {
		t.Errorf("rise 4 every 3 s: %s are watched; five checks are 15 s, after %s", got, ownRest)
	}
	never := Scenario{Name: "pair/haproxy-kill", Cluster: "pair"}
	for _, sc := range menu.Scenarios() {
		if sc.Name == never.Name {
			never = sc
		}
	}
	if got := f.patience(timings(topology.ProfileOwn), never); got.recovery < neverWatched || got.calm != ownCalm {
		t.Errorf("what never moves is watched for %s, and calm is %s", got.recovery, got.calm)
	}
	if f.own = false; (&Drill{forecast: f}).Findings(menu) != nil {
		t.Error("halab's own files have findings")
	}
}
