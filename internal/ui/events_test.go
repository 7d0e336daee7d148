package ui

import (
	"strings"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/event"
	"halab/internal/live"
	"halab/test/golden"
)

// Every kind in words, one that has no node by its cluster, and what others wrote
// harmlessly.
func TestEvents(t *testing.T) {
	until := moment(600).In(time.Local)
	told := &agentapi.Event{Name: agentapi.EventVRRP, From: "BACKUP", To: "MASTER"}
	list := []live.Event{
		{Kind: live.VRRP, Node: "frontend-02", Cluster: "frontend", From: "BACKUP", To: "MASTER", Told: told},
		{Kind: live.ARP, Node: "frontend-02", Address: "192.168.99.10", Detail: "02:68:c0:a8:63:0c"},
		{Kind: live.Engine, Action: "kill", Node: "frontend-01", Service: "haproxy", Detail: "signal 9"},
		{Kind: live.Engine, Action: "die", Node: "frontend-01", Service: "haproxy", Detail: "exit code 137"},
		{Kind: live.Engine, Action: "start", Node: "client", Service: "client"},
		{Kind: live.Fault, Node: "frontend-01", Service: "haproxy", Fault: "down"},
		{Kind: live.Fault, Node: "frontend-01", Service: "node", Fault: "loss 30", FaultID: "a1", Until: &until},
		{Kind: live.Fault, Node: "frontend-01", Service: "haproxy", Fault: "hang", FaultID: "a2"},
		{Kind: live.Restore, Node: "frontend-01", Service: "node", Fault: "down"},
		{Kind: live.Outage, Action: live.Began, Cluster: "frontend", Address: "192.168.99.10", Detail: "timeout"},
		{Kind: live.Outage, Action: live.Ended, Cluster: "frontend", Address: "192.168.99.10", OutageMs: 41.8, Failed: 2},
		{Kind: live.Lab, Action: live.Up}, {Kind: live.Lab, Action: live.Ready}, {Kind: live.Lab, Action: live.Down},
		{Kind: live.Lab, Action: live.Lost, Detail: "connection refused\x1b[2J"}, {Kind: live.Lab, Action: live.Back},
		{Kind: live.Progress, Action: string(event.Warn), Node: "client", Detail: "the observer has ended"},
	}
	var out strings.Builder
	p := TextEvents(Terminal{Writer: &out}, []string{"frontend-01", "frontend-02"})
	j := JSONEvents(&out)
	for n, e := range list {
		e.ID, e.Time = uint64(n+1), moment(float64(n)).In(time.Local)
		if err := p.Print(e); err != nil {
			t.Fatal(err)
		}
	}
	shown := strings.ReplaceAll(out.String(), moment(0).Local().Format("15:04"), "10:00")
	golden.File(t, "testdata/events.txt", strings.ReplaceAll(shown, until.Format("15:04"), "10:10"))
	out.Reset()
	list[9].ID, list[9].Time = 10, moment(9)
	if err := j.Print(list[9]); err != nil {
		t.Fatal(err)
	}
	golden.File(t, "testdata/events.jsonl", out.String())
}
