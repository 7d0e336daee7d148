package probe

import (
	"fmt"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// pacer says when each probe of a stream is due, as an offset from the start of
// the stream. It is a pure function of the probe's number.
//
// vegeta's ConstantPacer is used for it, asked with an elapsed time of zero:
// then it answers the due time of the next hit, and nothing else. Its attacker
// is not used: it hands hits to workers over a channel that waits while all
// workers are busy, takes its time stamp when a worker picks the hit up, and
// has no notion of when the hit was due. A stall of the attacker or the target
// would so shift the later hits and shorten the outage that is to be measured.
type pacer struct{ p vegeta.ConstantPacer }

// newPacer makes a pacer of rate probes a second.
func newPacer(rate float64) (pacer, error) {
	if !(rate > 0) || rate > 1e5 {
		return pacer{}, fmt.Errorf("a rate of %g probes a second makes no sense: give one above 0 and up to 100000", rate)
	}
	return pacer{vegeta.ConstantPacer{Freq: 1, Per: time.Duration(1e9 / rate)}}, nil
}

// due is the offset at which probe n, from 0, is to be sent.
func (p pacer) due(n uint64) time.Duration {
	d, _ := p.p.Pace(0, n)
	return d
}

// interval is the time between two probes.
func (p pacer) interval() time.Duration { return p.p.Per }

// nextAction decides what to do at elapsed time after the start when sent
// probes were begun or dropped: begin the next one (wait is 0), or sleep for
// wait. late is how far behind the next one is.
func (p pacer) nextAction(elapsed time.Duration, sent uint64) (wait, late time.Duration) {
	d := p.due(sent)
	if d > elapsed {
		return d - elapsed, 0
	}
	return 0, elapsed - d
}
