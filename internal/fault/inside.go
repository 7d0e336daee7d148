package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"halab/internal/agentapi"
	"halab/internal/crashpoint"
	"halab/internal/engine"
	"halab/internal/lab"
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

// all is what was said until now.
func (c *conversation) all() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.said.Bytes())
}

// outcome of an answer: a problem of the agent's is an error.
func outcome(r agentapi.FaultReply, err error) (agentapi.FaultReply, error) {
	if err == nil && r.Problem != nil {
		err = r.Problem
	}
	return r, err
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
		Command: []string{agentapi.BinaryPath, "agent", agentapi.CommandFault, "apply", string(request)}, Env: crashpoint.Env(), Stdin: in, Stdout: talk, Stderr: &errs,
	})
	if err != nil {
		return agentapi.FaultReply{}, err
	}
	var reply agentapi.FaultReply
	err = agentapi.Said{Out: talk.all(), Complaint: errs.Bytes(), Code: code}.Answer(&reply)
	if errors.Is(err, agentapi.ErrUnanswered) {
		crashpoint.At(crashpoint.Unanswered)
	}
	return outcome(reply, err)
}

// askFault has the agent of a node undo a fault, or all, or announce its VIPs.
func (i *Injector) askFault(ctx context.Context, node engine.Container, words ...string) (agentapi.FaultReply, error) {
	var r agentapi.FaultReply
	err := lab.AskAgent(ctx, i.engine, node.ID, &r, append([]string{agentapi.CommandFault}, words...)...)
	return outcome(r, err)
}
