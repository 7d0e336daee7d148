package predict

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

var update = flag.Bool("update", false, "write the golden files anew")

// configurations are the files that the templates give, as their own tests have
// them.
const configurations = "../render/testdata"

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(configurations, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func input(t testing.TB, base, profile, cluster string, of effect.Effect) Input {
	t.Helper()
	version := map[string]string{"debian12": "2.2.7", "centos7": "1.3.5"}[base]
	node := func(rank string) Node {
		prefix := base + "-" + profile + "-" + cluster + "-" + rank + "-"
		return Node{
			Keepalived: read(t, prefix+"keepalived.conf"), HAProxy: read(t, prefix+"haproxy.cfg"),
			KeepalivedVersion: version,
		}
	}
	fast := profile == "fast"
	return Input{Effect: of, Holder: node("01"), Backups: []Node{node("02")}, Acts: fast, Lingers: fast}
}

// faults are what is predicted, by the names that drills give them.
func faults() []named {
	return []named{
		{"haproxy-stop", effect.Stop(effect.HAProxy)}, {"haproxy-kill", effect.Kill(effect.HAProxy)}, {"haproxy-hang", effect.Hang(effect.HAProxy)},
		{"keepalived-stop", effect.Stop(effect.Keepalived)}, {"keepalived-kill", effect.Kill(effect.Keepalived)},
		{"app-stop", effect.Stop(effect.App)}, {"app-kill", effect.Kill(effect.App)}, {"app-hang", effect.Hang(effect.App)},
		{"node-crash", effect.Kill(effect.Node)}, {"node-freeze", effect.Hang(effect.Node)}, {"switch", effect.Handover()},
	}
}

type named struct {
	name   string
	effect effect.Effect
}

func TestPredictGolden(t *testing.T) {
	for _, base := range []string{"debian12", "centos7"} {
		for _, profile := range []string{"classic", "fast"} {
			t.Run(base+"-"+profile, func(t *testing.T) {
				var b strings.Builder
				for _, f := range faults() {
					list, err := Predict(input(t, base, profile, "frontend", f.effect))
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range list {
						amount := fmt.Sprintf("%g–%g, mean %g", p.MinMs, p.MaxMs, p.MeanMs)
						if p.Never {
							amount = "until mended"
						}
						fmt.Fprintf(&b, "%s %s: %s\n    %s\n", f.name, p.Metric, amount, p.Formula)
					}
				}
				golden(t, "testdata/"+base+"-"+profile+".golden", b.String())
			})
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v\n  write it:  go test -update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n--- got\n%s--- want\n%s", path, got, want)
	}
}

func TestNoInstanceIsAnError(t *testing.T) {
	_, err := Predict(Input{Effect: effect.Kill(effect.Node), Holder: Node{Keepalived: "global_defs {\n}\n"}})
	if err == nil || !strings.Contains(err.Error(), "vrrp_instance") {
		t.Errorf("error %v", err)
	}
}

func TestParseKeepalived(t *testing.T) {
	v := ParseKeepalived(read(t, "debian12-fast-frontend-01-keepalived.conf"), "2.2.7")
	want := VRRP{
		Found: true, Version: 3, AdvertMs: 10, Priority: 254, RouterID: 10, NoPreempt: true, DownAdverts: 2,
		Checks: []Check{{Name: "haproxy", File: agentapi.FaultFile}, {Name: "handover", File: agentapi.HandoverFile}},
	}
	if fmt.Sprint(v) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
	v = ParseKeepalived("global_defs { vrrp_version 3 }\nvrrp_script c { interval 0.5\n script \"pgrep -x haproxy\"\n fall 3 }\nvrrp_instance i { advert_int 0.1 ! tenth\n priority 7 # low\n track_script { c weight -4 }}\n", "2.2.7")
	want = VRRP{
		Found: true, Version: 3, AdvertMs: 100, Priority: 7, DownAdverts: 3,
		Checks: []Check{{Name: "c", Script: "pgrep -x haproxy", IntervalMs: 1000, Fall: 3, Weight: -4}},
	}
	if fmt.Sprint(v) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
}

func TestParseHAProxy(t *testing.T) {
	p := ParseHAProxy(read(t, "debian12-classic-frontend-01-haproxy.cfg"))
	want := Proxy{InterMs: 2000, Fall: 3, Retries: 3, Servers: 2}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	p = ParseHAProxy("defaults\n timeout server 2s\n option redispatch 1\nbackend b\n retry-on all-retryable-errors\n server a 1:1 check inter 50 fall 2\n server c 1:2 check\nbackend other\n timeout server 9s\n server z 1:1\n")
	want = Proxy{ServerMs: 2000, InterMs: 50, Fall: 2, Retries: 3, Redispatch: true, RedispatchEvery: 1, RetryOn: true, Servers: 2}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
}

// FuzzPredict: no file makes it panic, and no range is upside down.
func FuzzPredict(f *testing.F) {
	in := input(f, "debian12", "fast", "frontend", effect.Kill(effect.Node))
	f.Add(in.Holder.Keepalived, in.Holder.HAProxy)
	in = input(f, "centos7", "classic", "backend", effect.Kill(effect.Node))
	f.Add(in.Holder.Keepalived, in.Holder.HAProxy)
	f.Add("}{}}{ vrrp_instance { advert_int 1e300", "backend\nserver\ntimeout check 5d\ndefault-server fall -1 inter x")
	f.Fuzz(func(t *testing.T, keepalived, haproxy string) {
		n := Node{Keepalived: keepalived, HAProxy: haproxy, KeepalivedVersion: "2.2.7"}
		for _, f := range faults() {
			for _, acts := range []bool{false, true} {
				list, _ := Predict(Input{Effect: f.effect, Holder: n, Backups: []Node{n}, Acts: acts, Lingers: acts})
				for _, p := range list {
					if !(p.MinMs >= 0 && p.MinMs <= p.MeanMs+1e-6 && p.MeanMs <= p.MaxMs+1e-6) || math.IsInf(p.MaxMs, 0) {
						t.Errorf("%s: %+v", f.name, p)
					}
				}
			}
		}
	})
}
