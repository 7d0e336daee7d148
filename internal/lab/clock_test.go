package lab

import (
	"bufio"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"halab/internal/agentapi"
)

// The clock of a machine is 7 s ahead, and its answers take 4 ms and 2 ms back
// and forth; the quickest round trip is 2 ms.
func TestPing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ahead = 7 * time.Second
		zero := time.Now()
		askR, askW := io.Pipe()
		sayR, sayW := io.Pipe()
		go func() {
			lines := bufio.NewScanner(askR)
			for n := 0; lines.Scan(); n++ {
				half := time.Millisecond
				if n%2 == 0 {
					half = 2 * time.Millisecond
				}
				time.Sleep(half)
				mono := time.Since(zero) + ahead
				time.Sleep(half)
				fmt.Fprintf(sayW, `{"mono":%d,"boot":"b"}`+"\n", mono.Nanoseconds())
			}
		}()
		r, err := ping(askW, bufio.NewScanner(sayR), zero)
		if err != nil || r.ahead != ahead.Nanoseconds() || r.within != time.Millisecond.Nanoseconds() || r.boot != "b" {
			t.Errorf("%+v, %v", r, err)
		}
		askW.Close()
	})
}

func TestPingOfNobody(t *testing.T) {
	t.Parallel()
	sayR, sayW := io.Pipe()
	sayW.Close()
	if _, err := ping(io.Discard, bufio.NewScanner(sayR), time.Now()); err == nil {
		t.Error("nobody answered, and that was no error")
	}
}

// A node of the same boot has the observer's clock; of another one the offset to
// the client counts, and both errors add up.
func TestOffsets(t *testing.T) {
	t.Parallel()
	got := offsets(map[string]reading{
		"client": {boot: "x", ahead: 100, within: 3},
		"same":   {boot: "x", ahead: 140, within: 5},
		"other":  {boot: "y", ahead: 1100, within: 5},
		"mute":   {ahead: 90, within: 1},
	})
	want := map[string]agentapi.ClockOffset{"same": {}, "other": {AheadNs: 1000, WithinNs: 8}, "mute": {AheadNs: -10, WithinNs: 4}}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: %+v, want %+v", name, got[name], w)
		}
	}
	if len(got) != len(want) || len(offsets(map[string]reading{"a": {}})) != 0 {
		t.Errorf("%+v", got)
	}
}
