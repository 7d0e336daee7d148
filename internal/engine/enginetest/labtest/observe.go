package labtest

import (
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
	sent := make([]int64, len(spec.Streams)) // probes of each stream
	return Observer{
		Hello: agentapi.ObserverHello{Wall: time.Now().UnixNano()},
		Every: 2 * time.Millisecond,
		Tick: func(at int64, out Print) {
			for i, stream := range spec.Streams {
				for next := due(stream, sent[i]); next <= at; next = due(stream, sent[i]) {
					out(agentapi.ObserverLine{Kind: "sample", Sample: w.probe(stream, next)})
					sent[i]++
				}
			}
		},
	}.Run(ctx, p)
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
