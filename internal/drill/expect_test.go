package drill

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
)

// configured is a lab of two frontends with files of its own: a node's files by
// its container.
type configured struct {
	profile topology.Profile
	joins   string
	base    string // of the files, as internal/render has them
	daemons map[string]string
	own     map[string]string // keepalived.conf by node, in place of the template's
}

func (c configured) state() *lab.State {
	s := &lab.State{}
	for _, node := range []string{"frontend-01", "frontend-02"} {
		for _, service := range []string{"haproxy", "keepalived"} {
			s.Containers = append(s.Containers, engine.Container{ID: node + " " + service, Joins: c.joins, Labels: map[string]string{
				engine.LabelNode: node, engine.LabelService: service, engine.LabelCluster: "frontend",
				engine.LabelProfile: string(c.profile),
			}})
		}
	}
	return s
}

func (c configured) Exec(_ context.Context, id string, spec engine.ExecSpec) (int, error) {
	node, service, _ := strings.Cut(id, " ")
	if spec.Command[len(spec.Command)-1] == "-v" {
		_, err := io.WriteString(spec.Stdout, c.daemons[service])
		return 0, err
	}
	if text := c.own[node]; text != "" && service == "keepalived" {
		_, err := io.WriteString(spec.Stdout, text)
		return 0, err
	}
	ending := map[string]string{"haproxy": ".cfg", "keepalived": ".conf"}[service]
	text, err := os.ReadFile(filepath.Join("../render/testdata", fmt.Sprintf("%s-%s-%s-%s%s", c.base, c.profile, node, service, ending)))
	if err == nil {
		_, err = spec.Stdout.Write(text)
	}
	return 0, err
}

func withBase(base string, profile topology.Profile) configured {
	daemons := map[string]string{"haproxy": "HAProxy version 2.6.12-1+deb12u1", "keepalived": "Keepalived v2.2.7 (01/16,2022)"}
	if base == "centos7" {
		daemons = map[string]string{"haproxy": "HA-Proxy version 1.5.18 2016/05/10", "keepalived": "Keepalived v1.3.5 (03/19,2017)"}
	}
	return configured{profile: profile, joins: "node", base: base, daemons: daemons}
}

func (c configured) forecast(t *testing.T) *forecast {
	t.Helper()
	f, err := (&Drill{exec: c}).readConfigs(t.Context(), c.state())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func scenarioOf(of effect.Effect) Scenario {
	return Scenario{Name: "frontend/x", Effect: of, Cluster: "frontend"}
}

// ownConf is a user's file, which tracks nothing of halab's.
func ownConf(priority int) string {
	return fmt.Sprintf("vrrp_instance own {\n priority %d\n virtual_router_id 7\n}\n", priority)
}

// TestForecastFollowsTheFiles: a file of the user's in a lab of profile fast is
// judged by what it tracks, and a host keeps no VIP that was given up.
func TestForecastFollowsTheFiles(t *testing.T) {
	t.Parallel()
	own, old, host := withBase("debian12", topology.ProfileFast), withBase("centos7", topology.ProfileFast), withBase("centos7", topology.ProfileFast)
	own.own = map[string]string{"frontend-01": ownConf(100), "frontend-02": ownConf(99)}
	host.joins = ""
	for _, tt := range []struct {
		name  string
		lab   configured
		of    effect.Effect
		never bool
		max   float64
	}{
		{"halab's file follows process 1", withBase("debian12", topology.ProfileFast), effect.Kill(effect.HAProxy), false, 7.117},
		{"a file that tracks nothing", own, effect.Kill(effect.HAProxy), true, 0},
		{"and nobody hears of a hang", own, effect.Hang(effect.HAProxy), true, 0},
		{"the VIP lingers in a container", old, effect.Stop(effect.Keepalived), false, 5},
		{"and not on a host", host, effect.Stop(effect.Keepalived), false, 15.117},
		{"before 2.0 the supervisor follows", old, effect.Kill(effect.HAProxy), false, 17.117},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := tt.lab.forecast(t).predict(scenarioOf(tt.of), "frontend-01", "frontend-01")
			if err != nil || len(e.List) == 0 {
				t.Fatal(e, err)
			}
			if p := e.List[0]; p.Never != tt.never || p.MaxMs != tt.max {
				t.Errorf("never %v, at most %g; want %v, %g (%s)", p.Never, p.MaxMs, tt.never, tt.max, p.Formula)
			}
		})
	}
}

// TestPatience: a drill does not restore before the requests that a hung app has
// are lost, nor before the outage that the files make should be over.
func TestPatience(t *testing.T) {
	t.Parallel()
	slow := withBase("debian12", topology.ProfileClassic)
	check := "vrrp_script c {\n script \"/etc/check.sh\"\n interval 3\n fall 10\n}\n"
	slow.own = map[string]string{
		"frontend-01": check + strings.Replace(ownConf(101), "}", "track_script {\n c\n}\n}", 1), "frontend-02": ownConf(100),
	}
	for _, tt := range []struct {
		name             string
		lab              configured
		of               effect.Effect
		settle, recovery time.Duration // at least
	}{
		{"1.5 loses a request a second after the app hung, and the last one a second after it is called down",
			withBase("centos7", topology.ProfileFast), effect.Hang(effect.App), 2100 * time.Millisecond, 0},
		{"a frozen node has a hung app", withBase("centos7", topology.ProfileFast), effect.Hang(effect.Node), 2100 * time.Millisecond, 0},
		{"any fault waits for the longest timeout", withBase("centos7", topology.ProfileFast), effect.Kill(effect.Node), time.Second, 0},
		{"2.x saves them, and its checks end them", withBase("debian12", topology.ProfileFast), effect.Hang(effect.App), 1500 * time.Millisecond, 0},
		{"without timeouts the checks take 12 s, and the client ends its own", withBase("debian12", topology.ProfileClassic), effect.Hang(effect.App), 13 * time.Second, 0},
		{"ten failures of a check of 3 s", slow, effect.Kill(effect.HAProxy), 0, 31 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := timings(tt.lab.profile)
			got := tt.lab.forecast(t).patience(before, scenarioOf(tt.of))
			if got.settle <= tt.settle || got.settle < before.settle || got.recovery < max(tt.recovery, before.recovery) {
				t.Errorf("settle %s, recovery %s; want more than %s, %s", got.settle, got.recovery, tt.settle, tt.recovery)
			}
		})
	}
	quick := withBase("debian12", topology.ProfileFast)
	if got := quick.forecast(t).patience(timings(quick.profile), scenarioOf(effect.Kill(effect.HAProxy))); got != timings(quick.profile) {
		t.Errorf("where nothing takes longer, the times change: %+v", got)
	}
}

// TestRunsAreJudgedByTheNodeTheyHit: only one of two nodes has a check, so that
// one outage ends and the other never does.
func TestRunsAreJudgedByTheNodeTheyHit(t *testing.T) {
	t.Parallel()
	c := withBase("debian12", topology.ProfileClassic)
	c.own = map[string]string{"frontend-02": ownConf(99)}
	run := func(number int, target string, ms, from float64) outage.Run {
		span := outage.Span{FromMs: 0, ToMs: ms, Failed: 1}
		return outage.Run{Number: number, Target: target, Phases: []outage.Analysis{{
			Phase: outage.PhaseFault, Valid: true, ToMs: from,
			Streams: []outage.Stream{{Name: agentapi.StreamEdge, OutageLongestMs: ms, FloorMs: 2, Spans: []outage.Span{span}}},
		}}}
	}
	for _, runs := range [][]outage.Run{
		{run(1, "frontend-01", 1600, 9000), run(2, "frontend-02", 9000, 9000)},
		{run(1, "frontend-02", 9000, 9000), run(2, "frontend-01", 1600, 9000)},
	} {
		result := outage.ScenarioResult{Runs: runs}
		if err := c.forecast(t).expect(scenarioOf(effect.Kill(effect.HAProxy)), &result); err != nil {
			t.Fatal(err)
		}
		if len(result.Flags) != 0 {
			t.Errorf("each run is as predicted for its node: %+v", result.Flags)
		}
		at := slices.IndexFunc(result.Predictions, func(p outage.Prediction) bool { return p.Metric == "edge.outage" })
		if p := result.Predictions[at]; p.Never || p.MaxMs < 2000 || !strings.Contains(p.Formula, "never") {
			t.Errorf("both outcomes are told: %+v", p)
		}
	}
	result := outage.ScenarioResult{Runs: []outage.Run{run(1, "frontend-01", 9000, 9000), run(2, "frontend-02", 1600, 9000)}}
	if err := c.forecast(t).expect(scenarioOf(effect.Kill(effect.HAProxy)), &result); err != nil || len(result.Flags) != 2 {
		t.Errorf("%v; the other way round both are out: %+v", err, result.Flags)
	}
}

// TestSoakIsFlaggedWithoutATarget: a soak hits no node, and what broke in it is
// told all the same.
func TestSoakIsFlaggedWithoutATarget(t *testing.T) {
	t.Parallel()
	result := outage.ScenarioResult{Runs: []outage.Run{{Number: 1, Phases: []outage.Analysis{{
		Phase: outage.PhaseSoak, Valid: true, Invariants: []outage.Invariant{{Name: outage.InvTwoHolders, Ms: 5, Expect: outage.Never}},
	}}}}}
	if err := withBase("debian12", topology.ProfileFast).forecast(t).expect(scenarioOf(effect.Effect{}), &result); err != nil || len(result.Flags) != 1 {
		t.Errorf("%v, %+v", err, result.Flags)
	}
}
