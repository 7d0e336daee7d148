package ui

import (
	"io"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/lab"
)

// LogPrinter shows log entries.
type LogPrinter interface {
	Print(lab.LogEntry) error
}

// JSONLogs prints an entry as one JSON object a line.
func JSONLogs(w io.Writer) LogPrinter { return jsonLogs{w} }

type jsonLogs struct{ io.Writer }

func (j jsonLogs) Print(e lab.LogEntry) error {
	if event, ok := agentapi.ParseEvent(e.Text); ok {
		e.Event = &event
		e.Text, _ = NodeWords(event)
	}
	return WriteJSONLine(j, e)
}

// TextLogs prints entries for people, each node in a colour of its own. nodes
// are all that may come, in the order in which the colours are given.
func TextLogs(t Terminal, nodes []string) LogPrinter { return newTextLogs(t, nodes) }

func newTextLogs(t Terminal, nodes []string) *textLogs {
	l := &textLogs{out: t, tint: map[string]int{}}
	for i, n := range nodes {
		l.tint[n] = i
		l.width = max(l.width, Width(Clean(n)))
	}
	return l
}

type textLogs struct {
	out   Terminal
	tint  map[string]int
	width int
}

func (l *textLogs) Print(e lab.LogEntry) error {
	text, weight := e.Text, Plain
	if event, ok := agentapi.ParseEvent(text); ok {
		text, weight = NodeWords(event)
	} else if transition(text) {
		weight = Moved
	}
	return l.line(e.Time, e.Node, e.Service, text, weight)
}

func (l *textLogs) line(at time.Time, node, what, text string, weight Weight) error {
	s := l.out.Style
	tint, known := l.tint[node]
	if !known {
		tint = len(l.tint)
		l.tint[node] = tint
	}
	line := s.Dim(at.Local().Format("15:04:05.000")) + " " +
		s.Tint(tint, Pad(Clean(node), l.width)+" "+Pad(Clean(what), len("keepalived"))) + " " +
		l.weigh(Clean(text), weight) + "\n"
	_, err := io.WriteString(l.out, line)
	return err
}

func (l *textLogs) weigh(text string, w Weight) string {
	s := l.out.Style
	switch w {
	case Moved:
		if !s.on {
			return ">>> " + text
		}
		return s.Loud(text)
	case Worse:
		return s.Bad(text)
	case Faint:
		return s.Dim(text)
	}
	return text
}

// transition says whether keepalived tells of a change of a VRRP instance's
// state, in the words of 1.3 ("VRRP_Instance(x) Entering MASTER STATE") or 2.x
// ("(x) Entering MASTER STATE").
func transition(text string) bool {
	_, after, found := strings.Cut(text, ") Entering ")
	if !found {
		return false
	}
	state, _, found := strings.Cut(after, " STATE")
	return found && (state == "MASTER" || state == "BACKUP" || state == "FAULT")
}
