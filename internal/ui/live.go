package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/event"
)

// frame is how often a live display is drawn anew.
const frame = 100 * time.Millisecond

// display redraws a board in place.
type display struct {
	t     Terminal
	mu    sync.Mutex
	board board
	keep  []string // lines that go above the board at the next frame
	drawn int      // lines of the board on the screen
	tick  int
	stop  chan struct{}
	ended chan struct{}
}

func newDisplay(t Terminal) *display {
	l := &display{t: t, stop: make(chan struct{}), ended: make(chan struct{})}
	go l.loop()
	return l
}

func (l *display) loop() {
	defer close(l.ended)
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-ticker.C:
			l.draw(now)
		}
	}
}

// Send takes an event; it is drawn with the next frame.
func (l *display) Send(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep = append(l.keep, l.board.add(e, l.t.Style)...)
}

// Close draws the last frame and leaves the cursor below it.
func (l *display) Close() {
	close(l.stop)
	<-l.ended
	l.draw(time.Now())
}

func (l *display) draw(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	spinners := [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
	l.tick++
	columns := l.t.Columns()
	lines := l.board.lines(l.t.Style, now, spinners[l.tick%len(spinners)], columns, l.t.Rows())
	if _, err := l.t.Write([]byte(redraw(l.drawn, l.keep, lines))); err == nil {
		l.drawn, l.keep = len(lines), nil
	}
}

// redraw moves up over what was drawn and writes lines over it, each with what
// was behind it erased (ECMA-48: CPL, EL, ED). Kept lines go above.
func redraw(drawn int, keep, lines []string) string {
	var b strings.Builder
	if drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dF", drawn)
	}
	for _, line := range append(append([]string(nil), keep...), lines...) {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	return b.String()
}
