package ui

import (
	"cmp"
	"fmt"
	"io"

	"halab/internal/live"
	"halab/internal/topology"
)

// EventWords puts an event of the feed into words for a person.
func EventWords(e live.Event) (string, Weight) {
	switch e.Kind {
	case live.ARP:
		return "gratuitous ARP: VIP " + e.Address + " is at " + e.Detail, Moved
	case live.Engine:
		return containerWords(e), Faint
	case live.Fault:
		text := "fault: " + broken(e)
		if e.Until != nil {
			text += ", until " + e.Until.Local().Format("15:04:05")
		}
		return text, Worse
	case live.Restore:
		return "fault over: " + broken(e), Plain
	case live.Outage:
		if e.Action == live.Began {
			return detailed("VIP "+e.Address+" does not answer", e.Detail), Worse
		}
		return fmt.Sprintf("VIP %s answers again: no answer for %.0f ms, %s failed", e.Address, e.OutageMs, plural(e.Failed, "probe")), Worse
	case live.Lab:
		return labWords(e)
	case live.Progress:
		return detailed(e.Action, e.Detail), Plain
	}
	if e.Told == nil {
		return string(e.Kind), Plain
	}
	return NodeWords(*e.Told)
}

// broken is a fault and what it is done to, where that is not the whole node.
func broken(e live.Event) string {
	if e.FaultID != "" && e.Service == string(topology.ServiceNode) {
		return e.Fault
	}
	return e.Service + " " + e.Fault
}

func containerWords(e live.Event) string {
	words := map[string]string{
		"start": "has started", "die": "has ended",
		"pause": "is frozen", "unpause": "goes on", "oom": "is out of memory",
	}
	if e.Action == "kill" {
		return "container of " + e.Service + " was sent " + e.Detail
	}
	return detailed("container of "+e.Service+" "+cmp.Or(words[e.Action], e.Action), e.Detail)
}

func labWords(e live.Event) (string, Weight) {
	switch e.Action {
	case live.Up:
		return "the lab comes up", Plain
	case live.Ready:
		return "the lab is ready", Plain
	case live.Down:
		return "the lab is down", Worse
	case live.Lost:
		return detailed("the engine does not answer", e.Detail), Worse
	}
	return "the engine answers again", Plain
}

// EventPrinter shows events of the feed.
type EventPrinter interface {
	Print(live.Event) error
}

// JSONEvents prints an event as one JSON object a line.
func JSONEvents(w io.Writer) EventPrinter { return jsonEvents{w} }

type jsonEvents struct{ io.Writer }

func (j jsonEvents) Print(e live.Event) error {
	e.Text, _ = EventWords(e)
	return WriteJSONLine(j, e)
}

// TextEvents prints events for people, as TextLogs prints lines.
func TextEvents(t Terminal, nodes []string) EventPrinter { return textEvents{newTextLogs(t, nodes)} }

type textEvents struct{ *textLogs }

func (t textEvents) Print(e live.Event) error {
	text, weight := EventWords(e)
	return t.line(e.Time, cmp.Or(e.Node, e.Cluster, "lab"), string(e.Kind), text, weight)
}
