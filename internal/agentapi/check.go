package agentapi

// CheckRequest is a check of keepalived's that `halab agent check` is to run once, as
// keepalived would.
type CheckRequest struct {
	Command   string  `json:"command"`
	User      string  `json:"user,omitempty"` // none: keepalived_script where there is one, else root
	TimeoutMs float64 `json:"timeout_ms"`
	Shell     bool    `json:"shell,omitempty"` // by sh -c, as before keepalived 2.0
}

// CheckRun is what came of it.
type CheckRun struct {
	Exit     int     `json:"exit"` // -1 where it did not end by itself
	Ms       float64 `json:"ms"`
	User     string  `json:"user"`
	Last     string  `json:"last,omitempty"`      // its last line of output
	TimedOut bool    `json:"timed_out,omitempty"` // it was ended when its time was over
	Signal   string  `json:"signal,omitempty"`    // that ended it
	Error    string  `json:"error,omitempty"`     // why it could not be run at all
}

// OK says whether keepalived takes the run for a success.
func (r CheckRun) OK() bool { return r.Exit == 0 && r.Error == "" }
