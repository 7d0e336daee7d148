package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"halab/internal/engine"
)

const (
	stampA = "2026-01-02T03:04:05.100000000Z "
	stampB = "2026-01-02T03:04:05.200000000Z "
	stampC = "2026-01-02T03:04:05.300000000Z "
)

func TestReadLog(t *testing.T) {
	at := func(stamp string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(stamp))
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	half := strings.Repeat("x", 16<<10)
	for _, test := range []struct {
		name   string
		stream string
		want   []engine.LogLine
		fails  bool
	}{
		{name: "nothing"},
		{name: "two streams", stream: frame(1, stampA+"out\n") + frame(2, stampB+"err\n"),
			want: []engine.LogLine{{Time: at(stampA), Text: "out"}, {Time: at(stampB), Stderr: true, Text: "err"}}},
		{name: "an empty line", stream: frame(1, stampA+"\n"), want: []engine.LogLine{{Time: at(stampA)}}},
		{name: "spaces are kept", stream: frame(1, stampA+"  two  spaces \n"), want: []engine.LogLine{{Time: at(stampA), Text: "  two  spaces "}}},
		{name: "a long line in pieces", stream: frame(1, stampA+half) + frame(1, stampB+half) + frame(1, stampC+"end\n"),
			want: []engine.LogLine{{Time: at(stampA), Text: half + half + "end"}}},
		{name: "pieces of two streams mixed", stream: frame(1, stampA+"o1 ") + frame(2, stampB+"e1 ") + frame(1, stampC+"o2\n") + frame(2, stampC+"e2\n"),
			want: []engine.LogLine{{Time: at(stampA), Text: "o1 o2"}, {Time: at(stampB), Stderr: true, Text: "e1 e2"}}},
		{name: "a last line without its end", stream: frame(1, stampA+"half"), want: []engine.LogLine{{Time: at(stampA), Text: "half"}}},
		{name: "two lines in one frame", stream: frame(1, stampA+"one\ntwo\n"),
			want: []engine.LogLine{{Time: at(stampA), Text: "one"}, {Time: at(stampA), Text: "two"}}},
		{name: "a carriage return at the end", stream: frame(1, stampA+"dos\r\n"), want: []engine.LogLine{{Time: at(stampA), Text: "dos"}}},
		{name: "no timestamp", stream: frame(1, "just text\n"), want: []engine.LogLine{{Text: "just text"}}},
		{name: "a terminal", stream: stampA + "one\r\n" + stampB + "two\r\n",
			want: []engine.LogLine{{Time: at(stampA), Text: "one"}, {Time: at(stampB), Text: "two"}}},
		{name: "the engine complains", stream: frame(1, stampA+"one\n") + frame(3, "disk on fire"),
			want: []engine.LogLine{{Time: at(stampA), Text: "one"}}, fails: true},
		{name: "a broken header", stream: frame(1, stampA+"one\n") + "\x01garbage", want: []engine.LogLine{{Time: at(stampA), Text: "one"}}, fails: true},
		{name: "cut in a header", stream: frame(1, stampA+"one\n") + "\x01\x00", want: []engine.LogLine{{Time: at(stampA), Text: "one"}}, fails: true},
		{name: "cut in a frame", stream: frame(1, stampA+"one\n")[:30], want: []engine.LogLine{{Text: stampA[:22]}}, fails: true},
	} {
		for way, reader := range map[string]io.Reader{
			"whole": strings.NewReader(test.stream), "bytes": iotest.OneByteReader(strings.NewReader(test.stream)),
		} {
			t.Run(test.name+"/"+way, func(t *testing.T) {
				var got []engine.LogLine
				err := readLog(reader, func(line engine.LogLine) error {
					got = append(got, line)
					return nil
				})
				if (err != nil) != test.fails {
					t.Errorf("error %v", err)
				}
				if len(got) != len(test.want) {
					t.Fatalf("%d lines, want %d: %.200s", len(got), len(test.want), fmt.Sprint(got))
				}
				for i, line := range got {
					want := test.want[i]
					if !line.Time.Equal(want.Time) || line.Stderr != want.Stderr || line.Text != want.Text {
						t.Errorf("line %d: %.200s, want %.200s", i, fmt.Sprint(line), fmt.Sprint(want))
					}
				}
			})
		}
	}
}

func TestALineWithoutEndIsBounded(t *testing.T) {
	var stream strings.Builder
	piece := strings.Repeat("x", 16<<10)
	for range 2 * lineLimit / len(piece) {
		stream.WriteString(frame(1, stampA+piece))
	}
	stream.WriteString(frame(1, stampA+"end\n"))
	var got []engine.LogLine
	err := readLog(strings.NewReader(stream.String()), func(line engine.LogLine) error {
		got = append(got, line)
		return nil
	})
	if err != nil || len(got) != 1 || len(got[0].Text) != lineLimit {
		t.Errorf("%v, %d lines", err, len(got))
	}
}

// FuzzReadLog: whatever an engine sends, reading ends, and no line has an end
// of line in it.
func FuzzReadLog(f *testing.F) {
	f.Add([]byte(frame(1, stampA+"out\n") + frame(2, stampB+"err")))
	f.Add([]byte(stampA + "one\r\n" + stampB + "two\r\n"))
	f.Add([]byte("\x01\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		_ = readLog(strings.NewReader(string(stream)), func(line engine.LogLine) error {
			if strings.Contains(line.Text, "\n") {
				t.Errorf("a line with an end in it: %q", line.Text)
			}
			return nil
		})
	})
}

func TestLogsAsksForWhatIsWanted(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	for _, test := range []struct {
		options engine.LogOptions
		want    string
	}{
		{engine.LogOptions{Tail: -1}, "stderr=1&stdout=1&tail=all&timestamps=1"},
		{engine.LogOptions{Tail: 0}, "stderr=1&stdout=1&tail=0&timestamps=1"},
		{engine.LogOptions{Tail: 1, Follow: true, Since: since}, "follow=1&since=1767323045.600000000&stderr=1&stdout=1&tail=1&timestamps=1"},
	} {
		s := newServer(t, "1.41")
		asked := make(chan string, 1)
		s.mux.HandleFunc("GET /containers/n1/logs", requestLine(asked))
		if err := s.open(t).Logs(t.Context(), "n1", test.options, nil); err != nil {
			t.Error(err)
		}
		if got := <-asked; got != test.want {
			t.Errorf("asked for %s, want %s", got, test.want)
		}
	}
}

func TestFollowedLogEndsWithItsContext(t *testing.T) {
	s := newServer(t, "1.41")
	s.mux.HandleFunc("GET /containers/n1/logs", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, frame(1, stampA+"one\n"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	e := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	returns(t, "a log that is cancelled", func() {
		err := e.Logs(ctx, "n1", engine.LogOptions{Follow: true, Tail: -1}, func(engine.LogLine) error {
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// The log of a container goes before the container does.
func TestLogOfWhatIsBeingRemoved(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /containers/x/logs", 409, `{"message":"can not get logs from container which is dead or marked for removal"}`)
	err := s.open(t).Logs(t.Context(), "x", engine.LogOptions{}, nil)
	if !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("the log: %v", err)
	}
}
