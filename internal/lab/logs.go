package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// LogEntry is a line that one container of a lab wrote; its JSON form is public
// (docs/json.md).
type LogEntry struct {
	Time    time.Time `json:"time"`
	Cluster string    `json:"cluster,omitempty"`
	Node    string    `json:"node"` // node, or "client"
	Service string    `json:"service"`
	Stream  string    `json:"stream"` // "stdout" or "stderr"
	Text    string    `json:"text"`
	// Event is what PID 1 of a node noticed, where the line tells it; Text then
	// has it in words.
	Event *agentapi.Event `json:"event,omitempty"`
}

// LogOrder selects lines of a lab's containers.
type LogOrder struct {
	Nodes   []string         // none: all of the lab, and its client
	Service topology.Service // "": all of them
	Since   time.Time
	Tail    int // lines in all; negative: all
}

// wants says whether a container's lines are asked for.
func (o LogOrder) wants(labels map[string]string) bool {
	service := labels[engine.LabelService]
	if o.Service != "" && service != string(o.Service) {
		return false
	}
	return len(o.Nodes) == 0 || slices.Contains(o.Nodes, owner(labels))
}

// owner is whose line it is: a node's, or that of a container without one.
func owner(labels map[string]string) string {
	if node := labels[engine.LabelNode]; node != "" {
		return node
	}
	return labels[engine.LabelService]
}

func entry(labels map[string]string, line engine.LogLine) LogEntry {
	stream := "stdout"
	if line.Stderr {
		stream = "stderr"
	}
	return LogEntry{
		Time: line.Time, Cluster: labels[engine.LabelCluster], Node: owner(labels),
		Service: labels[engine.LabelService], Stream: stream, Text: line.Text,
	}
}

// Logs hands over what has been written so far, in the order of time, and says
// how far each container was read.
func (l *Lab) Logs(ctx context.Context, o LogOrder, take func(LogEntry) error) (map[string]time.Time, error) {
	all, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var lines []LogEntry
	last := map[string]time.Time{}
	g := newGroup(ctx, max(1, len(all)))
	for _, c := range all {
		if !o.wants(c.Labels) {
			continue
		}
		g.run(func(ctx context.Context) error {
			err := l.engine.Logs(ctx, c.ID, engine.LogOptions{Since: o.Since, Tail: o.Tail}, func(line engine.LogLine) error {
				mu.Lock()
				defer mu.Unlock()
				last[c.ID] = line.Time
				lines = append(lines, entry(c.Labels, line))
				return nil
			})
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return fmt.Errorf("read the log of %s: %w", c.Name, err)
			}
			return nil
		})
	}
	if err := g.wait(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(lines, func(a, b LogEntry) int { return a.Time.Compare(b.Time) })
	if o.Tail >= 0 && len(lines) > o.Tail {
		lines = lines[len(lines)-o.Tail:]
	}
	for _, e := range lines {
		if err := take(e); err != nil {
			return nil, err
		}
	}
	return last, nil
}
