package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/problem"
	"halab/internal/topology"
)

// Order is a fault as it was asked for, but for the nodes.
type Order struct {
	Kind    Kind
	Service topology.Service
	Words   []string // its arguments
	Peer    string   // the other target of a partition
	OneWay  bool
	For     time.Duration // it ends by itself then; 0: it doesn't
	request agentapi.FaultRequest
}

// Inside says whether the fault is done by the agent in the node, which then
// also keeps its time.
func (o Order) Inside() bool {
	return o.Kind.Inside || o.Kind.Name == "hang" && (o.For > 0 || o.Service == topology.ServiceNode)
}

// Text is the fault as a person names it: "loss 30", "stop haproxy".
func (o Order) Text() string {
	words := append([]string{o.Kind.Name}, o.Words...)
	if o.Kind.how {
		words = append(words, string(o.Service))
	}
	return strings.Join(words, " ")
}

// Parse reads the words after the target: SERVICE [HOW], or FAULT [ARGS…].
func Parse(words []string) (Order, error) {
	if len(words) == 0 {
		return Order{}, errors.New("name a fault or a service; there are: " + strings.Join(names(), ", "))
	}
	if s := topology.Service(words[0]); slices.Contains(topology.Services(), s) {
		return parseService(s, words[1:])
	}
	for _, k := range Catalogue() {
		name := strings.Fields(k.Name)
		if len(words) >= len(name) && slices.Equal(words[:len(name)], name) {
			if k.how {
				return Order{}, problem.New("say what to %s", k.Name).Cure("for instance: " + k.Name + " haproxy")
			}
			return parseArgs(k, words[len(name):])
		}
	}
	known := names()
	for _, s := range topology.Services() {
		known = append(known, string(s))
	}
	hint := ""
	if near := topology.Suggest(words[0], known); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %q?", strings.Join(near, " or "))
	}
	return Order{}, problem.New("there is no fault or service %q%s", strings.Join(words, " "), hint).
		Cure("there are: " + strings.Join(known, ", "))
}

func parseService(s topology.Service, rest []string) (Order, error) {
	how := "stop"
	switch len(rest) {
	case 0:
	case 1:
		how = rest[0]
	default:
		return Order{}, fmt.Errorf("%q is one word too many: SERVICE [HOW]", rest[1])
	}
	k, err := Lookup(how, s)
	return Order{Kind: k, Service: s}, err
}

func parseArgs(k Kind, words []string) (Order, error) {
	o := Order{Kind: k, Service: k.On[0], Words: words, request: agentapi.FaultRequest{Fault: k.Name, Words: words}}
	if len(words) > len(k.Args) {
		return o, fmt.Errorf("%q is one word too many: %s", words[len(k.Args)], k.Usage())
	}
	for n, a := range k.Args {
		word := a.Default
		if n < len(words) {
			word = words[n]
		}
		if word == "" {
			return o, fmt.Errorf("%s needs %s (%s), for instance  %s %s", k.Name, a.Name, a.Unit, k.Name, a.Example)
		}
		if a.Target {
			o.Peer = word
			continue
		}
		if err := a.set(&o.request, word); err != nil {
			return o, fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	return o, nil
}

// Usage is "loss PCT [DIRECTION]".
func (k Kind) Usage() string {
	text := k.Name
	for _, a := range k.Args {
		if a.Default != "" {
			text += " [" + a.Name + "]"
		} else {
			text += " " + a.Name
		}
	}
	return text
}

// names lists the faults that stand by themselves.
func names() []string {
	var list []string
	for _, k := range Catalogue() {
		if !k.how {
			list = append(list, k.Name)
		}
	}
	return list
}

// Hows lists what can be done to any service.
func Hows() []string {
	var list []string
	for _, k := range Catalogue() {
		if k.how {
			list = append(list, k.Name)
		}
	}
	return list
}

// HowsOf lists what can be done to one service.
func HowsOf(on topology.Service) []string {
	var list []string
	for _, k := range Catalogue() {
		if k.how && slices.Contains(k.On, on) {
			list = append(list, k.Name)
		}
	}
	return list
}

// Check refuses an order that makes no sense, before anything is looked at.
func (o Order) Check() error {
	switch {
	case o.OneWay && !o.Kind.OneWay:
		return fmt.Errorf("%s has no direction of that kind: --one-way is for partition", o.Kind.Name)
	case o.For > 0 && o.TakesPower():
		return errors.New("a machine without power does not come back by itself: halab restore switches it on")
	case o.For > 0 && o.Effect().Passes():
		return fmt.Errorf("a %s is over once it was done, so --for has nothing to end", o.Kind.Name)
	case o.For < 0 || o.For > maxTime:
		return fmt.Errorf("--for %s: a fault lasts at most %s", o.For, maxTime)
	}
	return nil
}

// Known says whether a fault that stands by itself has that name.
func Known(name string) bool { return slices.Contains(names(), name) }
