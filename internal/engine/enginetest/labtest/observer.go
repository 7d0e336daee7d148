package labtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine/enginetest"
)

// Print hands over a line of an observer.
type Print func(agentapi.ObserverLine)

// Observer is one in a client that does as it is told. What is nil does nothing, a
// mark but for being told of.
type Observer struct {
	Hello agentapi.ObserverHello
	Begin func(Print)               // after the hello
	Every time.Duration             // between two ticks; 0: none
	Tick  func(at int64, out Print) // at is on the observer's own clock
	Stats func() []agentapi.HAProxyTotals
	Mark  func(m agentapi.ObserverMark, out Print) error
}

// Run is the observer's process, until it is told to stop.
func (o Observer) Run(ctx context.Context, p enginetest.Process) int {
	begin := time.Now()
	encoder := json.NewEncoder(p.Stdout)
	out := func(l agentapi.ObserverLine) { _ = encoder.Encode(l) } // the drill may have gone
	out(agentapi.ObserverLine{Kind: "hello", Hello: &o.Hello})
	if o.Begin != nil {
		o.Begin(out)
	}
	var ticks <-chan time.Time
	if o.Every > 0 {
		t := time.NewTicker(o.Every)
		defer t.Stop()
		ticks = t.C
	}
	for commands := commandsOf(ctx, p.Stdin); ; {
		at := time.Since(begin).Nanoseconds()
		select {
		case <-ctx.Done():
			return 1
		case <-ticks:
			o.Tick(at, out)
		case c, open := <-commands:
			if !open || c.Command == "stop" {
				return 0
			}
			if err := o.obey(c, at, out); err != nil {
				fmt.Fprintln(p.Stderr, err)
				return 1
			}
		}
	}
}

func (o Observer) obey(c agentapi.ObserverCommand, at int64, out Print) error {
	switch c.Command {
	case "stats":
		stats := []agentapi.HAProxyTotals{}
		if o.Stats != nil {
			stats = o.Stats()
		}
		out(agentapi.ObserverLine{Kind: "stats", Stats: stats})
	case "mark":
		mark := agentapi.ObserverMark{Name: c.Mark, At: at}
		if o.Mark != nil {
			return o.Mark(mark, out)
		}
		out(agentapi.ObserverLine{Kind: "mark", Mark: &mark})
	default:
		return fmt.Errorf("no command of an observer: %q", c.Command)
	}
	return nil
}

// commandsOf reads what halab tells an observer; the end of in closes the channel.
func commandsOf(ctx context.Context, in io.Reader) <-chan agentapi.ObserverCommand {
	commands := make(chan agentapi.ObserverCommand)
	go func() {
		defer close(commands)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			var c agentapi.ObserverCommand
			_ = json.Unmarshal(lines.Bytes(), &c) // what is none is no command either
			select {
			case commands <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return commands
}
