package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/crashpoint"
	"halab/internal/engine"
	"halab/internal/topology"
)

// inside completes a fault that is done inside a node, by the agent there.
func inside(k Kind) Kind {
	k.On = []topology.Service{topology.ServiceNode}
	k.Inside = true
	k.blocked = notRunning
	return k
}

// cleanupTime bounds an undo after a failure or a cancellation.
const cleanupTime = 15 * time.Second

// conversation is what an exec of `fault apply` says: the word that the undo is
// recorded, which is answered, and the reply.
type conversation struct {
	mu   sync.Mutex
	said bytes.Buffer
	in   *io.PipeWriter
	gone bool
}

func (c *conversation) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said.Write(p)
	if !c.gone && bytes.HasPrefix(c.said.Bytes(), []byte(agentapi.FaultReady+"\n")) {
		c.gone = true
		crashpoint.At(crashpoint.Ready)
		go func() { _, _ = io.WriteString(c.in, agentapi.FaultGo+"\n") }() // where nobody reads any more, the exec has ended
	}
	return len(p), nil
}

// errUnanswered: the agent was killed at its work, by the kernel where memory ran
// out or by somebody. What it had begun may be there.
var errUnanswered = errors.New("the agent on the node was killed before it answered")

// reply is the last line.
func (c *conversation) reply() (agentapi.FaultReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return parseReply(c.said.Bytes())
}

func parseReply(said []byte) (agentapi.FaultReply, error) {
	var r agentapi.FaultReply
	lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
	if last := string(lines[len(lines)-1]); last == "" || last == agentapi.FaultReady {
		return r, errUnanswered
	}
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		return r, fmt.Errorf("the agent on the node said %q: %w", said, err)
	}
	if r.Problem != nil {
		return r, r.Problem
	}
	return r, nil
}

// applyInside has the agent of a node apply a fault.
func (i *Injector) applyInside(ctx context.Context, node engine.Container, r agentapi.FaultRequest) (agentapi.FaultReply, error) {
	request, err := json.Marshal(r)
	if err != nil {
		return agentapi.FaultReply{}, err
	}
	in, word := io.Pipe()
	defer in.Close()
	talk := &conversation{in: word}
	var errs bytes.Buffer
	code, err := i.engine.Exec(ctx, node.ID, engine.ExecSpec{
		Command: agentCommand("apply", string(request)), Env: crashpoint.Env(), Stdin: in, Stdout: talk, Stderr: &errs,
	})
	if err != nil {
		return agentapi.FaultReply{}, err
	}
	reply, err := talk.reply()
	switch {
	case err != nil && reply.Problem == nil && errs.Len() > 0:
		err = errors.New(strings.TrimSpace(errs.String()))
	case errors.Is(err, errUnanswered):
		crashpoint.At(crashpoint.Unanswered)
		err = fmt.Errorf("%w (exit code %d)", err, code)
	}
	return reply, err
}

// undoInside has the agent of a node undo a fault, or all.
func (i *Injector) undoInside(ctx context.Context, node engine.Container, id string) (agentapi.FaultReply, error) {
	var out bytes.Buffer
	_, err := i.engine.Exec(ctx, node.ID, engine.ExecSpec{Command: agentCommand("undo", id), Stdout: &out})
	if err != nil {
		return agentapi.FaultReply{}, err
	}
	return parseReply(out.Bytes())
}

func agentCommand(words ...string) []string {
	return append([]string{agentapi.BinaryPath, "agent", agentapi.CommandFault}, words...)
}
