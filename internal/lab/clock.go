package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// clockPings is how often a clock is asked; the quickest answer counts.
const clockPings = 8

// reading is one machine's clock beside this process's own.
type reading struct {
	boot          string
	ahead, within int64 // ns
}

// Clocks sets the monotonic clock of each node that is a host of its own beside
// the client's, which is the observer's, as NTP does (RFC 5905, section 8). In a
// lab on one engine all have the same clock, and the answer is empty.
func (l *Lab) Clocks(ctx context.Context, s *State) (map[string]agentapi.ClockOffset, error) {
	if _, several := l.fleet(); !several {
		return nil, nil
	}
	machines := nodeContainers(s.Containers)
	if c, found := s.Client(); found {
		machines[topology.Client] = c
	}
	readings := map[string]reading{}
	var mu sync.Mutex
	g := newGroup(ctx, max(1, len(machines)))
	zero := time.Now()
	for name, c := range machines {
		if c.State != engine.StateRunning {
			continue
		}
		g.run(func(ctx context.Context) error {
			r, err := l.readClock(ctx, c.ID, zero)
			if err != nil {
				return fmt.Errorf("read the clock of %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			readings[name] = r
			return nil
		})
	}
	if err := g.wait(); err != nil {
		return nil, err
	}
	return offsets(readings), nil
}

// offsets compares every machine with the client.
func offsets(readings map[string]reading) map[string]agentapi.ClockOffset {
	client, found := readings[topology.Client]
	if !found {
		return nil
	}
	list := map[string]agentapi.ClockOffset{}
	for name, r := range readings {
		switch {
		case name == topology.Client:
		case r.boot != "" && r.boot == client.boot:
			list[name] = agentapi.ClockOffset{}
		default:
			list[name] = agentapi.ClockOffset{AheadNs: r.ahead - client.ahead, WithinNs: r.within + client.within}
		}
	}
	return list
}

// readClock asks the agent in a container for its clock, a few times.
func (l *Lab) readClock(ctx context.Context, id string, zero time.Time) (reading, error) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := l.engine.Exec(ctx, id, engine.ExecSpec{
			Command: []string{agentapi.BinaryPath, "agent", agentapi.CommandClock}, Stdin: inR, Stdout: outW,
		})
		_ = inR.CloseWithError(io.ErrClosedPipe) // a pipe's close never fails
		_ = outW.CloseWithError(err)
		ended <- err
	}()
	best, err := ping(inW, bufio.NewScanner(outR), zero)
	_ = inW.Close() // the agent ends with its input
	if err != nil {
		cancel()
	}
	_ = outR.Close()
	if ended := <-ended; err == nil && ended != nil && best.within == 0 {
		err = ended
	}
	return best, err
}

// ping asks for the clock and keeps the answer that took the least time: its
// reading belongs to the middle of the round trip.
func ping(ask io.Writer, answers *bufio.Scanner, zero time.Time) (reading, error) {
	var best reading
	for n := range clockPings {
		begin := time.Since(zero)
		if _, err := io.WriteString(ask, "\n"); err != nil {
			return best, err
		}
		if !answers.Scan() {
			if err := answers.Err(); err != nil {
				return best, err
			}
			return best, io.ErrUnexpectedEOF
		}
		end := time.Since(zero)
		var reply agentapi.ClockReply
		if err := json.Unmarshal(answers.Bytes(), &reply); err != nil {
			return best, err
		}
		half := (end - begin) / 2
		if n == 0 || half.Nanoseconds() < best.within {
			best = reading{boot: reply.Boot, ahead: reply.Mono - (begin + half).Nanoseconds(), within: half.Nanoseconds()}
		}
	}
	return best, nil
}
