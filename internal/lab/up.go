package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/plan"
)

// Want is what Up brings about.
type Want struct {
	plan.Wanted
	// Host is what the helper makes on the engine's host, and HostImage the
	// image it runs from.
	Host      agentapi.NetworkRequest
	HostImage string
	// Client is the container name requests are made from, and URL what must
	// answer through both tiers before the lab is called ready.
	Client string
	URL    string
	// Patience bounds the wait for readiness.
	Patience time.Duration
}

// Plan says what Up would do now.
func (l *Lab) Plan(ctx context.Context, w Want) (plan.Plan, error) {
	o, err := l.Observe(ctx)
	if err != nil {
		return plan.Plan{}, err
	}
	wanted := w.Wanted
	if f, ok := l.fleet(); ok {
		wanted = reachable(wanted, f.Absent())
	}
	return plan.Make(wanted, o), nil
}

// Up makes what is missing, mends what differs, leaves the rest, and waits
// until the lab serves. It can be interrupted at any point: what was made stays
// and the next Up or Down takes it from there.
func (l *Lab) Up(ctx context.Context, w Want) error {
	p, err := l.Plan(ctx, w)
	if err != nil {
		return err
	}
	var tidy sync.WaitGroup
	defer tidy.Wait()
	err = l.execute(ctx, p, func(ctx context.Context) error { return l.hostUp(ctx, w.HostImage, w.Host, &tidy) })
	if err != nil {
		return errors.Join(err, l.silence("up again when it does"))
	}
	return errors.Join(l.WaitServing(ctx, w.Client, w.URL, w.Patience), l.silence("up again when it does"))
}

// WaitServing waits until a request from the client container is answered
// through both tiers.
func (l *Lab) WaitServing(ctx context.Context, client, url string, patience time.Duration) error {
	end := l.sink.Begin(l.name, "ready", "waiting until "+url+" answers through both tiers")
	var out, errs bytes.Buffer
	code, err := l.run(ctx, client, &out, &errs, agentapi.BinaryPath, "agent", agentapi.CommandReady,
		"--timeout", patience.String(), url)
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil && code != 0:
		err = fmt.Errorf("%s did not answer through both tiers within %s%s\n"+
			"  see which part is not well:  halab status\n  and what it says of itself:  halab logs --tail 20",
			url, patience, said(errs.String()))
	}
	end(err)
	return err
}

func said(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// nodeContainers maps each node to its own container.
func nodeContainers(all []engine.Container) map[string]engine.Container {
	nodes := map[string]engine.Container{}
	for _, c := range all {
		if c.Labels[engine.LabelService] == "node" {
			nodes[c.Labels[engine.LabelNode]] = c
		}
	}
	return nodes
}
