package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/problem"
)

// AskOrder says what the lab's client is to ask.
type AskOrder struct {
	Path     string // at the front VIP; "": one that its apps answer
	Interval time.Duration
	Count    int // 0: until ctx ends
	Timeout  time.Duration
}

// Asking is a run of requests that is about to begin.
type Asking struct {
	URL string

	session *Session
	client  engine.Container
	order   AskOrder
}

// Ask prepares requests from inside the lab.
func (s *Session) Ask(ctx context.Context, o AskOrder) (*Asking, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	a := &Asking{session: s, order: o}
	if a.URL, err = requestURL(st, o.Path); err != nil {
		return nil, err
	}
	a.client, err = clientOf(st)
	return a, err
}

// requestURL is the URL of a path at the front VIP; with no path, of the one that
// its apps answer.
func requestURL(st *lab.State, path string) (string, error) {
	front, err := st.Front()
	switch {
	case err != nil:
		return "", err
	case path == "":
		path = front.Path()
	case !strings.HasPrefix(path, "/"):
		return "", Usage("a path begins with a slash: %q", "/"+path)
	}
	return front.URL(path), nil
}

// clientOf is the client of a lab, which must run.
func clientOf(st *lab.State) (engine.Container, error) {
	c, found := st.Client()
	switch {
	case !found:
		return c, problem.New("the lab has no client, and requests are made from there").Cure("make it", "halab up")
	case c.State != engine.StateRunning:
		return c, problem.New("the client is %s, and requests are made from there", c.State).Cure("mend it", "halab up")
	}
	return c, nil
}

// command is a run of `halab agent get` in the client.
func (a *Asking) command() []string {
	return []string{
		agentapi.BinaryPath, "agent", agentapi.CommandGet,
		"--interval", a.order.Interval.String(), "--count", fmt.Sprint(a.order.Count), "--timeout", a.order.Timeout.String(), a.URL,
	}
}

// lastWords is how long the client may take to end when it is asked to.
const lastWords = 2 * time.Second

// Each makes the requests and hands every answer to take. When ctx ends, the agent
// is told to stop by the end of its input, so that nothing goes on in the client.
func (a *Asking) Each(ctx context.Context, take func(agentapi.Response) error) error {
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
		code, err := a.session.engine.Exec(work, a.client.ID, engine.ExecSpec{Command: a.command(), Stdin: stdin, Stdout: lines, Stderr: &errs})
		if err == nil && code != 0 {
			err = fmt.Errorf("the client ended with %d: %s", code, strings.TrimSpace(errs.String()))
		}
		lines.Close()
		ended <- err
	}()
	err := agentapi.EachAnswer(out, take)
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
