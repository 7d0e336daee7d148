package predict

import (
	"fmt"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/daemonconf/forecast"
	"halab/internal/effect"
	"halab/internal/outage"
)

const (
	// resendMs is after how long the kernel of a client sends again what nobody
	// acknowledged; after that, twice as long each time (RFC 6298, section 5, with Linux's
	// least of 200 ms). So what was sent in an outage reaches the new holder when at most
	// twice the outage has passed.
	resendMs = 200
	periodMs = float64(agentapi.HeldPeriodMs)
)

// bothPhases is what becomes of connections in the fault and in its failback.
func bothPhases(of effect.Effect, fault, back forecast.Row) []outage.HeldForecast {
	return append(held(outage.PhaseFault, of, fault), held(outage.PhaseFailback, of, back)...)
}

// held is what a row says of the two connections that a drill holds.
func held(phase outage.Phase, e effect.Effect, r forecast.Row) []outage.HeldForecast {
	busy := outage.HeldForecast{Phase: phase, Connection: agentapi.HeldBusy}
	idle := outage.HeldForecast{Phase: phase, Connection: agentapi.HeldIdle}
	both := func(formula string, fates ...outage.Fate) []outage.HeldForecast {
		busy.Fates, busy.Formula = fates, formula
		idle.Fates, idle.Formula = slices.Clone(fates), formula
		return []outage.HeldForecast{busy, idle}
	}
	switch r.Held {
	case forecast.HeldReset:
		busy.MaxMs, idle.MaxMs = handlingMs, handlingMs
		return both("the kernel closes the connections of a process that dies", outage.FateFIN, outage.FateRST)
	case forecast.HeldSilent, forecast.HeldMoved:
		fates := []outage.Fate{outage.FateRST}
		if e.On == effect.HAProxy && e.Resigns {
			fates = append(fates, outage.FateFIN) // it ends what is idle before it goes
		}
		because := ""
		if e.On == effect.HAProxy && e.Silent && r.Held == forecast.HeldSilent {
			fates = append(fates, outage.FateHang)
			because = "; or it hangs, where a request came before: the kernel of the hung HAProxy has acknowledged it, so that it is never sent again"
		}
		if e.On == effect.VIP {
			fates = append(fates, outage.FateUnaffected) // the node that lost it may be the one that has it again
		}
		busy.MinMs, busy.MaxMs = r.HeldMinMs, round(2*r.HeldMaxMs+periodMs+resendMs+handlingMs)
		if phase == outage.PhaseFailback {
			busy.Since = outage.StepVIP // a row of what is back begins with the move
		}
		return both(fmt.Sprintf("whoever sends to the new holder, which knows nothing of the connection, is reset: the VIP moves at %g–%g, "+
			"a client sends %g later at most, and its kernel again after %d and then twice as long each time%s",
			r.HeldMinMs, r.HeldMaxMs, periodMs, resendMs, because), fates...)
	case forecast.HeldHang:
		return both("the other side says nothing, not even that it is over", outage.FateHang)
	case forecast.HeldEnded:
		return both("the process before answers what it has in hand and closes what is idle (HAProxy's management guide, section 4)", outage.FateFIN)
	case forecast.HeldStay, forecast.HeldOwnClosed, forecast.HeldOwnHang:
		return both("HAProxy goes on answering, and the VIP stays with it", outage.FateUnaffected)
	}
	return nil
}
