package predict

import (
	"testing"

	"halab/internal/effect"
	"halab/internal/outage"
)

// What becomes of connections follows from where the VIP goes and from who is left to
// say that they are over.
func TestHeld(t *testing.T) {
	for _, c := range []struct {
		profile string
		of      effect.Effect
		busy    string
		idle    string
		back    string // of a busy one in the failback
	}{
		{"fast", effect.Kill(effect.HAProxy), "FIN or RST at 0–5 ms", "FIN or RST at 0–5 ms", "unaffected"},
		{"fast", effect.Stop(effect.HAProxy), "RST or FIN at 0–305 ms", "RST or FIN", "unaffected"},
		{"fast", effect.Hang(effect.HAProxy), "RST or hang at 75.1–501 ms", "RST or hang", "unaffected"},
		{"fast", effect.Kill(effect.Node), "RST at 10.1–345 ms", "RST", "unaffected"},
		{"fast", effect.Kill(effect.Keepalived), "RST at 10.1–345 ms", "RST", "unaffected"},
		{"fast", effect.Hang(effect.Keepalived), "RST at 10.1–345 ms", "RST", "RST at 0–305 ms after the VIP's move"},
		{"fast", effect.Handover(), "RST at 0–305 ms", "RST", ""},
		{"fast", effect.Kill(effect.App), "unaffected", "unaffected", "unaffected"},
		{"fast", effect.Hang(effect.App), "unaffected", "unaffected", "unaffected"},
		{"classic", effect.Hang(effect.HAProxy), "hang", "hang", "unaffected"},
		{"classic", effect.Kill(effect.Node), "RST at 2613–7532 ms", "RST", "RST at 0–305 ms after the VIP's move"},
	} {
		e, err := Predict(input(t, "debian12", c.profile, "frontend", c.of))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, f := range e.Held {
			got[string(f.Phase)+" "+f.Connection] = f.String()
		}
		for what, want := range map[string]string{"fault busy": c.busy, "fault idle": c.idle, string(outage.PhaseFailback) + " busy": c.back} {
			if got[what] != want {
				t.Errorf("%s, %+v: %s %q, want %q", c.profile, c.of, what, got[what], want)
			}
		}
	}
}
