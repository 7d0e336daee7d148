package fault

import (
	"fmt"
	"slices"
	"strings"

	"halab/internal/effect"
	"halab/internal/topology"
)

// Effect is what the fault means to those who watch it.
func (o Order) Effect() effect.Effect {
	if o.Kind.effect == nil {
		return effect.Effect{}
	}
	return o.Kind.effect(o)
}

// Drill is the fault's name where it is measured or forecast: haproxy-kill,
// node-crash, link-down. What has two names on the command line, "crash" and "node
// --how kill", has one here.
func (o Order) Drill() string {
	name := strings.ReplaceAll(o.Kind.Name, " ", "-")
	if o.Service != topology.ServiceNode || !o.Kind.how {
		switch {
		case o.Kind.how:
			return string(o.Service) + "-" + name
		case o.Kind.same != "":
			return string(topology.ServiceNode) + "-" + name
		}
		return name
	}
	for _, k := range Catalogue() {
		if k.same == o.Kind.Name {
			name = k.Name
		}
	}
	return string(topology.ServiceNode) + "-" + name
}

// Slug is the name of the fault with its arguments, in one word: loss-30.
func (o Order) Slug() string {
	words := append([]string{o.Drill()}, o.Words...)
	return strings.ReplaceAll(strings.Join(words, "-"), "%", "")
}

// Drills lists every fault of the catalogue once, as done to each service that it
// can be done to, with the arguments of its examples. peer is the other side of a
// partition.
func Drills(peer string) []Order {
	var list []Order
	for _, s := range []topology.Service{topology.ServiceHAProxy, topology.ServiceKeepalived, topology.ServiceApp, topology.ServiceNode} {
		for _, how := range HowsOf(s) {
			if o, err := parseService(s, []string{how}); err == nil {
				list = append(list, o)
			}
		}
	}
	for _, k := range Catalogue() {
		if k.how || k.same != "" {
			continue
		}
		var words []string
		for _, a := range k.Args {
			switch {
			case a.Target:
				words = append(words, peer)
			case a.Default == "":
				words = append(words, a.Example)
			}
		}
		if o, err := parseArgs(k, words); err == nil {
			list = append(list, o)
		}
	}
	return list
}

// Begins says whether what is done to a target can begin with a word.
func Begins(word string) bool {
	if slices.Contains(topology.Services(), topology.Service(word)) {
		return true
	}
	return slices.ContainsFunc(names(), func(n string) bool { return strings.Fields(n)[0] == word })
}

// TakesPower says whether the fault needs a switch for the node's power.
func (o Order) TakesPower() bool { return o.Kind.power }

// Tells describes the fault in a sentence, as done to a node in the words of the
// caller: "frontend-01", or "the node that holds the frontend VIP".
func (o Order) Tells(node string) string {
	text, told := o.Kind.tells[o.Service]
	if !told {
		what := o.Kind.Summary
		if len(o.Words) > 0 {
			what = strings.Join(append([]string{o.Kind.Name}, o.Words...), " ") + ": " + what
		}
		return fmt.Sprintf("On %s: %s.", node, what)
	}
	text = fmt.Sprintf(text, node)
	if strings.HasPrefix(text, "the ") {
		text = "T" + text[1:]
	}
	return text
}

// SeenOn is what an operator sees when it is done to a service, or to the node.
func (k Kind) SeenOn(service topology.Service) string {
	if k.Sees != "" {
		return k.Sees
	}
	return k.sees[service]
}

// Text says what was done, as one tells it: "stopped haproxy on frontend-01".
func (d Done) Text() string {
	did := ""
	for _, k := range Catalogue() {
		if k.Name == d.Fault {
			did = k.did
		}
	}
	on := d.Node
	if d.Service != "" && d.Service != string(topology.ServiceNode) {
		on = d.Service + " on " + d.Node
	}
	if did == "" {
		return "applied " + strings.Join(append([]string{d.Fault}, d.Words...), " ") + " to " + on
	}
	return did + " " + on
}
