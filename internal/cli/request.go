package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/topology"
)

// requestURL is the URL of a path at the front VIP; with no path, of the one that
// its apps answer.
func requestURL(st *lab.Status, path string) (string, error) {
	front, ok := st.Topology().Front()
	switch {
	case !ok:
		return "", errors.New("the lab has no cluster that could be asked\n  bring it up:  halab up")
	case path == "":
		path = front.Path()
	case !strings.HasPrefix(path, "/"):
		return "", usage("a path begins with a slash: %q", "/"+path)
	}
	return front.URL(path), nil
}

// clientContainer finds the lab's client, which must run.
func (s *session) clientContainer(ctx context.Context) (engine.Container, error) {
	all, err := s.Lab.Containers(ctx)
	if err != nil {
		return engine.Container{}, err
	}
	for _, c := range all {
		if c.Labels[engine.LabelService] != topology.Client {
			continue
		}
		if c.State != engine.StateRunning {
			return c, fmt.Errorf("the client is %s, and requests are made from there\n  mend it:  halab up", c.State)
		}
		return c, nil
	}
	return engine.Container{}, fmt.Errorf("the lab has no client, and requests are made from there\n  make it:  halab up")
}

// asking is a run of `halab agent get` in the client.
type asking struct {
	url      string
	interval time.Duration
	count    int // 0: until ctx ends
	timeout  time.Duration
}

func (a asking) command() []string {
	return []string{
		agentapi.BinaryPath, "agent", agentapi.CommandGet,
		"--interval", a.interval.String(), "--count", fmt.Sprint(a.count), "--timeout", a.timeout.String(), a.url,
	}
}

// lastWords is how long the client may take to end when it is asked to.
const lastWords = 2 * time.Second

// ask runs requests in a container and hands every answer to take. When ctx
// ends, the agent is told to stop by the end of its input, so that nothing goes
// on in the client.
func (s *session) ask(ctx context.Context, container string, a asking, take func(agentapi.Response) error) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stdin, hold := io.Pipe()
	defer context.AfterFunc(ctx, func() {
		hold.Close()
		time.AfterFunc(lastWords, cancel)
	})()
	defer hold.Close()
	out, lines := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		code, err := s.Engine.Exec(work, container, engine.ExecSpec{Command: a.command(), Stdin: stdin, Stdout: lines, Stderr: &errs})
		if err == nil && code != 0 {
			err = fmt.Errorf("the client ended with %d: %s", code, strings.TrimSpace(errs.String()))
		}
		lines.Close()
		ended <- err
	}()
	err := readResponses(out, take)
	out.Close()
	if err != nil {
		cancel()
	}
	if end := <-ended; err == nil && ctx.Err() == nil {
		err = end
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// maxResponse is longer than a response with the largest body, escaped.
const maxResponse = 1 << 20

func readResponses(r io.Reader, take func(agentapi.Response) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxResponse)
	for lines.Scan() {
		var answer agentapi.Response
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			return fmt.Errorf("the client said what is no answer: %.80q", lines.Text())
		}
		if err := take(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
