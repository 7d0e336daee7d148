package agentapi_test

import (
	"errors"
	"strings"
	"testing"

	"halab/internal/agentapi"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		out, complaint string
		mono           int64
		says           string
	}{
		"an answer":                  {out: `{"mono":3}` + "\n", mono: 3},
		"an answer and a complaint":  {out: `{"mono":3}`, complaint: "slow", mono: 3},
		"ready, then the answer":     {out: "ready\n" + `{"mono":4}` + "\n", mono: 4},
		"killed":                     {says: "the agent on the node was killed before it answered (exit code 7)"},
		"killed when it was ready":   {out: "ready\n", says: "the agent on the node was killed before it answered (exit code 7)"},
		"a complaint alone":          {complaint: "halab agent: no\n", says: "halab agent: no"},
		"no JSON":                    {out: "what?", says: `the agent said what is no answer: "what?"`},
		"no JSON, and says why":      {out: "what?", complaint: "no", says: `the agent said what is no answer: "what?": no`},
		"the last line is no answer": {out: `{"mono":3}` + "\nbye", says: `the agent said what is no answer: "bye"`},
	} {
		var got agentapi.FaultReply
		err := agentapi.Said{Out: []byte(tt.out), Complaint: []byte(tt.complaint), Code: 7}.Answer(&got)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != tt.says || got.Mono != tt.mono {
			t.Errorf("%s: %q and %d, want %q and %d", name, said, got.Mono, tt.says, tt.mono)
		}
		if killed := strings.HasPrefix(name, "killed"); errors.Is(err, agentapi.ErrUnanswered) != killed {
			t.Errorf("%s: unanswered is not %v", name, killed)
		}
	}
}

func TestEachAnswer(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	for name, tt := range map[string]struct {
		out  string
		seen int
		fail bool
	}{
		"two":                   {out: "{\"url\":\"a\"}\n{\"url\":\"b\"}\n", seen: 2},
		"none":                  {},
		"not all are answers":   {out: "{\"url\":\"a\"}\nx\n{\"url\":\"b\"}\n", seen: 1, fail: true},
		"nobody wants the rest": {out: "{\"url\":\"stop\"}\n{\"url\":\"b\"}\n", seen: 1, fail: true},
	} {
		seen := 0
		err := agentapi.EachAnswer(strings.NewReader(tt.out), func(k agentapi.Knock) error {
			if seen++; k.URL == "stop" {
				return stop
			}
			return nil
		})
		if seen != tt.seen || (err != nil) != tt.fail {
			t.Errorf("%s: %d and %v, want %d", name, seen, err, tt.seen)
		}
	}
}
