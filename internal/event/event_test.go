package event

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestBeginEndsWithDoneOrFailed(t *testing.T) {
	var got []Event
	sink := Sink(func(e Event) { got = append(got, e) })
	sink.Begin("image", "build", "from debian12")(nil)
	sink.Begin("network", "create", "")(errors.New("taken"))
	want := []struct {
		status Status
		text   string
	}{{Started, "from debian12"}, {Done, ""}, {Started, ""}, {Failed, "taken"}}
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Status != w.status || got[i].Text != w.text {
			t.Errorf("event %d: got %s %q, want %s %q", i, got[i].Status, got[i].Text, w.status, w.text)
		}
		if got[i].Time.IsZero() {
			t.Errorf("event %d has no time", i)
		}
		if got[i].Final() != (w.status == Done || w.status == Failed) {
			t.Errorf("event %d: Final() is %v", i, got[i].Final())
		}
	}
}

func TestNilSinkTakesEverything(t *testing.T) {
	var sink Sink
	sink.Begin("a", "b", "")(nil)
	sink.Info("a", "b")
	sink.Warn("a", "b")
	sink.Update("a", "b", "c")
}

func TestFanoutSnapshotThenDeltas(t *testing.T) {
	var hub Fanout
	hub.Send(Event{Subject: "a", Phase: "create", Status: Started})
	hub.Send(Event{Subject: "b", Phase: "create", Status: Started})
	hub.Send(Event{Subject: "a", Phase: "create", Status: Done})
	snapshot, events, leave := hub.Subscribe(4)
	if len(snapshot) != 2 || snapshot[0].Subject != "a" || snapshot[0].Status != Done || snapshot[1].Subject != "b" {
		t.Fatalf("snapshot is %+v", snapshot)
	}
	hub.Send(Event{Subject: "b", Phase: "create", Status: Done})
	if e := <-events; e.Subject != "b" || e.Status != Done {
		t.Fatalf("delta is %+v", e)
	}
	leave()
	leave()
	if _, open := <-events; open {
		t.Fatal("channel still open after leaving")
	}
}

func TestFanoutDropsSlowReaderAlone(t *testing.T) {
	var hub Fanout
	_, slow, _ := hub.Subscribe(1)
	_, fast, _ := hub.Subscribe(8)
	for i := range 3 {
		hub.Send(Event{Subject: fmt.Sprint(i)})
	}
	hub.Close()
	if n := count(slow); n != 1 {
		t.Errorf("slow reader got %d events, want the 1 of its buffer", n)
	}
	if n := count(fast); n != 3 {
		t.Errorf("fast reader got %d events, want 3", n)
	}
	hub.Send(Event{})
	if _, late, _ := hub.Subscribe(1); count(late) != 0 {
		t.Error("a closed hub gave events")
	}
}

func TestFanoutSnapshotIsBounded(t *testing.T) {
	var hub Fanout
	for i := range snapshotLimit + 10 {
		hub.Send(Event{Subject: fmt.Sprint(i)})
	}
	snapshot, _, leave := hub.Subscribe(1)
	defer leave()
	if len(snapshot) != snapshotLimit || snapshot[0].Subject != "10" {
		t.Errorf("snapshot has %d events from %q", len(snapshot), snapshot[0].Subject)
	}
}

func TestFanoutFromManyGoroutines(t *testing.T) {
	var hub Fanout
	_, events, _ := hub.Subscribe(1000)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 100 {
				hub.Send(Event{Subject: "x"})
			}
		})
	}
	wg.Wait()
	hub.Close()
	if n := count(events); n != 1000 {
		t.Errorf("got %d events, want 1000", n)
	}
}

func count(ch <-chan Event) int {
	n := 0
	for range ch {
		n++
	}
	return n
}
