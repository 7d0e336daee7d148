package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/topology"
)

// Status is the state of a lab; its JSON form is public (docs/json.md).
type Status struct {
	Lab      string    `json:"lab"`
	Base     string    `json:"base"`
	Profile  string    `json:"profile"`
	Ready    bool      `json:"ready"`
	Client   string    `json:"client"` // state of the client container
	Clusters []Cluster `json:"clusters"`
}

// Cluster is the state of one cluster.
type Cluster struct {
	Name  string `json:"name"`
	VIP   VIP    `json:"vip"`
	Nodes []Node `json:"nodes"`
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
	// State of its own container: running, paused, exited, missing, or
	// unreachable where its host does not answer, for that Reason.
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
	// Faults lists what was done to the node from inside, oldest first.
	Faults []agentapi.Fault `json:"faults,omitempty"`
	// ClockOffset is how many seconds the clock of a node that is a host of its
	// own is ahead of this machine's.
	ClockOffset *float64 `json:"clock_offset_seconds,omitempty"`
}

// missing is the state of a container that is not there.
const missing = "missing"

// Status reads the state of the lab: one listing, and from each node the last
// line that its PID 1 wrote, which holds all it knows.
func (l *Lab) Status(ctx context.Context) (*Status, error) {
	all, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	states, err := l.nodeStates(ctx, nodeContainers(all))
	if err != nil {
		return nil, err
	}
	silent := l.silent()
	st := assemble(l.name, append(all, l.absentees(silent)...), states)
	st.explain(silent)
	return st, nil
}

// explain adds why nodes are not reachable.
func (s *Status) explain(silent map[string]string) {
	for _, c := range s.Clusters {
		for i := range c.Nodes {
			if c.Nodes[i].State == Unreachable {
				c.Nodes[i].Reason = silent[c.Nodes[i].Name]
			}
		}
	}
}

// nodeStates reads what each node reported last.
func (l *Lab) nodeStates(ctx context.Context, nodes map[string]engine.Container) (map[string]agentapi.State, error) {
	type report struct {
		node  string
		state agentapi.State
	}
	reports := make(chan report, len(nodes))
	g := newGroup(ctx, max(1, len(nodes)))
	for name, c := range nodes {
		g.run(func(ctx context.Context) error {
			state, err := l.lastState(ctx, c.ID)
			reports <- report{name, state}
			if l.lost(err) {
				return nil // the next look shows it as unreachable
			}
			return gone(err)
		})
	}
	err := g.wait()
	close(reports)
	states := map[string]agentapi.State{}
	for r := range reports {
		states[r.node] = r.state
	}
	return states, err
}

// reportTail is how many last lines are searched for the newest event; others
// than events are rare in a node's log.
const reportTail = 5

func (l *Lab) lastState(ctx context.Context, id string) (agentapi.State, error) {
	var last agentapi.State
	err := l.engine.Logs(ctx, id, engine.LogOptions{Tail: reportTail}, func(line engine.LogLine) error {
		var e agentapi.Event
		if json.Unmarshal([]byte(line.Text), &e) == nil && e.Name != "" {
			last = e.State
		}
		return nil
	})
	return last, err
}

// assemble puts listing and reports together. It is pure.
func assemble(name string, all []engine.Container, states map[string]agentapi.State) *Status {
	s := &Status{Lab: name, Client: missing}
	nodes := nodeContainers(all)
	for _, c := range all {
		if c.Labels[engine.LabelService] == "client" {
			s.Client = string(c.State)
		}
	}
	for _, c := range ranked(nodes) {
		s.Base, s.Profile = c.Labels[engine.LabelBase], c.Labels[engine.LabelProfile]
		n := nodeStatus(c, all, states[c.Labels[engine.LabelNode]])
		s.add(c, n, states[n.Name])
	}
	s.Ready = s.ready()
	return s
}

// ranked sorts node containers by their place in the description.
func ranked(nodes map[string]engine.Container) []engine.Container {
	list := make([]engine.Container, 0, len(nodes))
	for _, c := range nodes {
		list = append(list, c)
	}
	rank := func(c engine.Container) int {
		n, err := strconv.Atoi(c.Labels[engine.LabelRank])
		if err != nil {
			return len(nodes)
		}
		return n
	}
	sort.Slice(list, func(i, j int) bool {
		if a, b := rank(list[i]), rank(list[j]); a != b {
			return a < b
		}
		return list[i].Name < list[j].Name
	})
	return list
}

func nodeStatus(c engine.Container, all []engine.Container, told agentapi.State) Node {
	name := c.Labels[engine.LabelNode]
	n := Node{
		Name: name, Address: c.Labels[engine.LabelAddress], State: string(c.State),
		Services: map[string]string{}, Servers: map[string]string{},
	}
	for _, service := range topology.Services()[1:] {
		n.Services[string(service)] = missing
	}
	for _, other := range all {
		service := other.Labels[engine.LabelService]
		if _, known := n.Services[service]; known && other.Labels[engine.LabelNode] == name {
			n.Services[service] = string(other.State)
		}
	}
	if !alive(c.State) {
		return n
	}
	n.Link, n.HAProxy, n.Faults = told.Link, told.HAProxy, told.Faults
	n.freeze()
	if alive(engine.State(n.Services["keepalived"])) {
		n.VRRP = told.VRRP
	}
	if told.Servers != nil && n.HAProxy == "up" {
		n.Servers = told.Servers
	}
	return n
}

// freeze shows what the node's own agent has stopped as frozen: for the engine
// it runs.
func (n *Node) freeze() {
	for _, f := range n.Faults {
		switch f.Fault {
		case agentapi.FaultFreeze:
			n.State = string(engine.StatePaused)
			for service, state := range n.Services {
				if state == string(engine.StateRunning) {
					n.Services[service] = string(engine.StatePaused)
				}
			}
		case agentapi.FaultHang:
			if n.Services[f.Service] == string(engine.StateRunning) {
				n.Services[f.Service] = string(engine.StatePaused)
			}
		}
	}
}

// alive says whether a container has processes: a frozen one has.
func alive(s engine.State) bool { return s == engine.StateRunning || s == engine.StatePaused }

func (s *Status) add(c engine.Container, n Node, told agentapi.State) {
	cluster := c.Labels[engine.LabelCluster]
	at := slices.IndexFunc(s.Clusters, func(x Cluster) bool { return x.Name == cluster })
	if at < 0 {
		vip, address, _ := strings.Cut(c.Labels[engine.LabelVIP], "=")
		s.Clusters = append(s.Clusters, Cluster{Name: cluster, VIP: VIP{Name: vip, Address: address, Holders: []string{}}})
		at = len(s.Clusters) - 1
	}
	cl := &s.Clusters[at]
	cl.Nodes = append(cl.Nodes, n)
	if alive(c.State) && slices.Contains(told.VIPs, cl.VIP.Address) {
		cl.VIP.Holders = append(cl.VIP.Holders, n.Name)
	}
}

// ready says whether every part is as a healthy lab has it.
func (s *Status) ready() bool {
	for _, c := range s.Clusters {
		if !c.whole() {
			return false
		}
	}
	return len(s.Clusters) > 0 && s.Client == string(engine.StateRunning)
}

func (c *Cluster) whole() bool { return len(c.Ailments()) == 0 }

// Ailments says in words what a healthy cluster would have otherwise.
func (c *Cluster) Ailments() []string {
	var list []string
	switch len(c.VIP.Holders) {
	case 1:
	case 0:
		list = append(list, "nobody holds "+c.VIP.Name)
	default:
		list = append(list, strings.Join(c.VIP.Holders, " and ")+" hold "+c.VIP.Name)
	}
	for _, n := range c.Nodes {
		list = append(list, n.ailments(c)...)
	}
	return list
}

func (n Node) ailments(c *Cluster) []string {
	if n.State == Unreachable && n.Reason != "" {
		return []string{n.Name + " is unreachable: " + strings.TrimPrefix(n.Reason, n.Name+": ")}
	}
	if n.State != string(engine.StateRunning) {
		return []string{n.Name + " is " + n.State}
	}
	var list []string
	for _, f := range n.Faults {
		list = append(list, fmt.Sprintf("%s is done to %s", strings.Join(append([]string{f.Fault}, f.Words...), " "), n.Name))
	}
	for _, service := range topology.Services()[1:] {
		if state := n.Services[string(service)]; state != string(engine.StateRunning) {
			list = append(list, fmt.Sprintf("%s on %s is %s", service, n.Name, state))
		}
	}
	if n.Link != "up" {
		list = append(list, fmt.Sprintf("the link of %s is %s", n.Name, cmp.Or(n.Link, "not known")))
	}
	if n.HAProxy != "up" {
		list = append(list, fmt.Sprintf("HAProxy on %s does not answer", n.Name))
	}
	if want := n.due(c); n.VRRP != want {
		list = append(list, fmt.Sprintf("VRRP on %s is %s, not %s", n.Name, cmp.Or(n.VRRP, "not known"), want))
	}
	return append(list, n.serverAilments(c)...)
}

// due is the VRRP state the node should be in.
func (n Node) due(c *Cluster) string {
	if slices.Contains(c.VIP.Holders, n.Name) {
		return "MASTER"
	}
	return "BACKUP"
}

func (n Node) serverAilments(c *Cluster) []string {
	if n.HAProxy != "up" {
		return nil
	}
	var list []string
	for _, server := range c.Nodes {
		if view := n.Servers[server.Name]; !strings.HasPrefix(view, "UP") {
			list = append(list, fmt.Sprintf("HAProxy on %s has %s as %s", n.Name, server.Name, cmp.Or(view, "not known")))
		}
	}
	return list
}

// Holders maps each VIP's name to the nodes that have it.
func (s *Status) Holders() topology.Holders {
	holders := topology.Holders{}
	for _, c := range s.Clusters {
		holders[c.VIP.Name] = c.VIP.Holders
	}
	return holders
}

// Topology gives the lab's words as far as its containers tell them: enough to
// resolve a target without the Compose file.
func (s *Status) Topology() *topology.Lab {
	t := &topology.Lab{Name: s.Lab, Base: s.Base, Profile: topology.Profile(s.Profile), Client: "client"}
	for _, c := range s.Clusters {
		cluster := topology.Cluster{Name: c.Name, VIP: topology.VIP{Name: c.VIP.Name, Address: address(c.VIP.Address)}}
		for _, n := range c.Nodes {
			cluster.Nodes = append(cluster.Nodes, topology.Node{Name: n.Name, Cluster: c.Name, Address: address(n.Address)})
		}
		t.Clusters = append(t.Clusters, cluster)
	}
	return t
}

// address reads what a label says; a label that is no address gives the zero
// address, which is no name's answer.
func address(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// Resolve turns a target into the names of its nodes.
func (s *Status) Resolve(target string) ([]string, error) {
	nodes, err := s.Topology().Resolve(target, func() (topology.Holders, error) { return s.Holders(), nil })
	if err != nil {
		return nil, err
	}
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	return names, nil
}
