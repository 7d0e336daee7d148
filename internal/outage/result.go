package outage

import "time"

// Schema is the version of the JSON that Result is written as. It grows by one
// when a field changes its meaning or goes; new fields alone don't change it.
const Schema = 1

// Result is everything a drill found: what --json prints, --save keeps and
// every report is made from.
type Result struct {
	Schema  int               `json:"schema"`
	Halab   string            `json:"halab_version"`
	Date    time.Time         `json:"date"` // when the drill began
	Machine Machine           `json:"machine"`
	Lab     string            `json:"lab"`
	Base    string            `json:"base"`    // debian12
	Profile string            `json:"profile"` // fast or classic
	Daemons map[string]string `json:"daemons"` // "haproxy" and "keepalived": version as the daemon prints it
	Seed    int64             `json:"seed"`
	Repeat  int               `json:"repeat"`
	// FloorMs is the resolution of the edge stream; see Stream.FloorMs.
	FloorMs   float64          `json:"floor_ms"`
	Scenarios []ScenarioResult `json:"scenarios"`
	Findings  []Finding        `json:"findings,omitempty"` // of an operator's own files, beside their proof
	Budget    *BudgetVerdict   `json:"budget,omitempty"`
	// Interrupted says that the drill was stopped before its end; what is here
	// was still measured whole.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Machine is what the lab ran on.
type Machine struct {
	Kernel    string `json:"kernel"`
	CPUs      int    `json:"cpus"`
	MemoryMiB int64  `json:"memory_mib"`
	Engine    string `json:"engine_version"`
	System    string `json:"system"` // the engine host's operating system
	Cgroup    string `json:"cgroup"` // "1" or "2"
}

// ScenarioResult is one scenario with all its runs.
type ScenarioResult struct {
	Name          string         `json:"name"` // e.g. frontend/haproxy-kill
	Kind          Kind           `json:"kind"`
	Cluster       string         `json:"cluster"`
	Description   string         `json:"description"`
	Runs          []Run          `json:"runs"`
	Summary       []Summary      `json:"summary"` // per metric, over the valid runs
	Predictions   []Prediction   `json:"predictions,omitempty"`
	Held          []HeldSummary  `json:"held,omitempty"` // what became of open connections, over the valid runs
	HeldPredicted []HeldForecast `json:"held_predicted,omitempty"`
	// NoPrediction says why nothing is predicted of the outage at the edge.
	NoPrediction string         `json:"no_prediction,omitempty"`
	Flags        []Flag         `json:"flags,omitempty"`
	Budget       *BudgetVerdict `json:"budget,omitempty"` // the scenario file's own
}

// Run is one repetition of a scenario.
type Run struct {
	Scenario string     `json:"scenario"`
	Number   int        `json:"number"` // from 1
	Seed     int64      `json:"seed"`
	Started  time.Time  `json:"started"`
	OffsetMs float64    `json:"offset_ms"`        // how long the fault was put off, at random, over the timers' period
	Target   string     `json:"target"`           // the node that was hit
	Holder   string     `json:"holder,omitempty"` // the node that held the VIP, where a fault was done
	VIP      string     `json:"vip,omitempty"`    // address of the VIP that is watched
	Phases   []Analysis `json:"phases"`           // fault, then failback; or soak alone
	Recorded *Recording `json:"recording,omitempty"`
	Error    string     `json:"error,omitempty"` // the run could not be carried out
}

// Phase finds a phase of the run.
func (r Run) Phase(p Phase) (Analysis, bool) {
	for _, a := range r.Phases {
		if a.Phase == p {
			return a, true
		}
	}
	return Analysis{}, false
}

// Valid says whether every phase of the run is a measurement.
func (r Run) Valid() bool {
	if r.Error != "" || len(r.Phases) == 0 {
		return false
	}
	for _, a := range r.Phases {
		if !a.Valid {
			return false
		}
	}
	return true
}

// Summary is one metric over the valid runs of a scenario. Metric names are
// listed by Metrics; those that are not counts are milliseconds.
type Summary struct {
	Metric string  `json:"metric"` // e.g. edge.outage, failback.stack.failed
	Unit   string  `json:"unit"`   // "ms" or "count"
	N      int     `json:"n"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
}

// Prediction is what the two configuration files let one expect of a metric.
type Prediction struct {
	Metric string  `json:"metric"`
	MinMs  float64 `json:"min_ms"`
	MaxMs  float64 `json:"max_ms"`
	MeanMs float64 `json:"mean_ms"`
	// Never says that nothing will end the outage until somebody mends what is
	// broken; the range then means nothing.
	Never bool `json:"never,omitempty"`
	// Formula is the arithmetic with its numbers, for the reader.
	Formula string `json:"formula"`
	// Assumes says what the files don't tell and was taken as given.
	Assumes string `json:"assumes,omitempty"`
}

// Flag is a measurement outside its prediction, or an invariant that surprises.
type Flag struct {
	Run      int     `json:"run"` // 0: the scenario as a whole
	Phase    Phase   `json:"phase,omitempty"`
	Metric   string  `json:"metric"`
	Measured float64 `json:"measured"`
	MinMs    float64 `json:"min_ms,omitempty"`
	MaxMs    float64 `json:"max_ms,omitempty"`
	Text     string  `json:"text"`
}

// BudgetVerdict is how a budget fared.
type BudgetVerdict struct {
	Budget string        `json:"budget"` // the text
	Held   bool          `json:"held"`
	Checks []BudgetCheck `json:"checks"`
}

// BudgetCheck is one condition of a budget against one scenario.
type BudgetCheck struct {
	Condition string  `json:"condition"` // e.g. edge.outage.p95<=50ms
	Scenario  string  `json:"scenario"`
	Held      bool    `json:"held"`
	Measured  float64 `json:"measured"`
	Unit      string  `json:"unit"`
	Limit     float64 `json:"limit"`
	By        float64 `json:"by"`            // how far beyond the limit; 0 when held
	Run       int     `json:"run,omitempty"` // the run that is worst in this; 0: none
	Text      string  `json:"text"`          // the verdict in a sentence
}
