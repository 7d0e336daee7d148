package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/topology"
	"halab/internal/ui"
)

func (p *program) logsSpec() spec {
	return spec{
		name:    "logs",
		summary: "what the services say, merged in the order of time",
		args:    []arg{{name: "TARGET", kind: aTarget, optional: true}, {name: "SERVICE", kind: aService, optional: true}},
		about: `
Shows the lines of all services of the target (default: of the lab) in the order
in which they were written. On a terminal each node has its colour. What the
node itself noticed (service "node") and every change of VRRP stand out.`,
		examples: []string{"halab logs", "halab logs frontend -f", "halab logs frontend-01 keepalived --since 5m", "halab logs --tail 20"},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with new lines, until Ctrl-C"},
			&cli.StringFlag{Name: "since", Usage: "only lines after `TIME`: a span such as 5m, or a time such as 2026-01-02T15:04:05Z"},
			&cli.IntFlag{Name: "tail", Aliases: []string{"n"}, Usage: "only the last `N` lines in all", Value: -1, DefaultText: "all"},
		},
		run: p.logs,
	}
}

// logging selects what `logs` shows.
type logging struct {
	nodes   []string         // nil: all of the lab, and its client
	service topology.Service // "": all of them
	since   time.Time
	tail    int
}

func (p *program) logs(ctx context.Context, in *input) error {
	since, err := parseSince(in.flags.String("since"), time.Now())
	if err != nil {
		return err
	}
	l := logging{since: since, tail: in.flags.Int("tail")}
	if in.arg(1) != "" {
		if l.service, err = topology.ResolveService(in.arg(1)); err != nil {
			return err
		}
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	names, err := s.logTargets(ctx, in.arg(0), &l)
	if err != nil {
		return err
	}
	s.TellClocks(s.Clocks(ctx))
	printer := ui.TextLogs(s.out, names)
	if in.json {
		printer = ui.JSONLogs(s.stdout)
	}
	f := &follower{session: s, logging: l, print: printer.Print}
	last, err := f.past(ctx)
	if err != nil || !in.flags.Bool("follow") {
		return err
	}
	return f.follow(ctx, last)
}

// logTargets resolves the target and lists the names that will be shown.
func (s *session) logTargets(ctx context.Context, target string, l *logging) ([]string, error) {
	if target == "client" {
		l.nodes = []string{target}
		return l.nodes, nil
	}
	st, err := s.logStatus(ctx, target)
	if err != nil {
		return nil, err
	}
	if target == "" {
		var names []string
		for _, n := range st.Topology().Nodes() {
			names = append(names, n.Name)
		}
		return append(names, "client"), nil
	}
	l.nodes, err = st.Resolve(target)
	return l.nodes, err
}

// logStatus reads the lab, and insists on nodes only where a target names one:
// a helper or client without nodes may still have something to say.
func (s *session) logStatus(ctx context.Context, target string) (*lab.Status, error) {
	if target != "" {
		return s.status(ctx)
	}
	st, err := s.Lab.Status(ctx)
	if err == nil && len(st.Clusters) == 0 {
		all, lerr := s.Lab.Containers(ctx)
		if lerr != nil || len(all) == 0 {
			return nil, s.notUp()
		}
	}
	return st, err
}

// parseSince reads --since: a span before now, or a moment.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("--since cannot be %q: it is a span such as 90s or 5m, or a time such as 2026-01-02T15:04:05", text)
}

// wants says whether a container's lines are asked for.
func (l logging) wants(labels map[string]string) bool {
	service := labels[engine.LabelService]
	if l.service != "" && service != string(l.service) {
		return false
	}
	return len(l.nodes) == 0 || slices.Contains(l.nodes, owner(labels))
}

// owner is whose line it is: a node's, or that of a container without one.
func owner(labels map[string]string) string {
	if node := labels[engine.LabelNode]; node != "" {
		return node
	}
	return labels[engine.LabelService]
}

func entry(labels map[string]string, line engine.LogLine) ui.LogEntry {
	stream := "stdout"
	if line.Stderr {
		stream = "stderr"
	}
	return ui.LogEntry{
		Time: line.Time, Cluster: labels[engine.LabelCluster], Node: owner(labels),
		Service: labels[engine.LabelService], Stream: stream, Text: line.Text,
	}
}

// unreadable says that a container's log could not be read.
func unreadable(c engine.Container, err error) error {
	return fmt.Errorf("read the log of %s: %w", c.Name, err)
}
