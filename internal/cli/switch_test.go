package cli

import (
	"strings"
	"testing"

	"halab/internal/app"
)

// classic is a lab of that profile.
func classic(t *testing.T) *world {
	t.Helper()
	return worldOf(t, app.Setting{Name: "halab", Profile: "classic"}).up()
}

// keepalived of profile classic can't be asked to hand a VIP over. switch says so
// before it does anything, and drills say so and do the rest.
func TestSwitchInClassic(t *testing.T) {
	t.Parallel()
	w := classic(t)
	const why = "in profile classic keepalived follows no file that asks for the VIP"
	w.Engine.Forget()
	r := w.run("switch", "frontend")
	if r.code != exitFailed || !strings.Contains(r.stderr, "halab: frontend-00 can't be moved on purpose: "+why+"\n") {
		t.Errorf("switch: exit %d, %s", r.code, r.stderr)
	}
	for _, c := range w.Engine.Calls() {
		if c.Method == "Exec" {
			t.Errorf("switch did %s before it refused", c)
		}
	}
	r = w.run("drill", "--list")
	for _, name := range []string{"frontend", "backend"} {
		if want := name + "/switch\n    The " + name + " VIP is moved to the other node on purpose.\n    left out: " + why + "\n"; !strings.Contains(r.stdout, want) {
			t.Errorf("the list lacks %q:\n%s", want, r.stdout)
		}
	}
	if strings.Count(r.stdout, why) != 2 {
		t.Errorf("more is left out:\n%s", r.stdout)
	}
	if r = w.run("drill", "switch"); r.code != exitFailed || !strings.Contains(r.stderr, "frontend/switch can't be done on this lab: "+why) {
		t.Errorf("drill switch: exit %d, %s", r.code, r.stderr)
	}
}
