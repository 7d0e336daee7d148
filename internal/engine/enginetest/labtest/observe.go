package labtest

import (
	"bufio"
	"context"
	"encoding/json"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine/enginetest"
)

// observe is the client during a drill: it probes every VIP, which answers as long
// as its holder has a HAProxy, and does as it is told.
func (w *World) observe(ctx context.Context, p enginetest.Process) int {
	var spec agentapi.ObserverSpec
	if json.Unmarshal([]byte(p.Args[3]), &spec) != nil {
		return 2
	}
	begin := time.Now()
	commands := make(chan agentapi.ObserverCommand)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(p.Stdin); in.Scan(); {
			var c agentapi.ObserverCommand
			if json.Unmarshal(in.Bytes(), &c) != nil {
				return
			}
			select {
			case commands <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	out := json.NewEncoder(p.Stdout)
	print := func(l agentapi.ObserverLine) { _ = out.Encode(l) } // the drill may have gone
	print(agentapi.ObserverLine{Kind: "hello", Hello: &agentapi.ObserverHello{Wall: begin.UnixNano()}})
	sent := make([]int64, len(spec.Streams)) // probes of each stream
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		at := time.Since(begin).Nanoseconds()
		select {
		case <-ctx.Done():
			return 1
		case <-tick.C:
			for i, stream := range spec.Streams {
				for next := due(stream, sent[i]); next <= at; next = due(stream, sent[i]) {
					print(agentapi.ObserverLine{Kind: "sample", Sample: w.probe(stream, next)})
					sent[i]++
				}
			}
		case c, open := <-commands:
			switch {
			case !open, c.Command == "stop":
				return 0
			case c.Command == "stats":
				print(agentapi.ObserverLine{Kind: "stats", Stats: []agentapi.HAProxyTotals{}})
			case c.Command == "mark":
				print(agentapi.ObserverLine{Kind: "mark", Mark: &agentapi.ObserverMark{Name: c.Mark, At: at}})
			}
		}
	}
}

// due is when a stream's n-th probe is to be sent.
func due(stream agentapi.StreamSpec, n int64) int64 {
	return int64(float64(n) / stream.Rate * float64(time.Second))
}

// probe is one request of a stream.
func (w *World) probe(stream agentapi.StreamSpec, at int64) *agentapi.Sample {
	s := &agentapi.Sample{Stream: stream.Name, Due: at, Sent: at, Done: at + int64(time.Millisecond), Status: 200}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.Project.Lab.Clusters {
		if strings.Contains(stream.URL, "//"+c.VIP.Address.String()) && w.dead[w.holders[c.Name]] {
			s.Status, s.Error = 0, "refused"
		}
	}
	return s
}
