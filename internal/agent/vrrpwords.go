package agent

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"sync"
)

// What keepalived itself says at a change of state: before 2.0
// "VRRP_Instance(frontend-00) Entering MASTER STATE" and, where an interface
// fails, "VRRP_Instance(frontend-00) Now in FAULT state"; from 2.0 on
// "(frontend-00) Entering MASTER STATE". "Transition to MASTER STATE" is none:
// the address comes an advert later.
//
// A sync group says "VRRP_Group(G1) Syncing instances to FAULT state", and then its
// instances need not say it themselves.
const vrrpPattern = `\(([^()\s]+)\):? (?:Entering (MASTER|BACKUP|FAULT) STATE|Now in (FAULT) state|Syncing instances to (MASTER|BACKUP|FAULT) state)`

// vrrpWords passes on what a keepalived says and reports each change of state.
// Lines come in the order in which keepalived wrote them. A notify script for
// each change would be a process for each: where the state changes twice within
// a few milliseconds, the last of them to run has the last word, and a node that
// is BACKUP would be taken for MASTER until the next change.
type vrrpWords struct {
	to    io.Writer
	form  *regexp.Regexp
	begun []byte // of a line that is not whole yet

	mu     sync.Mutex
	report func(instance, state string) // nil: this keepalived has no word any more
}

func newVRRPWords(to io.Writer, report func(instance, state string)) *vrrpWords {
	return &vrrpWords{to: to, form: regexp.MustCompile(vrrpPattern), report: report}
}

// longestLine is more than keepalived writes in a line.
const longestLine = 4096

// Write passes on and reads along.
func (w *vrrpWords) Write(p []byte) (int, error) {
	for _, part := range bytes.SplitAfter(p, []byte("\n")) {
		w.begun = append(w.begun, part...)
		if bytes.HasSuffix(part, []byte("\n")) {
			w.line(w.begun)
			w.begun = w.begun[:0]
		}
		w.begun = w.begun[:min(len(w.begun), longestLine)]
	}
	return w.to.Write(p)
}

func (w *vrrpWords) line(text []byte) {
	m := w.form.FindSubmatch(text)
	if m == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report != nil {
		w.report(string(m[1]), string(m[2])+string(m[3])+string(m[4]))
	}
}

// last says one more state and is silent from then on: 1.3.5 gives the VIP up at
// SIGTERM and lives a second longer, in which it may still say something.
func (w *vrrpWords) last(instance, state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report != nil {
		w.report(instance, state)
		w.report = nil
	}
}

// sayVRRP tells process 1 of the node a state, in the words of a keepalived that
// has a notify FIFO.
func sayVRRP(story io.Writer) func(instance, state string) {
	return func(instance, state string) {
		if err := sayNotify("INSTANCE", instance, state); err != nil {
			fmt.Fprintln(story, "halab agent:", err)
		}
	}
}
