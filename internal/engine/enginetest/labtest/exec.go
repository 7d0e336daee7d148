package labtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/render"
	"halab/internal/topology"
)

// exec answers what halab asks agents and daemons for, and echoes what a user runs.
func (w *World) exec(c engine.Container, spec engine.ExecSpec) enginetest.Program {
	node := c.Labels[engine.LabelNode]
	return func(ctx context.Context, p enginetest.Process) int {
		switch {
		case len(p.Args) == 2 && p.Args[1] == "-v":
			fmt.Fprintln(p.Stdout, map[string]string{"haproxy": "HAProxy version 2.6.12-1", "keepalived": "Keepalived v2.2.7 (01/16,2022)"}[p.Args[0]])
			return 0
		case len(p.Args) < 3 || p.Args[1] != "agent":
			fmt.Fprintf(p.Stdout, "%s: %s\n", node, strings.Join(p.Args, "|"))
			fmt.Fprintln(p.Stderr, "to stderr")
			return 7
		}
		switch p.Args[2] {
		case agentapi.CommandConfig:
			text, err := w.config(node, topology.Service(p.Args[3]))
			fmt.Fprint(p.Stdout, text)
			if err != nil {
				fmt.Fprintln(p.Stderr, err)
				return 1
			}
		case agentapi.CommandFault:
			return w.fault(node, p)
		case agentapi.CommandGet:
			return w.get(p)
		case agentapi.CommandObserve:
			return w.observe(ctx, p)
		}
		return 0
	}
}

// config is the file that a daemon of a node has.
func (w *World) config(node string, service topology.Service) (string, error) {
	env := map[string]string{}
	for _, c := range w.Project.Containers {
		if c.Spec.Labels[engine.LabelNode] == node && c.Spec.Labels[engine.LabelService] == string(service) {
			for _, pair := range c.Spec.Env {
				name, value, _ := strings.Cut(pair, "=")
				env[name] = value
			}
		}
	}
	input, err := render.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		return "", err
	}
	haproxy, keepalived, err := render.Versions("debian12")
	if err != nil {
		return "", err
	}
	if service == topology.ServiceHAProxy {
		return render.HAProxy(input, haproxy)
	}
	return render.Keepalived(input, keepalived)
}

// get is what the client does for curl and watch.
func (w *World) get(p enginetest.Process) int {
	for _, answer := range w.answers(p.Args) {
		if err := json.NewEncoder(p.Stdout).Encode(answer); err != nil {
			return 1
		}
	}
	if slices.Contains(p.Args, "0") { // no --count: until the input ends
		_, _ = io.Copy(io.Discard, p.Stdin) // whichever way it ends
	}
	return 0
}

func (w *World) answers(args []string) []agentapi.Response {
	due := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	var list []agentapi.Response
	url := args[len(args)-1]
	one := func(i int) agentapi.Response {
		at := due.Add(time.Duration(i) * 100 * time.Millisecond)
		return agentapi.Response{Due: at, Sent: at, Done: at.Add(4 * time.Millisecond), Status: 200,
			Frontend: fmt.Sprintf("frontend-%02d", i%2+1), Backend: fmt.Sprintf("backend-%02d", i%2+1),
			Body: fmt.Sprintf("{\"frontend\":\"frontend-%02d\"}", i%2+1)}
	}
	n := 1
	if slices.Contains(args, "0") || slices.Contains(args, "4") {
		n = 4
	}
	for i := range n {
		r := one(i)
		switch {
		case strings.HasSuffix(url, "/broken"):
			r.Status, r.Error, r.Body = 0, "connection refused", ""
		case strings.HasSuffix(url, "/missing"):
			r.Status = 404
		}
		list = append(list, r)
	}
	return list
}
