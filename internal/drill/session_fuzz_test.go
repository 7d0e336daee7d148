package drill

import (
	"strings"
	"testing"

	"halab/internal/lab"
)

// FuzzObserverLines feeds what an observer may print. Lines that are none are
// noted, and no line ends the reading.
func FuzzObserverLines(f *testing.F) {
	f.Add(`{"kind":"hello","hello":{"mono":1,"wall":2,"mac":"x"}}` + "\n" + `{"kind":"sample","sample":{"stream":"edge","due":1,"status":200}}`)
	f.Add(`{"kind":"stats"}` + "\n" + `{"kind":"stats","stats":[{}]}` + "\n{}\nnull\n[]\n\n")
	f.Add(`{"kind":"sample","sample":{"due":-9223372036854775808,"error":"x"}}` + "\n" + `{"error":"\u001b[2J"}` + "\nno JSON")
	f.Fuzz(func(t *testing.T, text string) {
		s := &session{fails: map[string]int64{}, goods: map[string]int64{}, changed: make(chan struct{})}
		lab.Observation{Line: s.take, Odd: s.note}.Read(strings.NewReader(text + "\n" + `{"kind":"mark","mark":{"name":"last","at":1}}`))
		if n := len(s.marks); len(text) < lab.MaxObserverLine && (n == 0 || s.marks[n-1].Name != "last") {
			t.Errorf("%q: the line after it was not read", text)
		}
		for stream, due := range s.goods {
			if failed, any := s.fails[stream]; any && due <= failed {
				t.Errorf("%q: %s has a good row from %d although it failed at %d", text, stream, due, failed)
			}
		}
	})
}
