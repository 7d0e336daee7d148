package lab

import (
	"context"
	"errors"
	"slices"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// State is that of a lab at one moment; its JSON form is public (docs/json.md).
type State struct {
	Lab     string `json:"lab"`
	Base    string `json:"base"`
	Profile string `json:"profile"`
	Ready   bool   `json:"ready"`
	// ClientState is that of the client container.
	ClientState string    `json:"client"`
	Clusters    []Cluster `json:"clusters"`

	// Containers are those that it was made from, and Told what each node
	// reported last.
	Containers []engine.Container        `json:"-"`
	Told       map[string]agentapi.State `json:"-"`
}

// Cluster is the state of one cluster.
type Cluster struct {
	Name string `json:"name"`
	VIP  VIP    `json:"vip"`
	// More are further VIPs that the same nodes move.
	More  []VIP  `json:"more_vips,omitempty"`
	Nodes []Node `json:"nodes"`
	// Listeners are what clients can ask at the VIPs, as URLs; none where that is
	// the path of the apps.
	Listeners []string `json:"listeners,omitempty"`
	// Upstream is the URL that its apps ask; empty: they ask nobody.
	Upstream string `json:"upstream,omitempty"`
}

// VIP is an address and who has it. Holders come from the nodes' interfaces:
// none and two are states a lab exists to show.
type VIP struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Holders []string `json:"holders"`
}

// Node is the state of one node.
type Node struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// State of its own container: running, paused, exited, or unreachable
	// where its host does not answer, for that Reason.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// VRRP is MASTER, BACKUP or FAULT as keepalived said last; empty when
	// keepalived does not run.
	VRRP string `json:"vrrp"`
	// Services maps app, haproxy and keepalived to their container's state.
	Services map[string]string `json:"services"`
	// Servers is this node's HAProxy's view of each app server of its cluster.
	Servers map[string]string `json:"servers"`
	Link    string            `json:"link"`    // up or down
	HAProxy string            `json:"haproxy"` // as the node sees it: up, gone or hung
	// Keepalived is up or gone, as the node sees its process. A supervisor that
	// holds keepalived stopped goes on running, and so does its container.
	Keepalived string `json:"keepalived"`
	// Slow says how the node stepped down because the machine is too slow.
	Slow string `json:"slow,omitempty"`
	// Faults lists what was done to the node from inside, oldest first.
	Faults []agentapi.Fault `json:"faults,omitempty"`
	// ClockOffset is how many seconds the clock of a node that is a host of its
	// own is ahead of this machine's.
	ClockOffset *float64 `json:"clock_offset_seconds,omitempty"`
	// ClockWithin is how far ClockOffset may be wrong, in seconds.
	ClockWithin *float64 `json:"clock_within_seconds,omitempty"`

	// own says that the node's daemons run with files of the user's own, which need
	// not let halab see into HAProxy.
	own bool
	// appGone says that the app's process has ended, which its node sees before
	// the engine does.
	appGone bool
}

// Missing is the state of a container that is not there.
const Missing = "missing"

// Look reads the state of the lab: one listing, and from each node the last
// line that its PID 1 wrote, which holds all it knows.
func (l *Lab) Look(ctx context.Context) (*State, error) {
	all, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	states, lost, err := l.nodeStates(ctx, nodeContainers(all))
	if err != nil {
		return nil, err
	}
	return l.gather(ctx, all, states, lost), nil
}

// gather makes a state of what is listed, what the nodes told, and why some could
// not be asked.
func (l *Lab) gather(ctx context.Context, all []engine.Container, states map[string]agentapi.State, lost map[string]string) *State {
	silent := l.silent()
	if len(lost) > 0 {
		all, silent = withoutAnswer(all, lost), joined(silent, lost)
	}
	all = append(all, l.absentees(silent)...)
	st := assemble(l.name, all, states)
	if l.buried(ctx, st, all) {
		st = assemble(l.name, all, states)
	}
	st.explain(silent)
	return st
}

// buried corrects the listing where more than one node holds a VIP. Docker lets a
// kill return, and then writes down what its list is read from: for a while after
// a crash the node is listed as running, and the last line of its log says that it
// holds the VIP, which another node has taken. An inspection waits until that is
// written. What can't be told now stays as it was listed.
func (l *Lab) buried(ctx context.Context, s *State, all []engine.Container) bool {
	corrected := false
	for _, c := range s.Clusters {
		var rivals []string
		for _, v := range c.VIPs() {
			if len(v.Holders) > 1 {
				rivals = append(rivals, v.Holders...)
			}
		}
		for i := range all {
			if !slices.Contains(rivals, all[i].Labels[engine.LabelNode]) || all[i].Labels[engine.LabelService] != string(topology.ServiceNode) {
				continue
			}
			now, err := l.engine.Inspect(ctx, all[i].ID)
			if errors.Is(err, engine.ErrNotFound) {
				now.State, err = engine.StateDead, nil
			}
			if err == nil && now.State != all[i].State {
				all[i].State, corrected = now.State, true
			}
		}
	}
	return corrected
}

// explain adds why nodes are not reachable.
func (s *State) explain(silent map[string]string) {
	for _, c := range s.Clusters {
		for i := range c.Nodes {
			if c.Nodes[i].State == Unreachable {
				c.Nodes[i].Reason = silent[c.Nodes[i].Name]
			}
		}
	}
}

// nodeStates reads what each node reported last. Lost are the nodes whose hosts
// stopped answering meanwhile, and why.
func (l *Lab) nodeStates(ctx context.Context, nodes map[string]engine.Container) (states map[string]agentapi.State, lost map[string]string, err error) {
	type report struct {
		node  string
		state agentapi.State
		lost  error
	}
	reports := make(chan report, len(nodes))
	g := newGroup(ctx, max(1, len(nodes)))
	for name, c := range nodes {
		g.run(func(ctx context.Context) error {
			state, err := l.lastState(ctx, c.ID)
			if l.lost(err) {
				reports <- report{node: name, lost: err}
				return nil
			}
			reports <- report{node: name, state: state}
			return gone(err)
		})
	}
	err = g.wait()
	close(reports)
	states, lost = map[string]agentapi.State{}, map[string]string{}
	for r := range reports {
		if r.lost != nil {
			lost[r.node] = r.lost.Error()
			continue
		}
		states[r.node] = r.state
	}
	return states, lost, err
}

// reportTail is how many last lines are searched for the newest event; others
// than events are rare in a node's log.
const reportTail = 5

func (l *Lab) lastState(ctx context.Context, id string) (agentapi.State, error) {
	var last agentapi.State
	err := l.engine.Logs(ctx, id, engine.LogOptions{Tail: reportTail}, func(line engine.LogLine) error {
		if e, ok := agentapi.ParseEvent(line.Text); ok {
			last = e.State
		}
		return nil
	})
	return last, err
}
