package ui

import (
	"fmt"
	"strings"
	"time"

	"halab/internal/event"
)

// Detail says how much of a story is shown.
type Detail int

// The levels of detail: Quiet shows warnings and failures, Normal what was
// done, Verbose every event.
const (
	Quiet   Detail = -1
	Normal  Detail = 0
	Verbose Detail = 1
)

// Progress shows the story of a run. Close shows the end of it; nothing may be
// sent afterwards.
type Progress interface {
	Send(event.Event)
	Close()
}

// NewProgress shows a story live on a terminal and as plain lines elsewhere, or
// where every event is asked for.
func NewProgress(t Terminal, detail Detail) Progress {
	if t.TTY && detail == Normal {
		return newDisplay(t)
	}
	return &plain{out: t, detail: detail}
}

// board groups events by phase: a phase is one line of progress, whatever the
// number of its subjects. It knows no terminal.
type board struct {
	phases []*phase
}

type phase struct {
	name    string
	first   time.Time
	last    time.Time
	active  []*subject // in the order in which they began
	done    int
	failed  int
	subject string // the only one so far, "" when there were several
}

type subject struct {
	name  string
	text  string
	since time.Time
}

// add takes an event in and gives lines that are to stay on the screen.
func (b *board) add(e event.Event, s Style) []string {
	name, text := Clean(e.Subject), Clean(firstLine(e.Text))
	switch e.Status {
	case event.Info:
		return []string{joinWords(name, text)}
	case event.Warn:
		return []string{s.Odd("! ") + joinWords(name, text)}
	}
	p := b.phase(Clean(e.Phase), e.Time)
	p.last = e.Time
	switch e.Status {
	case event.Started, event.Progress:
		p.begin(name, text, e.Time)
	case event.Done, event.Failed:
		p.end(name, e.Status == event.Failed)
	}
	if e.Status == event.Failed {
		return []string{s.Bad("✘ ") + joinWords(p.name, name) + ": " + text}
	}
	return nil
}

func (b *board) phase(name string, at time.Time) *phase {
	for _, p := range b.phases {
		if p.name == name {
			return p
		}
	}
	p := &phase{name: name, first: at}
	b.phases = append(b.phases, p)
	return p
}

func (p *phase) begin(name, text string, at time.Time) {
	for _, a := range p.active {
		if a.name == name {
			a.text = text
			return
		}
	}
	if p.total() == 0 {
		p.subject = name
	} else if p.subject != name {
		p.subject = ""
	}
	p.active = append(p.active, &subject{name: name, text: text, since: at})
}

func (p *phase) end(name string, failed bool) {
	if p.total() == 0 {
		p.subject = name
	}
	for i, a := range p.active {
		if a.name == name {
			p.active = append(p.active[:i], p.active[i+1:]...)
			break
		}
	}
	if failed {
		p.failed++
	} else {
		p.done++
	}
}

func (p *phase) total() int { return p.done + p.failed + len(p.active) }

// lines draws the board: a line a phase, and below a phase that says more than
// that, a line for each of its subjects that has something to say.
func (b *board) lines(s Style, now time.Time, spinner string, columns, rows int) []string {
	var out []string
	for _, p := range b.phases {
		out = append(out, p.line(s, now, spinner, columns))
	}
	room := rows - 1 - len(out)
	for _, p := range b.phases {
		if p.name != "build" && p.name != "pull" && p.name != "import" {
			continue
		}
		for _, a := range p.active {
			if room--; room < 0 {
				break
			}
			out = append(out, clocked("    "+a.name+"  "+s.Dim(a.text), now.Sub(a.since), columns))
		}
	}
	return out
}

func (p *phase) line(s Style, now time.Time, spinner string, columns int) string {
	mark, end := s.Good("✔"), p.last
	switch {
	case len(p.active) > 0:
		mark, end = spinner, now
	case p.failed > 0:
		mark = s.Bad("✘")
	}
	text := fmt.Sprintf("%s %-8s %s", mark, p.name, p.count())
	for i, a := range p.active {
		if i == 3 {
			text += fmt.Sprintf(" +%d", len(p.active)-i)
			break
		}
		if p.subject == "" {
			text += " " + s.Dim(a.name)
		} else if a.text != "" {
			text += " " + s.Dim(a.text)
		}
	}
	return clocked(text, end.Sub(p.first), columns)
}

func (p *phase) count() string {
	switch {
	case p.subject != "":
		return p.subject
	case len(p.active) > 0:
		return fmt.Sprintf("%d of %d", p.done+p.failed, p.total())
	default:
		return fmt.Sprint(p.total())
	}
}

// clocked puts an elapsed time at the right edge.
func clocked(text string, d time.Duration, columns int) string {
	clock := Seconds(d)
	columns = min(columns, 100)
	return Pad(Truncate(text, columns-len(clock)-2), columns-len(clock)-1) + clock
}

// Seconds prints a duration as people read a stopwatch: "0.3 s", "2 min 05 s".
func Seconds(d time.Duration) string {
	d = max(d, 0)
	if d < 100*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func joinWords(words ...string) string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}
