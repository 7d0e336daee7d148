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
		Held []struct {
			Phase      string  `json:"phase"`
			Connection string  `json:"connection"`
			Fate       string  `json:"fate"`
			MinMs      float64 `json:"min_ms"`
			MaxMs      float64 `json:"max_ms"`
			InUse      bool    `json:"in_use"`
		} `json:"held"`
		Predicted []struct {
			Phase      string   `json:"phase"`
			Connection string   `json:"connection"`
			Fates      []string `json:"fates"`
			EndsMs     float64  `json:"ends_ms"`
			EndsBy     string   `json:"ends_by"`
		} `json:"held_predicted"`
	} `json:"scenarios"`
}

// TestHeldConnections drills what moves the VIP, with a word and without, and what
// leaves it where it is: a client that has a connection open meets what docs/failover.md
// says, whatever new connections meet.
func TestHeldConnections(t *testing.T) {
	lab := Shared(t)
	lab.AwaitReady(t, time.Minute)
	wants := map[string]struct{ busy, idle []string }{
		// The machine that knew the connection is silent; the one that has the VIP
		// resets what is sent to it.
		"frontend/node-crash": {[]string{"rst"}, []string{"rst"}},
		// Answers under way survive a move on purpose, connections don't.
		"frontend/switch":       {[]string{"rst"}, []string{"rst"}},
		"frontend/haproxy-kill": {[]string{"fin", "rst"}, []string{"fin", "rst"}},
		// What the hung HAProxy's kernel has acknowledged is never sent again.
		"frontend/haproxy-hang": {[]string{"rst", "hang"}, []string{"rst", "hang"}},
		"frontend/app-stop":     {[]string{"unaffected"}, []string{"unaffected"}},
	}
	args := []string{"drill", "--repeat", "1", "--attempts", tries, "--json"}
	for name := range wants {
		args = append(args, name)
	}
	var d held
	if err := json.Unmarshal([]byte(lab.Run(t, args...).Stdout), &d); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Scenarios {
		want, seen := wants[s.Name], 0
		for _, h := range s.Held {
			if h.Phase != "fault" {
				continue
			}
			seen++
			fates := map[string][]string{"busy": want.busy, "idle": want.idle}[h.Connection]
			if !slices.Contains(fates, h.Fate) {
				t.Errorf("%s: the %s connection met %q, not %q", s.Name, h.Connection, h.Fate, fates)
			}
			if moved := s.Name == "frontend/node-crash" || s.Name == "frontend/switch"; moved && h.InUse != (h.Connection == "idle") {
				t.Errorf("%s: %+v; a reset meets whoever sends, and an idle client sends nothing", s.Name, h)
			}
			if h.Connection == "busy" && h.Fate == "rst" && (h.MinMs < -100 || h.MaxMs > 3000) {
				t.Errorf("%s: a reset after %g to %g ms; a busy client sends within 100 ms, and its kernel again 200 ms later", s.Name, h.MinMs, h.MaxMs)
			}
		}
		if seen < 2 {
			t.Errorf("%s tells of %d connections, not of a busy and an idle one", s.Name, seen)
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
