package event

import (
	"errors"
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
