package outage

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"halab/internal/agentapi"
)

// The connections of a story are busy and idle ones to the cluster's VIP; their moments
// are milliseconds from the fault's mark. The phase ends at 1000, the failback at 2000.
type moments []agentapi.HeldEvent

func (m moments) at(ms float64, what, how string) moments {
	number := 1
	if n := len(m); n > 0 {
		number = m[n-1].Number
	}
	if n := len(m); what == agentapi.HeldOpened && n > 0 {
		number++
	}
	return append(slices.Clone(m), agentapi.HeldEvent{At: at(ms), VIP: "192.168.99.10", Number: number, What: what, How: how})
}

// answered is a request with its answer.
func (m moments) answered(ms, later float64) moments {
	return m.at(ms, agentapi.HeldAsked, "").at(later, agentapi.HeldAnswered, "")
}

func open(ms float64) moments { return moments{}.at(ms, agentapi.HeldOpened, "").answered(ms, ms+1) }

func TestFates(t *testing.T) {
	busy := open(-300).answered(-100, -99).answered(0, 1)
	idle := open(-300)
	left := func(m moments, sent int) moments {
		m[len(m)-1].Sent = sent
		return m
	}
	for name, c := range map[string]struct {
		of     string
		events moments
		want   string // "" where none was open
	}{
		"answered all the time":        {"busy", busy.answered(100, 101).answered(950, 951), "unaffected"},
		"under way at the end":         {"busy", busy.at(950, agentapi.HeldAsked, ""), "unaffected"},
		"reset":                        {"busy", busy.at(100, agentapi.HeldAsked, "").at(212.5, agentapi.HeldEnded, "rst"), "rst 212.5"},
		"closed":                       {"busy", busy.at(4, agentapi.HeldEnded, "fin"), "fin 4"},
		"late by a lost segment":       {"busy", busy.answered(100, 310).answered(400, 401), "stalled 210"},
		"late by a busy machine":       {"busy", busy.answered(100, 180).answered(200, 201), "unaffected"},
		"no answer at the end":         {"busy", busy.at(100, agentapi.HeldAsked, ""), "hang 900"},
		"let go of":                    {"busy", left(busy.at(100, agentapi.HeldAsked, "").at(980, agentapi.HeldLeft, ""), 3), "hang 880 sent 3"},
		"given up by the kernel":       {"busy", busy.at(100, agentapi.HeldAsked, "").at(900, agentapi.HeldEnded, "connection timed out"), "hang 900"},
		"over before":                  {"busy", busy.at(-5, agentapi.HeldEnded, "fin"), ""},
		"over after":                   {"busy", busy.answered(900, 901).at(1500, agentapi.HeldEnded, "rst"), "unaffected"},
		"opened too late":              {"busy", open(10), ""},
		"let go of before":             {"busy", left(busy.at(-50, agentapi.HeldAsked, "").at(-10, agentapi.HeldLeft, ""), 1), ""},
		"idle, reset at its limit":     {"idle", open(-4600).at(410, agentapi.HeldEnded, "rst"), "rst 410"},
		"opened again":                 {"busy", busy.at(-50, agentapi.HeldEnded, "fin").at(-40, agentapi.HeldOpened, "").answered(-40, -39).at(700, agentapi.HeldEnded, "rst"), "rst 700"},
		"idle, and still good":         {"idle", idle.answered(990, 991), "unaffected"},
		"idle, closed at once":         {"idle", idle.at(3, agentapi.HeldEnded, "fin"), "fin 3"},
		"idle, reset when used":        {"idle", idle.at(990, agentapi.HeldAsked, "").at(991, agentapi.HeldEnded, "rst"), "rst 991 in use"},
		"idle, silent when used":       {"idle", idle.at(600, agentapi.HeldAsked, "").at(995, agentapi.HeldLeft, ""), "hang 395 in use"},
		"idle for as long as it may":   {"idle", open(-4600).at(410, agentapi.HeldEnded, "fin"), "own-end 5009"},
		"idle, and ended before that":  {"idle", open(-3000).at(410, agentapi.HeldEnded, "fin"), "fin 410"},
		"busy, and so never idle long": {"busy", open(-4600).at(410, agentapi.HeldEnded, "fin"), "fin 410"},
	} {
		s := crash()
		spec := agentapi.HeldSpec{Name: c.of, VIP: "192.168.99.10/24", EndsMs: 5000}
		if c.of == agentapi.HeldBusy {
			spec.EveryMs = agentapi.HeldPeriodMs
		}
		s.rec.Held = []agentapi.HeldSpec{spec}
		for _, e := range c.events {
			e.Name, e.VIP = c.of, spec.VIP
			s.rec.HeldEvents = append(s.rec.HeldEvents, e)
		}
		// A probe that is answered up to the very fault puts the fault at its mark.
		s.rec.Events = append([]agentapi.Event{{Mono: at(0), Node: "a", Name: agentapi.EventFault}}, s.rec.Events...)
		got := ""
		for _, h := range Analyse(&s.rec, PhaseFault).Held {
			if got = string(h.Fate); h.AfterMs != 0 {
				got += fmt.Sprintf(" %g", h.AfterMs)
			}
			if h.Sent > 0 {
				got += fmt.Sprintf(" sent %d", h.Sent)
			}
			if h.InUse {
				got += " in use"
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Each phase has the connection that was open when it began.
func TestFatesOfTwoPhases(t *testing.T) {
	s := crash()
	s.rec.Held = []agentapi.HeldSpec{{Name: agentapi.HeldBusy, VIP: "192.168.99.10", EveryMs: 100}}
	s.rec.HeldEvents = open(-300).at(12, agentapi.HeldEnded, "rst").at(900, agentapi.HeldOpened, "").answered(900, 901).
		answered(1100, 1101).at(1500, agentapi.HeldEnded, "fin")
	for i := range s.rec.HeldEvents {
		s.rec.HeldEvents[i].Name = agentapi.HeldBusy
	}
	for phase, want := range map[Phase]Fate{PhaseFault: FateRST, PhaseFailback: FateFIN} {
		if h, ok := Analyse(&s.rec, phase).HeldTo("192.168.99.10", agentapi.HeldBusy); !ok || h.Fate != want {
			t.Errorf("%s: %+v, want %s", phase, h, want)
		}
	}
}

func TestSummariseHeld(t *testing.T) {
	s := heldRuns(
		Held{Fate: FateRST, AfterMs: 10}, Held{Fate: FateRST, AfterMs: 40}, Held{Fate: FateHang, AfterMs: 900}, Held{Fate: FateRST, AfterMs: 20},
	)
	s.Runs[3].Phases[0].Valid = false // no measurement
	got, _ := json.Marshal(SummariseHeld(s))
	want := `[{"phase":"fault","connection":"busy","fate":"rst","n":2,"min_ms":10,"median_ms":25,"max_ms":40},` +
		`{"phase":"fault","connection":"busy","fate":"hang","n":1,"min_ms":900,"median_ms":900,"max_ms":900}]`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestHeldFlags(t *testing.T) {
	reset := HeldForecast{Phase: PhaseFault, Connection: agentapi.HeldBusy, Fates: []Fate{FateRST, FateFIN}, MinMs: 100, MaxMs: 300}
	stays := HeldForecast{Phase: PhaseFault, Connection: agentapi.HeldBusy, Fates: []Fate{FateUnaffected}}
	for _, c := range []struct {
		f    HeldForecast
		h    Held
		want string
	}{
		{reset, Held{Fate: FateRST, AfterMs: 200}, ""},
		{reset, Held{Fate: FateFIN, AfterMs: 310}, ""}, // a reader of a socket is woken some time
		{reset, Held{Fate: FateRST, AfterMs: 400}, "run 1, fault: busy connection: RST after 400 ms, predicted RST or FIN at 100–300 ms"},
		{reset, Held{Fate: FateRST, AfterMs: 5}, "run 1, fault: busy connection: RST after 5 ms, predicted RST or FIN at 100–300 ms"},
		{reset, Held{Fate: FateHang, AfterMs: 4000}, "run 1, fault: busy connection: hang > 4000 ms, predicted RST or FIN at 100–300 ms"},
		{reset, Held{Fate: FateRST, AfterMs: 4000, InUse: true}, ""}, // when it was used is the drill's doing
		{stays, Held{Fate: FateUnaffected}, ""},
		{stays, Held{Fate: FateOwnEnd, AfterMs: 20000}, ""},
		{stays, Held{Fate: FateStalled, AfterMs: 250}, "run 1, fault: busy connection: waited 250 ms and went on, predicted unaffected"},
	} {
		got := ""
		for _, f := range HeldFlags(heldRuns(c.h), []HeldForecast{c.f}) {
			got += f.Text
		}
		if got != c.want {
			t.Errorf("%s beside %s: %q, want %q", c.h, c.f, got, c.want)
		}
	}
}

// When a node that was mended takes the VIP back follows its start and its adverts; a
// connection is reset soon after it did, and that is what is predicted.
func TestHeldFlagsAfterTheMove(t *testing.T) {
	back := HeldForecast{Phase: PhaseFailback, Connection: agentapi.HeldBusy, Fates: []Fate{FateRST}, MaxMs: 305, Since: StepVIP}
	moved := []Step{{Name: StepFault}, {Name: StepVIP, AtMs: 3900}}
	for _, c := range []struct {
		after float64
		steps []Step
		want  int
	}{
		{4000, moved, 0},
		{4300, moved, 1},
		{3000, moved, 1}, // before anything moved
		{4300, []Step{{Name: StepVIP, Missing: "not seen"}}, 0},
	} {
		s := heldRuns(Held{Fate: FateRST, AfterMs: c.after})
		s.Runs[0].Phases[0].Phase, s.Runs[0].Phases[0].Anatomy = PhaseFailback, c.steps
		if got := HeldFlags(s, []HeldForecast{back}); len(got) != c.want {
			t.Errorf("reset at %g ms, %+v: %d flags, want %d: %+v", c.after, c.steps, len(got), c.want, got)
		}
	}
}

// heldRuns are runs of which each busy connection met a fate.
func heldRuns(fates ...Held) ScenarioResult {
	var s ScenarioResult
	for i, h := range fates {
		h.Connection, h.VIP = agentapi.HeldBusy, "192.168.99.10"
		other := Held{Connection: agentapi.HeldBusy, VIP: "192.168.99.20", Fate: FateUnaffected}
		s.Runs = append(s.Runs, Run{Number: i + 1, VIP: "192.168.99.10", Phases: []Analysis{{Phase: PhaseFault, Valid: true, Held: []Held{other, h}}}})
	}
	return s
}
