package agent

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

func TestClockAnswersEachLine(t *testing.T) {
	var out bytes.Buffer
	before := machine.Monotonic()
	agenttest.Must(t, runClock(strings.NewReader("\n\n"), command.Output{Answer: &out}))
	var last int64
	replies := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range replies {
		var r agentapi.ClockReply
		agenttest.Must(t, json.Unmarshal([]byte(line), &r))
		if r.Mono < max(before, last) || r.Boot == "" {
			t.Errorf("%+v after %d", r, last)
		}
		last = r.Mono
	}
	if len(replies) != 2 {
		t.Errorf("%d answers to 2 lines", len(replies))
	}
}
