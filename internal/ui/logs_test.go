package ui

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/lab"
	"halab/test/golden"
)

func entries() []lab.LogEntry {
	e := func(at float64, node, service, text string) lab.LogEntry {
		return lab.LogEntry{Time: moment(at), Cluster: "frontend", Node: node, Service: service, Stream: "stdout", Text: text}
	}
	line := func(event, rest string) string {
		return `{"time":"2026-01-02T10:00:00Z","mono":5,"node":"frontend-02","event":"` + event + `",` + rest +
			`"state":{"vrrp":"MASTER","vips":["192.168.99.10"],"link":"up","haproxy":"up","keepalived":"up","app":"up","servers":{"frontend-02":"UP","frontend-01":"DOWN"}}}`
	}
	return []lab.LogEntry{
		e(0, "frontend-01", "haproxy", "\x1b]0;owned\x07[NOTICE]   (1) : haproxy version is 2.6.12"),
		e(0.001, "frontend-02", "node", line("haproxy-gone", `"detail":"connection refused",`)),
		e(0.002, "frontend-02", "keepalived", "Fri Jan  2 10:00:00 2026: (VI_frontend) Entering MASTER STATE"),
		e(0.003, "frontend-02", "node", line("vrrp", `"from":"BACKUP","to":"MASTER",`)),
		e(0.004, "frontend-02", "node", line("vip-added", `"address":"192.168.99.10",`)),
		e(0.005, "frontend-02", "node", line("servers", "")),
		e(0.006, "frontend-02", "node", line("\\u001b[2J", `"detail":"\u001b[31m",`)),
		e(0.007, "frontend-02", "node", "{not json"),
		e(0.008, "client", "client", "ready"),
	}
}

func TestTextLogs(t *testing.T) {
	for _, c := range []struct {
		file  string
		style Style
	}{{"logs.txt", Style{}}, {"logs-painted.txt", Painted()}} {
		var out strings.Builder
		p := TextLogs(Terminal{Writer: &out, Style: c.style}, []string{"frontend-01", "frontend-02"})
		for _, e := range entries() {
			e.Time = e.Time.In(time.Local)
			if err := p.Print(e); err != nil {
				t.Fatal(err)
			}
		}
		shown := strings.ReplaceAll(out.String(), moment(0).Local().Format("15:04"), "10:00")
		golden.File(t, "testdata/"+c.file, shown)
	}
}

func TestJSONLogs(t *testing.T) {
	var out strings.Builder
	p := JSONLogs(&out)
	for _, e := range entries() {
		if err := p.Print(e); err != nil {
			t.Fatal(err)
		}
	}
	golden.File(t, "testdata/logs.jsonl", out.String())
}

func TestNodeWordsKnowEveryEvent(t *testing.T) {
	for _, name := range []agentapi.EventName{
		agentapi.EventStarted, agentapi.EventStopping, agentapi.EventVIPAdded, agentapi.EventVIPRemoved,
		agentapi.EventVRRP, agentapi.EventHAProxyUp, agentapi.EventHAProxyGone, agentapi.EventHAProxyHung,
		agentapi.EventKeepalivedUp, agentapi.EventKeepalivedGone, agentapi.EventAppUp, agentapi.EventAppGone,
		agentapi.EventServers, agentapi.EventLink, agentapi.EventFault, agentapi.EventSwept, agentapi.EventError, agentapi.EventSelf,
	} {
		words, _ := NodeWords(agentapi.Event{Name: name, From: "BACKUP", To: "MASTER", Address: "192.168.99.10", Detail: "why"})
		if words == "" || strings.HasPrefix(words, string(name)+":") && name != agentapi.EventFault {
			t.Errorf("%s: %q", name, words)
		}
	}
}

func FuzzNodeLine(f *testing.F) {
	for _, e := range entries() {
		f.Add(e.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, ok := agentapi.ParseEvent(text); ok {
			words, _ := NodeWords(e)
			if words == "" {
				t.Errorf("no words for %q", text)
			}
		}
	})
}
