package predict

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
)

// pair are the files of two nodes: what both have before their instance, and the
// lines of the instances.
type pair struct {
	version        string
	before         string
	holder, backup string
	more           []string // instances of further backups
	acts, lingers  bool
}

func (p pair) input(t testing.TB, of effect.Effect) Input {
	t.Helper()
	node := func(name, lines string) facts.Node {
		return read(t, name, p.before+"\nvrrp_instance a {\n"+lines+"\n}\n", "", daemonconf.Versions{Keepalived: facts.Version(p.version)})
	}
	in := Input{Effect: of, Target: "a", Holder: "a", Nodes: []facts.Node{node("a", p.holder), node("b", p.backup)},
		Agent: forecast.Agent{Known: true, Acts: p.acts, Lingers: p.lingers}}
	for i, lines := range p.more {
		in.Nodes = append(in.Nodes, node(fmt.Sprint("c", i), lines))
	}
	return in
}

const (
	forever   = -1.0 // never, until it is restored
	undecided = -2.0 // no prediction
)

// find gives what is predicted of a metric, without the handling.
func find(t *testing.T, in Input, metric string) (low, high float64, formula string) {
	t.Helper()
	e, err := Predict(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.List) == 0 && e.None == "" {
		t.Error("nothing is predicted, and it is not said why")
	}
	for _, p := range e.List {
		switch {
		case p.Metric != metric:
		case p.Never:
			return forever, forever, p.Formula
		default:
			return p.MinMs, p.MaxMs - handlingMs, p.Formula
		}
	}
	return undecided, undecided, ""
}

func anyScript(weight string) string {
	return "vrrp_script chk {\n script \"/etc/check.sh\"\n interval 2\n " + weight + "\n}"
}

const (
	tracks  = "\ntrack_script {\n chk\n}"
	process = "vrrp_script chk {\n script \"/usr/bin/pgrep -x haproxy\"\n interval 2\n}"
	v3      = "version 3\nadvert_int 0.01\n"
)

func tracked(path, weight string) string {
	return "track_file chk {\n file " + path + "\n weight " + weight + "\n}"
}

// TestArithmetic holds the sums that the rules give by hand: those of the RFCs,
// of keepalived's weights, and what was measured on 1.3.5.
func TestArithmetic(t *testing.T) {
	const follow = "\ntrack_file {\n chk\n}"
	kubeadm := pair{"2.2.7", "vrrp_script chk {\n script \"/etc/keepalived/check_apiserver.sh\"\n interval 3\n weight -2\n fall 10\n}",
		"state MASTER\npriority 101" + tracks, "priority 100" + tracks, nil, false, false}
	tests := []struct {
		name      string
		pair      pair
		of        effect.Effect
		low, high float64
	}{
		{"crash at 1 s, 100 and 99", pair{"2.2.7", "", "priority 100", "priority 99", nil, false, false}, effect.Kill(effect.Node), 2613.281, 3613.281},
		{"the same before 2.0", pair{"1.3.5", "", "priority 100", "priority 99", nil, false, false}, effect.Kill(effect.Node), 3613.281, 4613.281},
		{"crash at 10 ms, two adverts, 253", pair{"2.2.7", "", v3 + "priority 254", v3 + "priority 253\ndown_timer_adverts 2", nil, false, false}, effect.Kill(effect.Node), 10.117, 20.117},
		{"nor does 2.1.5", pair{"2.1.5", "", v3 + "priority 254", v3 + "priority 253\ndown_timer_adverts 2", nil, false, false}, effect.Kill(effect.Node), 20.117, 30.117},
		{"1.3.5 knows no down_timer_adverts", pair{"1.3.5", "", v3 + "priority 254", v3 + "priority 253\ndown_timer_adverts 2", nil, false, false}, effect.Kill(effect.Node), 30.117, 40.117},
		{"resignation at 1 s, 99", pair{"2.2.7", "", "priority 100", "priority 99", nil, false, false}, effect.Stop(effect.Keepalived), 613.281, 613.281},

		{"version 2: the skew is part of a second", pair{"2.2.7", "", "priority 100\nadvert_int 5", "priority 99\nadvert_int 5", nil, false, false}, effect.Stop(effect.Keepalived), 613.281, 613.281},
		{"version 3: the skew is part of the interval", pair{"2.2.7", "", "version 3\npriority 100\nadvert_int 5", "version 3\npriority 99\nadvert_int 5", nil, false, false}, effect.Stop(effect.Keepalived), 3066.406, 3066.406},
		{"version 2 has whole seconds", pair{"2.2.7", "", "priority 100\nadvert_int 0.1", "priority 99\nadvert_int 0.1", nil, false, false}, effect.Kill(effect.Node), 2613.281, 3613.281},
		{"version 3 learns the master's interval", pair{"2.2.7", "", "version 3\npriority 100\nadvert_int 1", "version 3\npriority 99\nadvert_int 2", nil, false, false}, effect.Kill(effect.Node), 2613.281, 3613.281},
		{"the skew has the weights", pair{"2.2.7", anyScript("weight 50"), "priority 100" + tracks, "priority 99" + tracks, nil, false, false}, effect.Stop(effect.Keepalived), 417.969, 417.969},
		{"but not before 2.0", pair{"1.3.5", anyScript("weight 50"), "priority 100" + tracks, "priority 99" + tracks, nil, false, false}, effect.Stop(effect.Keepalived), 1613.281, 1613.281},
		{"the best of the backups", pair{"2.2.7", "", "priority 100", "priority 50", []string{"priority 99", "priority 70"}, false, false}, effect.Stop(effect.Keepalived), 613.281, 613.281},

		{"check every 2 s", pair{"2.2.7", process, "priority 100" + tracks, "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), 613.281, 2613.281},
		{"1.3.5 looks at its check with the next advert", pair{"1.3.5", process, "priority 100" + tracks, "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), 1613.281, 4613.281},
		{"a fraction before 2.3.2 is cut off", pair{"2.2.7", strings.Replace(process, "interval 2", "interval 2.5", 1), "priority 100" + tracks, "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), 613.281, 2613.281},
		{"and a fraction since then", pair{"2.3.2", strings.Replace(process, "interval 2", "interval 0.5", 1), "priority 100" + tracks, "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), 613.281, 1113.281},
		{"no check at all", pair{"2.2.7", "", "priority 100", "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), forever, forever},
		{"defined, not tracked", pair{"2.2.7", process, "priority 100", "priority 99", nil, false, false}, effect.Stop(effect.HAProxy), forever, forever},
		{"hung, and the check looks for the process", pair{"2.2.7", process, "priority 100" + tracks, "priority 99", nil, false, false}, effect.Hang(effect.HAProxy), forever, forever},
		{"hung, and the check may see it or not", pair{"2.2.7", anyScript(""), "priority 100" + tracks, "priority 99", nil, false, false}, effect.Hang(effect.HAProxy), undecided, undecided},
		{"another daemon's check beside one that may see it", pair{"2.2.7", anyScript("") + "\n" + strings.Replace(process, "chk", "lb", 1), "priority 100\ntrack_script {\n chk\n lb\n}", "priority 99", nil, false, false}, effect.Hang(effect.HAProxy), undecided, undecided},

		{"weight below the gap", pair{"2.2.7", anyScript("weight 100"), "priority 200" + tracks, "priority 100" + tracks, nil, false, false}, effect.Kill(effect.HAProxy), forever, forever},
		{"weight above the gap", pair{"2.2.7", anyScript("weight 60"), "priority 150" + tracks, "priority 100" + tracks, nil, false, false}, effect.Kill(effect.HAProxy), 2375, 5375},
		{"two that make up the gap", pair{"2.2.7", anyScript("weight -2"), "priority 101" + tracks, "priority 99", nil, false, false}, effect.Kill(effect.HAProxy), forever, forever},
		{"weight and nopreempt", pair{"2.2.7", anyScript("weight -50"), "state BACKUP\nnopreempt\npriority 100" + tracks, "state BACKUP\nnopreempt\npriority 90" + tracks, nil, false, false}, effect.Kill(effect.HAProxy), forever, forever},
		{"a third node without nopreempt", pair{"2.2.7", anyScript("weight -50"), "priority 100" + tracks, "nopreempt\npriority 90", []string{"priority 80"}, false, false}, effect.Kill(effect.HAProxy), 2687.5, 5687.5},
		{"nopreempt beside state MASTER is none", pair{"2.2.7", anyScript("weight -50"), "priority 100" + tracks, "state MASTER\nnopreempt\npriority 90", nil, false, false}, effect.Kill(effect.HAProxy), 2648.438, 5648.438},
		{"kubeadm's guide, process", kubeadm, effect.Kill(effect.HAProxy), 29609.375, 33609.375},
		{"kubeadm's guide, machine", kubeadm, effect.Kill(effect.Node), 2609.375, 3609.375},
		{"a weight before 2.0 forces an election", pair{"1.3.5", anyScript("weight -20"), "priority 100" + tracks, "priority 90", nil, false, false}, effect.Kill(effect.HAProxy), 2000, 6000},

		{"follows the file", pair{"2.2.7", tracked(agentapi.FaultFile, "0"), v3 + "priority 254" + follow, v3 + "priority 253", nil, true, true}, effect.Kill(effect.HAProxy), 0.117, 2.117},
		{"nobody writes the file", pair{"2.2.7", tracked(agentapi.FaultFile, "0"), v3 + "priority 254" + follow, v3 + "priority 253", nil, false, false}, effect.Kill(effect.HAProxy), forever, forever},
		{"follows another file", pair{"2.2.7", tracked("/run/mine", "0"), v3 + "priority 254" + follow, v3 + "priority 253", nil, true, true}, effect.Kill(effect.HAProxy), forever, forever},
		{"process 1 acts, an own file follows nothing", pair{"2.2.7", "", v3 + "priority 254", v3 + "priority 253", nil, true, true}, effect.Hang(effect.HAProxy), forever, forever},
		{"a weighted file", pair{"2.2.7", tracked(agentapi.FaultFile, "-20"), v3 + "priority 254" + follow, v3 + "priority 253", nil, true, true}, effect.Kill(effect.HAProxy), 20.117, 32.117},
		{"a file that weighs all", pair{"2.2.7", tracked(agentapi.FaultFile, "-254"), v3 + "priority 254" + follow, v3 + "priority 253", nil, true, true}, effect.Kill(effect.HAProxy), 0.117, 2.117},
		{"a file without a weight has 1, which favours the holder", pair{"2.2.7", "track_file chk {\n file " + agentapi.FaultFile + "\n}", v3 + "priority 200" + follow, v3 + "priority 100", nil, true, true}, effect.Kill(effect.HAProxy), forever, forever},
		{"a weighted file and nopreempt", pair{"2.2.7", tracked(agentapi.FaultFile, "-20"), v3 + "priority 254" + follow, v3 + "nopreempt\npriority 253", nil, true, true}, effect.Kill(effect.HAProxy), forever, forever},
		{"before 2.0 the supervisor does it", pair{"1.3.5", "", v3 + "priority 254", v3 + "priority 253", nil, true, true}, effect.Kill(effect.HAProxy), 10.117, 12.117},
		{"a switch that nobody follows", pair{"2.2.7", "", "priority 100", "priority 99", nil, false, false}, effect.Handover(), undecided, undecided},
		{"the VIP lingers through an advert", pair{"1.3.5", "", v3 + "priority 254", v3 + "priority 253", nil, true, true}, effect.Stop(effect.Keepalived), 0, 0},
		{"and through a switch", pair{"1.3.5", "", v3 + "priority 254", v3 + "priority 253", nil, true, true}, effect.Handover(), 0, 0},
		{"but not for more than a second", pair{"1.3.5", "", "priority 100", "priority 99", nil, true, true}, effect.Stop(effect.Keepalived), 613.281, 613.281},
		{"nor on a host", pair{"1.3.5", "", v3 + "priority 254", v3 + "priority 253", nil, true, false}, effect.Stop(effect.Keepalived), 10.117, 10.117},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			low, high, formula := find(t, tt.pair.input(t, tt.of), "edge.outage")
			if math.Abs(low-tt.low) > 1e-3 || math.Abs(high-tt.high) > 1e-3 {
				t.Errorf("%g–%g, want %g–%g (%s)", low, high, tt.low, tt.high, formula)
			}
			if low == forever && !strings.HasPrefix(formula, "never, until it is restored: ") {
				t.Errorf("the reason is not told: %s", formula)
			}
		})
	}
}

// TestFailback: what a client loses when the node comes back.
func TestFailback(t *testing.T) {
	classic := func(version string) pair {
		return pair{version, process, "state MASTER\npriority 100" + tracks, "state BACKUP\npriority 99" + tracks, nil, false, false}
	}
	plain := pair{"1.3.5", "", "priority 100", "priority 99", nil, false, false}
	stays := pair{"1.3.5", "", "nopreempt\npriority 100", "priority 99", nil, false, false}
	lower := pair{"1.3.5", "", "priority 99", "priority 100", nil, false, false}
	for _, tt := range []struct {
		name string
		pair pair
		of   effect.Effect
		want float64
	}{
		{"2.x gives way last", classic("2.2.7"), effect.Kill(effect.HAProxy), 0},
		{"1.3.5 out of FAULT: two adverts", classic("1.3.5"), effect.Kill(effect.HAProxy), 2000},
		{"and for a stop", classic("1.3.5"), effect.Stop(effect.HAProxy), 2000},
		{"1.3.5 begins as master: one advert", classic("1.3.5"), effect.Kill(effect.Node), 1000},
		{"1.3.5 begins as backup: two", plain, effect.Stop(effect.Keepalived), 2000},
		{"thawed, it still has the address", classic("1.3.5"), effect.Hang(effect.Node), 0},
		{"only the returning node's nopreempt counts", stays, effect.Stop(effect.Keepalived), 0},
		{"the lower one stays behind", lower, effect.Stop(effect.Keepalived), 0},
		{"what never moved is back with HAProxy, whenever that is", plain, effect.Kill(effect.HAProxy), undecided},
		{"and at once when it only hung", plain, effect.Hang(effect.HAProxy), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			low, high, formula := find(t, tt.pair.input(t, tt.of), "failback.edge.outage")
			if low != tt.want || high != tt.want {
				t.Errorf("%g–%g, want %g (%s)", low, high, tt.want, formula)
			}
		})
	}
}

// services are of the lab's haproxy.cfg.
func serviceOf(t testing.TB, file string) forecast.Service {
	t.Helper()
	version := daemonconf.Versions{HAProxy: "2.6.12"}
	if strings.HasPrefix(file, "centos7") {
		version.HAProxy = "1.5.18"
	}
	n := read(t, "a", "", rendered(t, file), version)
	return forecast.ServiceOf(&n.HAProxy)
}

// TestUntilDown: each failing check of a hung server takes its whole timeout.
func TestUntilDown(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		low, high  float64
	}{
		{"fast", "centos7-fast-frontend-01-haproxy.cfg", 900, 1100},
		{"classic", "centos7-classic-frontend-01-haproxy.cfg", 10000, 12000},
	} {
		p := serviceOf(t, tt.file)
		if low, high := p.DownMs(p.FailMs(true)); low != tt.low || high != tt.high {
			t.Errorf("%s: %g to %g ms, want %g to %g", tt.name, low, high, tt.low, tt.high)
		}
		if low, high := p.DownMs(p.FailMs(false)); high-low != p.InterMs || high >= tt.high {
			t.Errorf("%s: a server that refuses is called down after %g to %g", tt.name, low, high)
		}
	}
}

// TestHungMs: the last request for a hung server ends that long after it hung.
func TestHungMs(t *testing.T) {
	for name, want := range map[string]float64{
		"centos7-fast-frontend-01-haproxy.cfg":    1100 + 1000, // timeout server 1000
		"debian12-fast-frontend-01-haproxy.cfg":   1100 + 400,  // timeout check 400 is the longest
		"centos7-classic-frontend-01-haproxy.cfg": 12000 + 700, // no timeout at all: the client's own
	} {
		if got := serviceOf(t, name).HungMs(700); got != want {
			t.Errorf("%s: %g, want %g", name, got, want)
		}
	}
}

// TestHungAppIsSaidByVersion: HAProxy 1.5 repeats no request that a server took,
// so a hung app costs its share of them; 2.x costs none.
func TestHungAppIsSaidByVersion(t *testing.T) {
	for base, want := range map[string]string{"centos7": "stack.outage_sum 0–1105, mean 500", "debian12": "stack.outage 0–5, mean 0"} {
		e, err := Predict(input(t, base, "fast", "frontend", effect.Hang(effect.App)))
		if err != nil {
			t.Fatal(err)
		}
		p := e.List[1]
		if got := fmt.Sprintf("%s %g–%g, mean %g", p.Metric, p.MinMs, p.MaxMs, p.MeanMs); got != want {
			t.Errorf("%s: %s, want %s (%s)", base, got, want, p.Formula)
		}
	}
}

// What hits a node that does not hold the VIP costs nothing, and what is left to
// chance is not predicted, but said to be so.
func TestElsewhereAndChance(t *testing.T) {
	const holds, other = "frontend-01", "frontend-02"
	for _, c := range []struct {
		name   string
		of     effect.Effect
		target string
		max    float64 // of edge.outage; undecided: none
	}{
		{"a link elsewhere", effect.Effect{On: effect.Link, Silent: true, Moves: true}, other, handlingMs},
		{"a link", effect.Effect{On: effect.Link, Silent: true, Moves: true}, holds, 25.117},
		{"an orderly end of the node", effect.Stop(effect.Node), holds, handlingMs},
		{"a power cut", effect.Kill(effect.Node), holds, 25.117},
		{"a keepalived that hangs", effect.Hang(effect.Keepalived), holds, handlingMs},
		{"adverts that don't pass", effect.Effect{On: effect.VRRP, Splits: true}, holds, handlingMs},
		{"the same on the backup", effect.Effect{On: effect.VRRP, Splits: true}, other, handlingMs},
		{"a full disk", effect.Effect{}, holds, handlingMs},
		{"a slow app", effect.Effect{On: effect.App}, other, handlingMs},
		{"frames that are lost", effect.Effect{On: effect.Link, Disturbs: true}, holds, undecided},
		{"steps of a file", effect.Steps(), holds, undecided},
	} {
		in := input(t, "debian12", "fast", "frontend", c.of)
		in.Target = c.target
		e, err := Predict(in)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.max == undecided && (len(e.List) > 0 || e.None == ""):
			t.Errorf("%s: %v, and none because %q", c.name, e.List, e.None)
		case c.max != undecided && (len(e.List) == 0 || e.List[0].Metric != "edge.outage" || e.List[0].Never || e.List[0].MaxMs != c.max):
			t.Errorf("%s: %+v (%s), wanted at most %g", c.name, e.List, e.None, c.max)
		}
	}
	in := input(t, "debian12", "fast", "frontend", effect.Effect{On: effect.Client, Silent: true})
	if e, err := Predict(in); err != nil || !e.List[0].Never {
		t.Errorf("a client that is cut off: %+v, %v", e, err)
	}
}
