package fault

import (
	"testing"

	"halab/internal/agentapi"
)

// FuzzParseReply feeds what an agent on a node may say.
func FuzzParseReply(f *testing.F) {
	f.Add([]byte("ready\n" + `{"mono":1,"faults":[{"id":"a","fault":"loss"}]}` + "\n"))
	f.Add([]byte(`{"problem":{"what":"no"}}`))
	f.Add([]byte("ready\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, said []byte) {
		var r agentapi.FaultReply
		err := agentapi.Said{Out: said}.Answer(&r)
		r, err = outcome(r, err)
		if err == nil && r.Problem != nil {
			t.Errorf("%q: the error %q is none", said, r.Problem)
		}
	})
}
