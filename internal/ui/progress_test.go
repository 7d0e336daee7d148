package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"halab/internal/event"
	"halab/test/golden"
)

func moment(seconds float64) time.Time {
	return time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// story is an `up` in short.
func story() []event.Event {
	s := func(at float64, subject, phase string, status event.Status, text string, elapsed float64) event.Event {
		return event.Event{Time: moment(at), Subject: subject, Phase: phase, Status: status, Text: text,
			Elapsed: time.Duration(elapsed * float64(time.Second))}
	}
	return []event.Event{
		s(0, "", "", event.Info, "base debian12: the CentOS 7 image is not here and cannot be pulled", 0),
		s(0, "node", "build", event.Started, "debian12", 0),
		s(0.1, "haproxy", "build", event.Started, "debian12", 0),
		s(6, "haproxy", "build", event.Progress, "Step 3/9 : RUN apt-get install \x1b[2J--yes --no-install-recommends haproxy=2.6.12-1 and so on", 0),
		s(7, "haproxy", "build", event.Progress, "Step 4/9", 0),
		s(8, "node", "build", event.Done, "", 8),
		s(9, "halab-frontend-01", "create", event.Started, "it is not there", 0),
		s(9, "halab-frontend-02", "create", event.Started, "it is not there", 0),
		s(9, "halab-backend-01", "create", event.Started, "it is not there", 0),
		s(9, "halab-backend-02", "create", event.Started, "it is not there", 0),
		s(9.2, "halab-frontend-01", "create", event.Done, "", 0.2),
		s(9.3, "halab-lan", "", event.Warn, "took long", 0),
		s(9.4, "halab-frontend-02", "create", event.Failed, errors.New("no space left on device\nmore").Error(), 0.4),
	}
}

func TestBoardInMidst(t *testing.T) {
	var b board
	var kept []string
	for _, e := range story() {
		kept = append(kept, b.add(e, Style{})...)
	}
	lines := append(kept, b.lines(Style{}, moment(10), "⠋", 80, 24)...)
	for _, line := range lines[len(kept):] {
		if Width(line) > 80 {
			t.Errorf("%d columns: %q", Width(line), line)
		}
	}
	golden.File(t, "testdata/board.txt", strings.Join(lines, "\n")+"\n")
}

func TestBoardFitsLowTerminals(t *testing.T) {
	var b board
	for _, e := range story() {
		b.add(e, Style{})
	}
	if n := len(b.lines(Style{}, moment(10), "-", 40, 3)); n > 2 {
		t.Errorf("%d lines on a terminal of 3 rows", n)
	}
}

func TestPlainLines(t *testing.T) {
	for _, c := range []struct {
		file   string
		detail Detail
	}{{"plain.txt", Normal}, {"plain-quiet.txt", Quiet}, {"plain-verbose.txt", Verbose}} {
		var out strings.Builder
		p := NewProgress(Terminal{Writer: &out}, c.detail)
		for _, e := range story() {
			p.Send(e)
		}
		p.Close()
		golden.File(t, "testdata/"+c.file, out.String())
	}
}

func TestRedrawCoversWhatWasDrawn(t *testing.T) {
	got := redraw(2, []string{"kept"}, []string{"a"})
	if want := "\x1b[2Fkept\x1b[K\na\x1b[K\n\x1b[J"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLiveShowsEndOfStory(t *testing.T) {
	var out strings.Builder
	p := NewProgress(Terminal{Writer: &out, TTY: true}, Normal)
	event.Sink(p.Send).Begin("halab", "ready", "waiting")(nil)
	p.Close()
	if !strings.Contains(out.String(), "✔ ready    halab") {
		t.Errorf("the last frame is missing: %q", out.String())
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 s", 340 * time.Millisecond: "0.3 s", 125 * time.Second: "2 min 05 s", -time.Second: "0.0 s",
	} {
		if got := Seconds(d); got != want {
			t.Errorf("Seconds(%s) = %q, want %q", d, got, want)
		}
	}
}
