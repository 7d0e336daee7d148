package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
)

func decode(t *testing.T, text string) []agentapi.Event {
	t.Helper()
	var events []agentapi.Event
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		var e agentapi.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		events = append(events, e)
	}
	return events
}

func TestRecorderWritesInOrderWithState(t *testing.T) {
	var out bytes.Buffer
	r := newRecorder("frontend-01", &out)
	at := now()
	r.note(at, agentapi.Event{Name: agentapi.EventStarted}, nil)
	r.note(at, agentapi.Event{Name: agentapi.EventVIPAdded, Address: "192.168.99.10"}, func(s *agentapi.State, _ *agentapi.Event) bool {
		s.VIPs = append(s.VIPs, "192.168.99.10")
		return true
	})
	r.note(at, agentapi.Event{Name: agentapi.EventLink}, func(*agentapi.State, *agentapi.Event) bool { return false })
	r.close(time.Second)
	r.note(at, agentapi.Event{Name: agentapi.EventError}, nil) // after the end: lost, no panic

	events := decode(t, out.String())
	if len(events) != 2 || events[0].Name != agentapi.EventStarted || events[1].Name != agentapi.EventVIPAdded {
		t.Fatalf("events %+v", events)
	}
	if len(events[0].State.VIPs) != 0 || len(events[1].State.VIPs) != 1 {
		t.Errorf("a later change shows in an earlier event: %+v", events)
	}
	if events[0].Mono != at.mono || !events[0].Time.Equal(at.wall) || events[0].Node != "frontend-01" {
		t.Errorf("event %+v", events[0])
	}
	if !strings.Contains(out.String(), `"vips":[]`) || !strings.Contains(out.String(), `"servers":{}`) {
		t.Errorf("empty lists are not written as such: %s", out.String())
	}
}

// gate is a standard output that nobody reads until it is opened.
type gate struct {
	open chan struct{}
	out  bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.out.Write(p)
}

func TestSlowOutputStopsNothingAndDropsAreOwnedUp(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	r := newRecorder("n", g)
	for range 2 * queueLength {
		r.note(now(), agentapi.Event{Name: agentapi.EventServers}, nil) // would block for ever if it waited
	}
	r.note(now(), agentapi.Event{Name: agentapi.EventVRRP}, func(s *agentapi.State, _ *agentapi.Event) bool {
		s.VRRP = "MASTER"
		return true
	})
	close(g.open)
	deadline := time.Now().Add(10 * time.Second)
	for {
		r.mu.Lock()
		settled := r.dropped == 0
		r.mu.Unlock()
		if settled && len(r.queue) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("drops are not owned up to")
		}
		time.Sleep(time.Millisecond)
	}
	r.close(10 * time.Second)
	events := decode(t, g.out.String())
	last := events[len(events)-1]
	if last.Name != agentapi.EventError || !strings.Contains(last.Detail, "dropped") {
		t.Errorf("last event %+v", last)
	}
	if last.State.VRRP != "MASTER" {
		t.Errorf("the last line has an old state: %+v", last.State)
	}
}

func TestKeepalivedGoneForgetsItsState(t *testing.T) {
	for before, after := range map[string]string{"MASTER": "", "BACKUP": "", "STOP": "STOP"} {
		r := newRecorder("n", io.Discard)
		r.note(now(), agentapi.Event{}, func(s *agentapi.State, _ *agentapi.Event) bool {
			s.VRRP, s.VIPs = before, []string{"192.168.99.10"}
			return true
		})
		noteKeepalived(r, false, now())
		if s := r.snapshot(); s.VRRP != after || s.Keepalived != "gone" || len(s.VIPs) != 1 {
			t.Errorf("%s: %+v", before, s)
		}
		r.close(time.Second)
	}
}
