package probe

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
)

func TestPacer(t *testing.T) {
	p, err := newPacer(500)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		elapsed    time.Duration
		sent       uint64
		wait, late time.Duration
	}{
		{0, 0, 2 * time.Millisecond, 0},
		{2 * time.Millisecond, 0, 0, 0},
		{3 * time.Millisecond, 0, 0, time.Millisecond},
		{3 * time.Millisecond, 1, time.Millisecond, 0},
		{time.Hour, 0, 0, time.Hour - 2*time.Millisecond},          // a stall of an hour
		{time.Hour, 3600 * 500, 2 * time.Millisecond, 0},           // on time after an hour
		{time.Hour, 3600*500 + 99, 200 * time.Millisecond, 0},      // never too many
		{1500 * time.Millisecond, 499, 0, 500 * time.Millisecond},  // behind by whole and by part seconds alike
		{2500 * time.Millisecond, 499, 0, 1500 * time.Millisecond}, //
	}
	for _, tt := range tests {
		if wait, late := p.nextAction(tt.elapsed, tt.sent); wait != tt.wait || late != tt.late {
			t.Errorf("after %v and %d probes: wait %v, late %v; want %v, %v", tt.elapsed, tt.sent, wait, late, tt.wait, tt.late)
		}
	}
	for _, rate := range []float64{0, -1, 2e5} {
		if _, err := newPacer(rate); err == nil {
			t.Errorf("a rate of %g was taken", rate)
		}
	}
}

// TestPacerIsOpenLoop: the due times depend on the number alone, whatever the
// moments at which the pacer is asked.
func TestPacerIsOpenLoop(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		p, err := newPacer(0.5 + r.Float64()*2000)
		if err != nil {
			t.Fatal(err)
		}
		var elapsed time.Duration
		for n := uint64(0); n < 500; {
			wait, late := p.nextAction(elapsed, n)
			switch {
			case wait > 0 && elapsed+wait != p.due(n), wait == 0 && elapsed-late != p.due(n):
				t.Fatalf("probe %d at %v: wait %v, late %v, due %v", n, elapsed, wait, late, p.due(n))
			case wait > 0:
				elapsed += wait + time.Duration(r.Int64N(int64(3*p.interval()))) // woken late
			default:
				n++
			}
		}
	}
}

func TestParseReply(t *testing.T) {
	tests := []struct {
		name, in string
		eof      bool
		state    replyState
		want     reply
	}{
		{"nothing", "", false, replyPartial, reply{}},
		{"nothing, ended", "", true, replyBad, reply{}},
		{"half a head", "HTTP/1.1 200 OK\r\nA: b\r\n", false, replyPartial, reply{}},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, replyComplete, reply{status: 200, body: []byte("ok"), close: false}},
		{"length, more to come", "HTTP/1.1 200 OK\r\ncontent-LENGTH:3\r\n\r\nok", false, replyPartial, reply{status: 200}},
		{"length, ended early", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", true, replyBad, reply{status: 200}},
		{"close", "HTTP/1.1 503 No\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", false, replyComplete, reply{status: 503, body: []byte{}, close: true}},
		{"1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nok", true, replyComplete, reply{status: 200, body: []byte("ok"), close: true}},
		{"1.0 not ended", "HTTP/1.0 200 OK\r\n\r\nok", false, replyPartial, reply{status: 200, body: []byte("ok"), close: true}},
		{"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false, replyComplete, reply{status: 200, body: []byte{}, close: false}},
		{"no content", "HTTP/1.1 204 No\r\n\r\n", false, replyComplete, reply{status: 204, body: []byte{}, close: false}},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n", false, replyComplete, reply{status: 200, body: []byte("ok"), close: false}},
		{"chunks with a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n", false, replyComplete, reply{status: 200, body: []byte("ok"), close: false}},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", false, replyPartial, reply{status: 200}},
		{"half a chunk, ended", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", true, replyBad, reply{status: 200}},
		{"no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, replyBad, reply{status: 200}},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, replyBad, reply{}},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, replyBad, reply{}},
		{"bad status", "HTTP/1.1 abc OK\r\n\r\n", false, replyBad, reply{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, state := parseReply([]byte(tt.in), tt.eof)
			if state != tt.state || got.status != tt.want.status || got.close != tt.want.close || string(got.body) != string(tt.want.body) {
				t.Errorf("got %+v (%d), want %+v (%d)", got, state, tt.want, tt.state)
			}
		})
	}
}

// FuzzParseReply: it never panics, and an answer that is whole stays whole and
// the same with what comes after it.
func FuzzParseReply(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 200 OK\r\n\r\n<html>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, state := parseReply(b, false)
		parseReply(b, true)
		if state != replyComplete {
			return
		}
		again, state := parseReply(append(b[:len(b):len(b)], "more"...), false)
		if state != replyComplete || string(again.body) != string(r.body) {
			t.Errorf("%q is %q, and with more after it %q", b, r.body, again.body)
		}
		parseWho(r.body)
	})
}

func TestLinesAreJSON(t *testing.T) {
	for _, s := range []agentapi.Sample{
		{},
		{Stream: "edge", Due: 1, Sent: 2, Done: 3, Status: 200, Node: "frontend-01"},
		{Stream: "k\"\\\n<&>é\xff", Due: -1, Error: "timeout", Node: "n", Backend: "b", Dialled: true},
	} {
		same(t, agentapi.ObserverLine{Kind: "sample", Sample: &s}, appendSample(nil, &s))
	}
	for _, e := range []agentapi.WireEvent{
		{},
		{At: 1, Kind: "advert", Source: "192.168.99.11", MAC: "02:68:c0:a8:63:0b", RouterID: 10, Priority: 254, Version: 3, Interval: 1},
		{At: 2, Kind: "garp", VIP: "192.168.99.10"},
	} {
		same(t, agentapi.ObserverLine{Kind: "wire", Wire: &e}, appendWire(nil, &e))
	}
}

// same compares a line written by hand with encoding/json's.
func same(t *testing.T, want agentapi.ObserverLine, got []byte) {
	t.Helper()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(b)+"\n" {
		t.Errorf("got  %swant %s", got, b)
	}
}

func TestParseTotals(t *testing.T) {
	tests := []struct {
		name, in, fails string
		want            agentapi.HAProxyTotals
	}{
		{name: "empty", fails: "no first line"},
		{name: "another file", in: "a,b\n1,2\n", fails: "no column svname"},
		{name: "short and odd lines", in: "# pxname,svname,econ,eresp,wretr,wredis\napp\napp,s,1,-4,x\n", want: agentapi.HAProxyTotals{Errors: 1}},
		{name: "two backends", in: "svname,wredis,wretr,eresp,econ\na,1,2,3,4\nBACKEND,9,9,9,9\nb,10,20,30,40\n", want: agentapi.HAProxyTotals{Retries: 22, Redispatch: 11, Errors: 77}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseTotals(strings.NewReader(tt.in))
			if got != tt.want || (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestSlots(t *testing.T) {
	var s slots
	a, b := &conn{}, &conn{}
	id := s.add(a)
	gen := a.gen
	s.remove(a)
	if s.get(id, gen) != nil {
		t.Error("a connection that is gone was found")
	}
	if again := s.add(b); again != id || s.get(id, gen) != nil || s.get(id, b.gen) != b {
		t.Error("an old event found the new connection, or a place was not used again")
	}
	if s.get(-5, 0) != nil || s.get(99, 0) != nil {
		t.Error("a number that no connection has found one")
	}
}

func TestFailureWords(t *testing.T) {
	if got := failure(nil, true); got != "reset" {
		t.Error(got)
	}
	if !reflect.DeepEqual(parseWhoOf(t, ` {"frontend":"f","backend":"b","more":1}`), who{"f", "b"}) {
		t.Error("names not read")
	}
	if _, ok := parseWho([]byte("<html>")); ok {
		t.Error("a page was taken for JSON")
	}
}

func parseWhoOf(t *testing.T, body string) who {
	t.Helper()
	w, ok := parseWho([]byte(body))
	if !ok {
		t.Fatalf("%q is no JSON", body)
	}
	return w
}
