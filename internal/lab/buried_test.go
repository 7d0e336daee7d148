package lab_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/event"
	"halab/internal/lab"
)

// belated is an engine whose listing is behind, as Docker's is while it writes down
// that a container has ended.
type belated struct{ *enginetest.Engine }

func (e belated) Containers(ctx context.Context, f engine.Filter) ([]engine.Container, error) {
	all, err := e.Engine.Containers(ctx, f)
	for i := range all {
		all[i].State = engine.StateRunning
	}
	return all, err
}

// A node that has ended holds nothing, whatever the engine's list and the last line
// of its log say; two nodes that live and hold one VIP do.
func TestDeadNodeHoldsNothing(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	for rank, node := range []string{"n-01", "n-02"} {
		_, err := e.ContainerCreate(t.Context(), engine.ContainerSpec{Name: node, Image: "halab/node:x", Labels: map[string]string{
			engine.LabelLab: "l", engine.LabelNode: node, engine.LabelService: "node", engine.LabelCluster: "n",
			engine.LabelVIP: "n-00=192.0.2.10", engine.LabelRank: strconv.Itoa(rank)}})
		if err == nil {
			err = e.ContainerStart(t.Context(), node)
		}
		line, jerr := json.Marshal(agentapi.Event{Node: node, Name: agentapi.EventVIPAdded, State: agentapi.State{VIPs: []string{"192.0.2.10"}}})
		if jerr == nil && err == nil {
			err = e.Say(node, engine.LogLine{Time: time.Now(), Text: string(line)})
		}
		if err != nil || jerr != nil {
			t.Fatal(err, jerr)
		}
	}
	holders := func() []string {
		s, err := lab.New("l", belated{e}, func(event.Event) {}).Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Clusters[0].VIP.Holders
	}
	if got := holders(); !slices.Equal(got, []string{"n-01", "n-02"}) {
		t.Errorf("two that live: %v", got)
	}
	if err := e.ContainerKill(t.Context(), "n-01", "KILL"); err != nil {
		t.Fatal(err)
	}
	if got := holders(); !slices.Equal(got, []string{"n-02"}) {
		t.Errorf("one of them has ended: %v", got)
	}
}
