package agentapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrUnanswered: the agent was killed at its work, by the kernel where memory ran
// out or by somebody. What it had begun may be there.
var ErrUnanswered = errors.New("the agent on the node was killed before it answered")

// Said is what an agent's run left: both outputs and the exit code.
type Said struct {
	Out, Complaint []byte
	Code           int
}

// Answer reads the answer, which is the last line: a fault's agent says before it that
// it is ready. Where there is none, what the agent complained of is the error.
func (s Said) Answer(into any) error {
	out := bytes.TrimSpace(s.Out)
	last := out[bytes.LastIndexByte(out, '\n')+1:]
	complaint := strings.TrimSpace(string(s.Complaint))
	none := len(last) == 0 || string(last) == FaultReady
	switch {
	case none && complaint == "":
		return fmt.Errorf("%w (exit code %d)", ErrUnanswered, s.Code)
	case none:
		return errors.New(complaint)
	}
	if err := json.Unmarshal(last, into); err != nil {
		return errors.New(strings.TrimSuffix(fmt.Sprintf("the agent said what is no answer: %.80q: %s", last, complaint), ": "))
	}
	return nil
}

// maxAnswer is longer than a response with the largest body, escaped.
const maxAnswer = 1 << 20

// EachAnswer reads the answers of an agent that gives several, a line each, until
// take fails.
func EachAnswer[T any](out io.Reader, take func(T) error) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		var answer T
		if err := (Said{Out: lines.Bytes()}).Answer(&answer); err != nil {
			return err
		}
		if err := take(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
