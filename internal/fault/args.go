package fault

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"halab/internal/agentapi"
)

// Arg is an argument of a fault, described for help, completion and docs.
type Arg struct {
	Name    string
	Type    string   // what it is: a time, a share, …
	Unit    string   // how it is written
	Default string   // taken where it is left out; empty: it must be given
	Example string   // one that makes sense
	Values  []string // all that there are; nil: any
	Target  bool     // it names another part of the lab
	set     func(r *agentapi.FaultRequest, word string) error
}

// direction is an argument that says what is dropped.
func direction(fallback string) Arg {
	values := []string{agentapi.DirectionIn, agentapi.DirectionOut, agentapi.DirectionBoth}
	return Arg{
		Name: "DIRECTION", Type: "direction, as the node sees it", Unit: "in, out or both",
		Default: fallback, Example: agentapi.DirectionIn, Values: values,
		set: func(r *agentapi.FaultRequest, word string) error {
			for _, v := range values {
				if word == v {
					r.Direction = v
					return nil
				}
			}
			return fmt.Errorf("%q is no direction: in, out or both", word)
		},
	}
}

func percentArg(name, example string) Arg {
	return Arg{
		Name: name, Type: "share", Unit: "per cent, above 0 up to 100", Example: example,
		set: func(r *agentapi.FaultRequest, word string) (err error) {
			r.Percent, err = parsePercent(word)
			return err
		},
	}
}

// parsePercent reads "30", "0.5" or "30%".
func parsePercent(word string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if err != nil || !(n >= 0.001 && n <= 100) {
		return 0, fmt.Errorf("%q is no share: write per cent, from 0.001 to 100, for instance 30", word)
	}
	return n, nil
}

// maxTime bounds the times of faults: what takes longer is a fault of its own.
const maxTime = time.Hour

// parseTime reads "500ms".
func parseTime(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 || d > maxTime {
		return 0, fmt.Errorf("%q is no time: write it as 500ms or 2s, at most %s", word, maxTime)
	}
	return d, nil
}

// units are tried in this order, longest first.
type unit struct {
	name string
	size float64
}

// parseSize reads a number with a unit.
func parseSize(word string, units []unit) (float64, bool) {
	text := strings.ToLower(word)
	for _, u := range units {
		number, has := strings.CutSuffix(text, u.name)
		if !has {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		return n * u.size, err == nil && n > 0 && !math.IsInf(n*u.size, 0)
	}
	return 0, false
}

// maxRate is the largest rate that makes sense on one machine, bits a second.
const maxRate = 100e9

// parseRate reads "1mbit" (tc(8), RATES): bits a second.
func parseRate(word string) (uint64, error) {
	n, ok := parseSize(word, []unit{{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {"bit", 1}})
	if !ok || n < 8e3 || n > maxRate {
		return 0, fmt.Errorf("%q is no rate: write bits a second as 500kbit, 1mbit or 1gbit, from 8kbit to 100gbit", word)
	}
	return uint64(n), nil
}

// parseBytes reads "200MB".
func parseBytes(word string) (int64, error) {
	n, ok := parseSize(word, []unit{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}})
	if !ok || n < 1<<20 || n > 1<<40 {
		return 0, fmt.Errorf("%q is no amount of memory: write it as 200MB or 1GB, at least 1MB", word)
	}
	return int64(n), nil
}

// parseCount reads the number of busy loops.
func parseCount(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > 256 {
		return 0, fmt.Errorf("%q is no number of busy loops: 1 to 256", word)
	}
	return n, nil
}
