// Package crashpoint ends a process in the middle of its work, at a step that a
// test names: `HALAB_CRASH_AT=applied halab fail frontend-00 link down` kills the
// agent on frontend-00 when the link is down and nobody has been told. A kill at a
// random moment meets such a step once in a hundred runs; this meets it each time.
package crashpoint

import (
	"os"
	"slices"
	"strings"
	"syscall"
)

// Variable holds the steps, by commas. halab hands it on to the agent, so one
// variable is for both.
const Variable = "HALAB_CRASH_AT"

// The steps that the agent on a node takes to apply a fault, in their order.
const (
	Recorded = "recorded" // the undo is written; nothing has changed
	Agreed   = "agreed"   // halab has said go
	Applied  = "applied"  // the fault is made
	Verified = "verified" // it was seen to be there
	Noted    = "noted"    // its record says so; halab has no answer yet
)

// The steps of halab itself.
const (
	Asked      = "asked"      // all is checked; the engine is asked next
	Ready      = "ready"      // the agent waits for the word to go on
	Unanswered = "unanswered" // the agent has ended and has said nothing
	Answered   = "answered"   // the engine has done it; the user does not know yet
)

// OfAgent lists the steps of the agent.
func OfAgent() []string { return []string{Recorded, Agreed, Applied, Verified, Noted} }

// At kills this process if the step was named. SIGKILL, as the kernel sends it
// where memory runs out: no deferred call runs, and nothing is written any more.
func At(step string) {
	if slices.Contains(strings.Split(os.Getenv(Variable), ","), step) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}

// Env is the environment that hands the steps on to an agent.
func Env() []string {
	if steps := os.Getenv(Variable); steps != "" {
		return []string{Variable + "=" + steps}
	}
	return nil
}
