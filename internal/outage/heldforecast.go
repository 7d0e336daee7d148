package outage

import (
	"fmt"
	"slices"
	"strings"
)

// HeldForecast is what the files let one expect of a connection that is held.
type HeldForecast struct {
	Phase      Phase  `json:"phase"`
	Connection string `json:"connection"`
	Fates      []Fate `json:"fates"` // any of these
	// MinMs and MaxMs are when it ends, from the phase's zero, or from the step Since;
	// both 0 where that is not reckoned.
	MinMs   float64 `json:"min_ms,omitempty"`
	MaxMs   float64 `json:"max_ms,omitempty"`
	Formula string  `json:"formula"`
	// Since is the step that the times count from. When a node that was mended takes the
	// VIP back is not reckoned, and a connection is reset soon after it did.
	Since StepName `json:"since,omitempty"`
	// EndsMs is after how long without a word its server ends it, whatever happens, by
	// the timeout EndsBy; 0: nothing does.
	EndsMs float64 `json:"ends_ms,omitempty"`
	EndsBy string  `json:"ends_by,omitempty"`
}

// HeldFlags lists the connections that met what was not predicted: another fate, or an
// end at another time. One that its server ends anyway says nothing of the fault.
func HeldFlags(s ScenarioResult, forecasts []HeldForecast) []Flag {
	var out []Flag
	for _, r := range s.Runs {
		for _, f := range forecasts {
			a, ok := r.Phase(f.Phase)
			h, found := a.HeldTo(r.VIP, f.Connection)
			if !ok || !found || !r.Valid() || h.Fate == FateOwnEnd || f.has(a, h) {
				continue
			}
			flag := Flag{Run: r.Number, Phase: f.Phase, Metric: HeldMetric(f.Connection), Measured: h.AfterMs, MinMs: f.MinMs, MaxMs: f.MaxMs}
			flag.Text = fmt.Sprintf("run %d, %s: %s connection: %s, predicted %s", r.Number, f.Phase, f.Connection, h, f)
			out = append(out, flag)
		}
	}
	return out
}

// has says whether a connection met what was predicted of a phase.
func (f HeldForecast) has(a Analysis, h Held) bool {
	if !slices.Contains(f.Fates, h.Fate) {
		return false
	}
	if !h.Fate.ends() || h.InUse || f.MaxMs == 0 {
		return true
	}
	zero := 0.0
	if f.Since != "" {
		at := slices.IndexFunc(a.Anatomy, func(s Step) bool { return s.Name == f.Since && s.Missing == "" })
		if at < 0 {
			return true // when it happened was not seen
		}
		zero = a.Anatomy[at].AtMs
	}
	after := h.AfterMs - zero
	return exact(after) >= exact(f.MinMs-heldFloor) && exact(after) <= exact(f.MaxMs+heldFloor)
}

// heldFloor is by how much the moment of an end may be off: a reader of the socket has
// to be woken, on a machine that is busy with the fault.
const heldFloor = 20.0

// String is what was predicted in a few words.
func (f HeldForecast) String() string {
	var words []string
	for _, fate := range f.Fates {
		words = append(words, fate.name())
	}
	text := strings.Join(words, " or ")
	if f.MaxMs > 0 {
		text += fmt.Sprintf(" at %s–%s ms", short(f.MinMs), short(f.MaxMs))
		if f.Since != "" {
			text += " after the VIP's move"
		}
	}
	return text
}
