package fault

import (
	"testing"

	"halab/internal/agentapi"
)

// VRRP is dropped and nothing else, in the direction that was asked for.
func TestDropVRRP(t *testing.T) {
	a, b, site := twoSpaces(t)
	for direction, want := range map[string]passes{
		agentapi.DirectionOut:  {true, true, false, true, true},
		agentapi.DirectionIn:   {true, true, true, false, true},
		agentapi.DirectionBoth: {true, true, false, false, true},
	} {
		filters(t, a, b, site, agentapi.FaultRequest{Fault: agentapi.FaultDropVRRP, Direction: direction}, want)
	}
}
