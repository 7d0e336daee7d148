package lab

import (
	"bytes"
	"context"

	"halab/internal/agentapi"
	"halab/internal/engine"
)

// AskAgent has the agent in a container do what the words say, and reads its answer.
func AskAgent(ctx context.Context, e Executor, id string, answer any, words ...string) error {
	var out, complaint bytes.Buffer
	code, err := e.Exec(ctx, id, engine.ExecSpec{
		Command: append([]string{agentapi.BinaryPath, "agent"}, words...), Stdout: &out, Stderr: &complaint,
	})
	if err != nil {
		return err
	}
	return agentapi.Said{Out: out.Bytes(), Complaint: complaint.Bytes(), Code: code}.Answer(answer)
}
