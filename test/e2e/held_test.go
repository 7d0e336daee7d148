package e2e

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// held is the part of a drill's JSON that tells of connections that were open.
type held struct {
	Scenarios []struct {
		Name string `json:"name"`
		Runs []struct {
			VIP    string `json:"vip"`
			Phases []struct {
				Phase string `json:"phase"`
				Held  []struct {
					Connection string  `json:"connection"`
					VIP        string  `json:"vip"`
					Fate       string  `json:"fate"`
					AfterMs    float64 `json:"after_ms"`
					InUse      bool    `json:"in_use"`
				} `json:"held"`
			} `json:"phases"`
		} `json:"runs"`
		Predicted []struct {
			Connection string  `json:"connection"`
			EndsMs     float64 `json:"ends_ms"`
			EndsBy     string  `json:"ends_by"`
		} `json:"held_predicted"`
	} `json:"scenarios"`
}

// TestHeldConnections drills what moves the VIP, with a word and without, and what
// leaves it where it is: a client that has a connection open meets what docs/failover.md
// says, whatever new connections meet. A machine that is too busy to time an outage still
// tells what became of a connection, so a run that is no measurement counts here.
func TestHeldConnections(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	wants := map[string]struct {
		busy, idle []string
		used       bool // an idle client learns of it when it sends
	}{
		// The machine that knew the connection is silent; the one that has the VIP
		// resets what is sent to it.
		"frontend/node-crash": {[]string{"rst"}, []string{"rst"}, true},
		// Answers under way survive a move on purpose, connections don't.
		"frontend/switch":       {[]string{"rst"}, []string{"rst"}, true},
		"frontend/haproxy-kill": {[]string{"fin", "rst"}, []string{"fin", "rst"}, false},
		// What the hung HAProxy's kernel has acknowledged is never sent again.
		"frontend/haproxy-hang": {[]string{"rst", "hang"}, []string{"rst", "hang"}, false},
		"frontend/app-stop":     {[]string{"unaffected"}, []string{"unaffected"}, false},
	}
	args := []string{"drill", "--repeat", "1", "--attempts", "1", "--json"}
	for name := range wants {
		args = append(args, name)
	}
	var d held
	r := lab.Try(t, args...)
	if err := json.Unmarshal([]byte(r.Stdout), &d); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	for _, s := range d.Scenarios {
		if len(s.Runs) == 0 || len(s.Runs[0].Phases) == 0 {
			t.Errorf("%s was not run", s.Name)
			continue
		}
		seen := 0
		for _, h := range s.Runs[0].Phases[0].Held {
			want := wants[s.Name]
			fates := map[string][]string{"busy": want.busy, "idle": want.idle}[h.Connection]
			if h.VIP != s.Runs[0].VIP {
				fates = []string{"unaffected"} // nothing was done to the other cluster
			}
			seen++
			if !slices.Contains(fates, h.Fate) {
				t.Errorf("%s: the %s connection to %s met %q, not %q", s.Name, h.Connection, h.VIP, h.Fate, fates)
			}
			if h.VIP == s.Runs[0].VIP && want.used && h.InUse != (h.Connection == "idle") {
				t.Errorf("%s: %+v; a reset meets whoever sends, and an idle client sends nothing", s.Name, h)
			}
			if h.Connection == "busy" && h.Fate == "rst" && h.AfterMs > 3000 {
				t.Errorf("%s: a reset after %g ms; a busy client sends within 100 ms, and its kernel again 200 ms later", s.Name, h.AfterMs)
			}
		}
		if seen != 4 {
			t.Errorf("%s tells of %d connections, not of a busy and an idle one to each of two VIPs", s.Name, seen)
		}
		for _, f := range s.Predicted {
			if f.Connection == "idle" && (f.EndsMs != 30000 || f.EndsBy != "http-keep-alive") {
				t.Errorf("%s: idle connections end after %g ms by %q, and haproxy.cfg says timeout http-keep-alive 30s", s.Name, f.EndsMs, f.EndsBy)
			}
		}
	}
	if len(d.Scenarios) != len(wants) {
		t.Errorf("%d scenarios, not %d", len(d.Scenarios), len(wants))
	}
	lab.AwaitReady(t, time.Minute)
}
