package ui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// Weight says how much a line deserves to be seen.
type Weight int

// The weights of a line.
const (
	Plain Weight = iota // like any other
	Faint               // routine
	Worse               // something broke
	Moved               // a VIP moved or VRRP changed its mind
)

// NodeWords puts an event of a node into words for a person.
func NodeWords(e agentapi.Event) (string, Weight) {
	switch e.Name {
	case agentapi.EventVRRP:
		return "VRRP " + change(e.From, e.To), Moved
	case agentapi.EventVIPAdded:
		return "VIP " + e.Address + " added", Moved
	case agentapi.EventVIPRemoved:
		return "VIP " + e.Address + " removed", Moved
	case agentapi.EventLink:
		return "link " + change(e.From, e.To), Moved
	case agentapi.EventHAProxyHung:
		return detailed("HAProxy gives no sign of life", e.Detail), Worse
	case agentapi.EventHAProxyGone:
		return detailed("HAProxy is gone", e.Detail), Worse
	case agentapi.EventKeepalivedGone:
		return detailed("keepalived is gone", e.Detail), Worse
	case agentapi.EventAppGone:
		return detailed("the app is gone", e.Detail), Worse
	case agentapi.EventError:
		return detailed("the node's agent could not do its work", e.Detail), Worse
	case agentapi.EventSlow:
		return detailed("the node steps down", e.Detail), Worse
	case agentapi.EventServers:
		return "HAProxy sees " + Servers(e.State.Servers), serversWeight(e.State.Servers)
	}
	return plainWords(e)
}

func plainWords(e agentapi.Event) (string, Weight) {
	switch e.Name {
	case agentapi.EventStarted:
		return detailed("the node is up", e.Detail), Plain
	case agentapi.EventStopping:
		return detailed("the node goes down", e.Detail), Plain
	case agentapi.EventHAProxyUp:
		return detailed("HAProxy answers", e.Detail), Plain
	case agentapi.EventKeepalivedUp:
		return detailed("keepalived runs", e.Detail), Plain
	case agentapi.EventAppUp:
		return detailed("the app runs", e.Detail), Plain
	case agentapi.EventSwept:
		return detailed("what an earlier life of the node left was removed", e.Detail), Plain
	case agentapi.EventFault:
		return detailed("fault", e.Detail), Plain
	case agentapi.EventSelf:
		return detailed("its agent takes", e.Detail), Faint
	}
	return detailed(string(e.Name), joinWords(e.Address, change(e.From, e.To), e.Detail)), Plain
}

func change(from, to string) string {
	if from == "" {
		return to
	}
	return from + " → " + to
}

func detailed(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + ": " + detail
}

// Servers lists HAProxy's view of its servers, by name.
func Servers(states map[string]string) string {
	if len(states) == 0 {
		return "no servers"
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(states)) {
		out = append(out, fmt.Sprintf("%s %s", name, states[name]))
	}
	return strings.Join(out, ", ")
}

func serversWeight(states map[string]string) Weight {
	for _, s := range states {
		if !agentapi.ServerUp(s) {
			return Worse
		}
	}
	return Plain
}
