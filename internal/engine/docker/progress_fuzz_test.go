package docker

import (
	"strings"
	"testing"
)

// FuzzFollow feeds the stream that an engine answers a build or a pull with.
// What is told of it has words, and an error in the stream is one.
func FuzzFollow(f *testing.F) {
	f.Add(`{"stream":"Step 1/3 : FROM x\n"}` + "\n" + `{"aux":{"ID":"sha256:1"}}`)
	f.Add(`{"status":"Downloading","id":"a"}{"status":"Downloading","id":"a"}{"status":"Done"}`)
	f.Add(`{"errorDetail":{"code":1,"message":"manifest unknown"},"error":"x"}`)
	f.Add(`{"error":"\u001b[2J"}`)
	f.Add(`[1]`)
	f.Fuzz(func(t *testing.T, text string) {
		taker := &transfer{progress: func(line string) {
			if strings.TrimSpace(line) == "" {
				t.Errorf("%q: an empty line is told", text)
			}
		}}
		if err := follow(t.Context(), strings.NewReader(text), taker); err != nil && err.Error() == "" {
			t.Errorf("%q: an error without a word", text)
		}
	})
}
