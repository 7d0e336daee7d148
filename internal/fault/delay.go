package fault

import (
	"time"

	"halab/internal/agentapi"
	"halab/internal/effect"
)

// delay makes what a node sends late.
func delay() Kind {
	return inside(Kind{
		Name: agentapi.FaultDelay, Summary: "all that the node sends is late; takes a kernel with netem, otherwise it is refused and nothing changes",
		Sees:   "every answer takes longer; adverts later than their interval make the backup take over",
		Man:    "tc-netem(8)",
		effect: func(Order) effect.Effect { return effect.Effect{On: effect.Link, Disturbs: true} },
		Args: []Arg{
			timeArg("TIME", "", "50ms", func(r *agentapi.FaultRequest, d time.Duration) { r.Delay = d }),
			timeArg("JITTER", "0", "10ms", func(r *agentapi.FaultRequest, d time.Duration) { r.Jitter = d }),
		},
	})
}

func timeArg(name, fallback, example string, set func(*agentapi.FaultRequest, time.Duration)) Arg {
	return Arg{
		Name: name, Type: "time", Unit: "ms or s", Default: fallback, Example: example,
		set: func(r *agentapi.FaultRequest, word string) error {
			if word == fallback && fallback != "" {
				return nil
			}
			d, err := parseTime(word)
			set(r, d)
			return err
		},
	}
}
