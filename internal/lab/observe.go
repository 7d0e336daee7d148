package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// Executor runs a command in a container.
type Executor interface {
	Exec(ctx context.Context, id string, spec engine.ExecSpec) (int, error)
}

// Observation is who hears what an observer has to say: its lines in order, what
// it said that was none, and why it ended. Ended is called once, and may come
// before the last lines.
type Observation struct {
	Line  func(agentapi.ObserverLine)
	Odd   func(text string)
	Ended func(error)
}

// Observer is a run of `halab agent observe` in the client container.
type Observer struct {
	in     *io.PipeWriter
	cancel context.CancelFunc
	ended  chan struct{} // its last line was read
}

// farewellTime bounds the wait for what an observer still says when it is to end.
const farewellTime = 15 * time.Second

// MaxObserverLine is longer than any line that an observer prints.
const MaxObserverLine = 1 << 20

// ErrObserverEnded says that an observer ended without being told to.
var ErrObserverEnded = errors.New("the observer has ended")

// Observe starts an observer; it outlives ctx, and ends with Close.
func Observe(ctx context.Context, e Executor, client string, spec agentapi.ObserverSpec, o Observation) (*Observer, error) {
	arg, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run := &Observer{in: inW, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(run.ended)
		o.Read(outR)
	}()
	go func() {
		var complaints strings.Builder
		code, err := e.Exec(ctx, client, engine.ExecSpec{
			Command: []string{agentapi.BinaryPath, "agent", agentapi.CommandObserve, string(arg)},
			Stdin:   inR, Stdout: outW, Stderr: &complaints,
		})
		switch {
		case err == nil && code != 0:
			err = errors.New(strings.TrimSuffix(fmt.Sprintf("the observer ended with code %d: %s", code, strings.TrimSpace(complaints.String())), ": "))
		case err == nil:
			err = ErrObserverEnded
		}
		o.Ended(err)
		outW.Close()
		inR.Close()
	}()
	return run, nil
}

// Read hands over what an observer printed.
func (o Observation) Read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 64<<10), MaxObserverLine)
	for lines.Scan() {
		var line agentapi.ObserverLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			o.Odd(fmt.Sprintf("a line of the observer is no JSON: %v", err))
			continue
		}
		o.Line(line)
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		o.Odd("reading the observer: " + err.Error())
	}
}

// Send gives the observer a command.
func (o *Observer) Send(c agentapi.ObserverCommand) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("tell the observer: %w", err)
	}
	return nil
}

// Close ends the observer and waits for its last line, with a bound.
func (o *Observer) Close() {
	_ = o.Send(agentapi.ObserverCommand{Command: "stop"}) // one that has ended already needs no word
	select {
	case <-o.ended:
	case <-time.After(farewellTime):
		o.cancel()
		<-o.ended
	}
	o.in.Close()
	o.cancel()
}
