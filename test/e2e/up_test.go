package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

// What runs already is left alone: no container is made anew.
func TestUpAgainHasNothingToDo(t *testing.T) {
	lab := Shared(t)
	before := lab.containers(t)
	if r := lab.Run(t, "up", "--dry-run"); !strings.Contains(r.Stdout, "nothing to do") {
		t.Errorf("the plan for a healthy lab should be empty:\n%s", r)
	}
	lab.Run(t, "up")
	if after := lab.containers(t); !maps.Equal(before, after) {
		t.Errorf("up made containers anew:\n%v\n%v", before, after)
	}
}

// A plan has a reason for each step, and printing it changes nothing.
func TestUpDryRunSaysWhatItWouldDoAndDoesNot(t *testing.T) {
	lab := Spare(t)
	before := snapshot(t)
	r := lab.Run(t, "up", "--dry-run")
	for _, step := range []string{"create network", "create container " + lab.Name + "-frontend-01 ", "start container " + lab.Name + "-frontend-01-haproxy"} {
		if !strings.Contains(r.Stdout, step) {
			t.Errorf("the plan lacks %q:\n%s", step, r)
		}
	}
	for _, line := range lines(r.Stdout) {
		if !strings.Contains(line, "#") {
			t.Errorf("a step without a reason: %q", line)
		}
	}
	SameAs(t, before)
}

// Whatever happened to a container, up mends it and leaves the others.
func TestUpMendsWhatDiffers(t *testing.T) {
	for _, c := range []struct {
		name, node, service string
		damage              []string
		same                bool // the container itself survives
	}{
		{"a removed service", "frontend-01", "app", []string{"rm", "-f"}, false},
		{"a stopped service", "backend-02", "haproxy", []string{"stop", "-t", "1"}, true},
		{"a frozen service", "frontend-02", "keepalived", []string{"pause"}, true},
		{"a removed node", "backend-01", "node", []string{"rm", "-f"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := Shared(t)
			before := lab.containers(t)
			id := lab.container(t, c.node, c.service)
			command(t, "docker", append(c.damage, id)...)
			plan := lab.Run(t, "up", "--dry-run").Stdout
			if !strings.Contains(plan, c.node) {
				t.Errorf("the plan does not speak of %s:\n%s", c.node, plan)
			}
			lab.Run(t, "up")
			lab.AwaitReady(t, 15*time.Second)
			if same := lab.container(t, c.node, c.service) == id; same != c.same {
				t.Errorf("the same container: %v, should be %v", same, c.same)
			}
			for name, id := range lab.containers(t) {
				if before[name] != id && !strings.Contains(name, c.node) {
					t.Errorf("%s was made anew and had nothing to do with it", name)
				}
			}
		})
	}
}

// The host's leg may be lost (a restart of the network, say): up brings it back
// without touching the nodes.
func TestUpMendsTheHostsLeg(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("taking an interface away needs root")
	}
	lab := Shared(t)
	before := lab.containers(t)
	command(t, "ip", "link", "del", lab.parent(t)+"h")
	if _, err := lab.Get("/haproxy-alive", time.Second); err == nil {
		t.Fatal("a request got through without a leg")
	}
	lab.Run(t, "up")
	lab.Serves(t, 2, 5*time.Second)
	if !maps.Equal(before, lab.containers(t)) {
		t.Error("containers were made anew")
	}
}

// With the parent the kernel takes every node's interface away (a down that was
// killed halfway, say): up makes the nodes anew.
func TestUpMendsALostParent(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("taking an interface away needs root")
	}
	lab := Shared(t)
	command(t, "ip", "link", "del", lab.parent(t))
	lab.Refuse(t, 1, []string{"halab up"}, "restore", "--timeout", "1s")
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
	lab.Serves(t, 4, 5*time.Second)
}

// To a program the story is told in JSON as well: each line of stderr is an event,
// what is wrong is the last one, and stdout has one answer.
func TestUpTellsItsStoryInJSON(t *testing.T) {
	lab := Shared(t)
	type told struct {
		Time                          time.Time
		Subject, Phase, Status, Error string
	}
	story := func(r Result) (list []told) {
		for _, line := range lines(r.Stderr) {
			var e told
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Time.IsZero() || e.Status == "" {
				t.Errorf("no event: %q (%v)", line, err)
			}
			list = append(list, e)
		}
		return list
	}
	command(t, "docker", "rm", "-f", lab.container(t, "frontend-02", "app"))
	r := lab.Run(t, "up", "--json")
	if up := decode[struct{ Lab, URL string }](t, r); up.Lab != lab.Name || up.URL == "" {
		t.Errorf("the answer is %+v", up)
	}
	made := 0
	for _, e := range story(r) {
		if e.Phase == "create" && e.Status == "done" && strings.Contains(e.Subject, "frontend-02-app") {
			made++
		}
	}
	if made != 1 {
		t.Errorf("the app was made %d times by the story:\n%s", made, r.Stderr)
	}
	if events := story(lab.Try(t, "switch", "frontend", "backend-01", "--json")); len(events) != 1 || events[0].Status != "failed" || events[0].Subject != "halab" {
		t.Errorf("a refused switch tells %+v", events)
	}
}
