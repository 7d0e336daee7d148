package app_test

import (
	"testing"

	"halab/internal/app"
	"halab/internal/fault"
)

// What a command has seen once it does not ask for again: one listing, and
// one log of each node, tell the target, what it is made of, and who holds the VIP
// then.
func TestFailListsOnce(t *testing.T) {
	t.Parallel()
	set := app.Setting{Name: "halab", Base: "debian12"}
	w := newWorld(t, set)
	w.Up()
	s := open(t, w, set, nil)
	order, err := fault.Parse([]string{"link", "down"})
	if err != nil {
		t.Fatal(err)
	}
	w.Engine.Forget()
	if _, err := s.Fail(t.Context(), app.FailOrder{Order: order, Target: "frontend-01"}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.Engine.CallsOf("Containers")); n != 1 {
		t.Errorf("%d listings: %v", n, w.Engine.Calls())
	}
	if n := len(w.Engine.CallsOf("Logs")); n != 4 {
		t.Errorf("%d logs were read: %v", n, w.Engine.Calls())
	}
}
