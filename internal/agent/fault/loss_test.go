package fault

import (
	"testing"

	"halab/internal/agentapi"
)

// All that is lost is lost, in the direction that was asked for.
func TestLossOfAll(t *testing.T) {
	a, b, site := twoSpaces(t)
	filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultLoss, Percent: 100, Direction: agentapi.DirectionIn},
		passes{true, false, true, false, true})
}

// A loss of 30 % loses about 30 %.
func TestLossIsAShare(t *testing.T) {
	a, b, site := twoSpaces(t)
	undo := breaks(t, a, site, agentapi.FaultRequest{Fault: agentapi.FaultLoss, Percent: 30, Direction: "out"})
	defer undo()
	const sent = 2000
	// 6 standard deviations of a binomial distribution: 6·√(2000·0.3·0.7) = 123
	if came := b.count(a, udp, sent); came < sent*7/10-123 || came > sent*7/10+123 {
		t.Errorf("%d of %d came under a loss of 30 %%", came, sent)
	}
}
