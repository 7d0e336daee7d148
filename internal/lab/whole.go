package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/problem"
	"halab/internal/topology"
)

// awaitWhole waits until every part of the lab is well, as after a restore, and a
// request from the client is answered through every tier. What time can't mend
// ends the wait at once: a part that has ended, a fault that nobody ends.
func (l *Lab) awaitWhole(ctx context.Context, w Want) error {
	end := l.sink.Begin(l.name, "ready", "waiting until every check is green and "+w.URL+" answers")
	begin, told := time.Now(), teller{}
	_, err := UntilWell(ctx, l, w.Patience, func(s *State) ([]string, error) {
		if err := l.hopeless(ctx, w, s); err != nil {
			return nil, err
		}
		why := s.Reasons(Scope{Without: s.Silent()})
		if told.news(some(why)) {
			l.sink.Update(l.name, "ready", "waiting: "+told.text)
		}
		return why, nil
	})
	switch {
	case errors.Is(err, ErrPatience):
		err = problem.New("the lab is not whole after %s: %w", w.Patience, err).Cure("see which part is not well", "halab status").
			Cure("and what it says of itself", "halab logs --tail 20")
	case err == nil:
		err = l.answers(ctx, w.Client, w.URL, max(w.Patience-time.Since(begin), time.Second))
	}
	end(err)
	return err
}

// teller keeps a wait that looks many times a second from saying the same as often.
type teller struct {
	text string
	at   time.Time
}

// news says whether the text is worth telling, and takes it for told then.
func (t *teller) news(text string) bool {
	if text == "" || text == t.text && time.Since(t.at) < time.Second {
		return false
	}
	t.text, t.at = text, time.Now()
	return true
}

// answers waits until a request from the client container is answered through
// every tier.
func (l *Lab) answers(ctx context.Context, client, url string, patience time.Duration) error {
	var out, errs bytes.Buffer
	code, err := l.run(ctx, client, &out, &errs, agentapi.BinaryPath, "agent", agentapi.CommandReady,
		"--timeout", patience.String(), url)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && code != 0:
		return problem.New("every check is green, and %s", strings.TrimSpace(errs.String())).
			Cure("see what is asked and what answers", "halab watch --all").Cure("and what the parts say", "halab logs --tail 20")
	}
	return err
}

// hopeless is an error where waiting is of no use: a part of the lab has ended, or
// a fault is done to it that ends when somebody undoes it.
func (l *Lab) hopeless(ctx context.Context, w Want, s *State) error {
	silent := s.Silent()
	var ended []part
	var faults []string
	for _, c := range s.Clusters {
		for _, n := range c.Nodes {
			if slices.Contains(silent, n.Name) {
				continue
			}
			ended = append(ended, n.ended()...)
			for _, f := range n.Faults {
				if f.Until == nil {
					faults = append(faults, n.bears(f))
				}
			}
		}
	}
	if over(s.ClientState) && w.Client != "" {
		ended = append(ended, part{node: topology.Client, service: topology.Client})
	}
	switch {
	case len(ended) > 0:
		return l.endedError(ctx, ended)
	case len(faults) > 0:
		return problem.New("the lab is up and not whole: %s", some(faults)).Cure("undo it", "halab restore")
	}
	return nil
}

// part is one container of a lab: a service of a node, the node itself, or the
// client.
type part struct {
	node    string
	service topology.Service
}

func (p part) String() string {
	if p.node == topology.Client || p.service == topology.ServiceNode {
		return p.node
	}
	return fmt.Sprintf("%s on %s", p.service, p.node)
}

// ended lists what of the node has ended. Its services end with it.
func (n Node) ended() []part {
	if over(n.State) {
		return []part{{n.Name, topology.ServiceNode}}
	}
	var list []part
	for _, service := range topology.Services()[1:] {
		if n.Has(service) && over(n.Services[string(service)]) {
			list = append(list, part{n.Name, service})
		}
	}
	return list
}

// over says whether a container in that state will do nothing more by itself. What
// was taken away is over as well.
func over(state string) bool {
	return state == string(engine.StateExited) || state == string(engine.StateDead) || state == Missing
}

// endedError says that parts of the lab ended that must run.
type endedError struct {
	error
	parts []part
}

// Unwrap gives what to do about it.
func (e *endedError) Unwrap() error { return e.error }

// repeats says whether something ended that had ended the time before. A killed
// halab may have asked the engine to stop what this one had just found running:
// it is started once more. What ends again does so by itself.
func (e *endedError) repeats(before *endedError) bool {
	return before != nil && slices.ContainsFunc(e.parts, func(p part) bool { return slices.Contains(before.parts, p) })
}

// lastLines is how much of the log of a part that ended is shown.
const lastLines = 5

// endedError says of each part how it ended and what it said last.
func (l *Lab) endedError(ctx context.Context, parts []part) error {
	all, err := l.Containers(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	const shown = 2
	for _, p := range parts[:min(shown, len(parts))] {
		if err := l.lastWords(ctx, &text, p, all); err != nil {
			return err
		}
	}
	if more := len(parts) - shown; more > 0 {
		fmt.Fprintf(&text, "and %d more ended\n", more)
	}
	logs := "halab logs"
	if p := parts[0]; p.node != topology.Client {
		logs += fmt.Sprintf(" %s %s", p.node, p.service)
	}
	return &endedError{parts: parts, error: problem.New("%s", strings.TrimRight(text.String(), "\n")).
		Cure("all that it said", logs).Cure("when that is mended", "halab up")}
}

// lastWords writes how a part ended and what it said last.
func (l *Lab) lastWords(ctx context.Context, w io.Writer, p part, all []engine.Container) error {
	at := slices.IndexFunc(all, func(c engine.Container) bool {
		return c.Labels[engine.LabelService] == string(p.service) && (p.node == topology.Client || c.Labels[engine.LabelNode] == p.node)
	})
	if at < 0 {
		fmt.Fprintf(w, "%s must run, and is not there\n", p)
		return nil
	}
	code, err := l.engine.ContainerWait(ctx, all[at].ID)
	if err != nil {
		return gone(err)
	}
	fmt.Fprintf(w, "%s must run, and ended with exit code %d; its last lines:\n", p, code)
	return gone(l.engine.Logs(ctx, all[at].ID, engine.LogOptions{Tail: lastLines}, func(line engine.LogLine) error {
		_, err := fmt.Fprintf(w, "  | %s\n", line.Text)
		return err
	}))
}
