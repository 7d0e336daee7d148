package drill

import (
	"bytes"
	"context"
	"fmt"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
	figures "halab/internal/daemonconf/forecast"
	"net/netip"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/predict"
	"halab/internal/render"
	"halab/internal/topology"
)

// forecast knows what each node is configured to do.
type forecast struct {
	nodes    map[string]facts.Node
	clusters map[string][]string // their nodes
	vips     map[string]netip.Addr
	agent    figures.Agent
	daemons  map[string]string
	own      bool  // the files are the user's own
	unread   error // why the files of a node can't be reckoned with
}

// Daemons are the versions of the lab's HAProxy and keepalived as they print
// them.
func (d *Drill) Daemons(ctx context.Context, status *lab.State) (map[string]string, error) {
	f, err := d.readConfigs(ctx, status)
	if err != nil {
		return nil, err
	}
	return f.daemons, nil
}

// Facts are what the daemons of each node are configured to do.
func (d *Drill) Facts(ctx context.Context, status *lab.State) (map[string]facts.Node, error) {
	f, err := d.readConfigs(ctx, status)
	if err != nil {
		return nil, err
	}
	return f.nodes, f.unread
}

// readConfigs reads the configuration files as the nodes have them, and asks
// the daemons for their versions.
func (d *Drill) readConfigs(ctx context.Context, status *lab.State) (*forecast, error) {
	f := &forecast{own: status.Own(), nodes: map[string]facts.Node{}, clusters: map[string][]string{}, vips: map[string]netip.Addr{}, daemons: map[string]string{}}
	texts := map[string]map[string]string{} // node -> service -> its file
	for _, c := range status.Containers {
		node, service := c.Labels[engine.LabelNode], c.Labels[engine.LabelService]
		if node == "" || service != string(topology.ServiceHAProxy) && service != string(topology.ServiceKeepalived) {
			continue
		}
		// In containers alone does process 1 keep a VIP that keepalived gave up: a host's
		// loopback interface outlives the node.
		acts := topology.Profile(c.Labels[engine.LabelProfile]) == topology.ProfileFast
		f.agent = figures.Agent{Known: true, Acts: acts, Lingers: acts && c.Joins != ""}
		if of := c.Labels[engine.LabelCluster]; !slices.Contains(f.clusters[of], node) {
			f.clusters[of] = append(f.clusters[of], node)
		}
		// The node has the file of a service that is down as well.
		from := c
		if machine, found := status.Container(node, topology.ServiceNode); found && c.State == engine.StateExited && machine.State == engine.StateRunning {
			from = machine
		}
		text, err := d.ask(ctx, from.ID, agentapi.BinaryPath, "agent", agentapi.CommandConfig, service)
		if err != nil {
			return nil, fmt.Errorf("read the configuration of %s on %s: %w", service, node, err)
		}
		if f.daemons[service] == "" && from.ID == c.ID {
			if f.daemons[service], err = d.version(ctx, c.ID, service); err != nil {
				return nil, fmt.Errorf("ask %s on %s for its version: %w", service, node, err)
			}
		}
		if texts[node] == nil {
			texts[node] = map[string]string{}
		}
		texts[node][service] = text
	}
	for _, c := range status.Clusters {
		f.vips[c.Name], _ = netip.ParseAddr(c.VIP.Address) // one that is none is nobody's
	}
	f.read(texts)
	return f, d.readScripts(ctx, status, f)
}

// mostScript is how much of a script is read, in bytes.
const mostScript = "65536"

// readScripts reads the scripts that the keepalived of a user's own runs: what they ask
// decides which fault they notice.
func (d *Drill) readScripts(ctx context.Context, status *lab.State, f *forecast) error {
	if !status.Own() {
		return nil
	}
	for name, n := range f.nodes {
		c, found := status.Container(name, topology.ServiceKeepalived)
		if !found || c.State != engine.StateRunning {
			continue
		}
		for _, command := range n.Keepalived.Commands() {
			for word := range strings.FieldsSeq(strings.Trim(command, `"'`)) {
				if !strings.HasPrefix(word, "/") {
					continue
				}
				// A program of the image's is no script, and what is missing says nothing.
				if text, err := d.ask(ctx, c.ID, "head", "-c", mostScript, word); err == nil && strings.HasPrefix(text, "#!") {
					n.Scripts[word] = facts.ScriptFile{Name: word, Text: text}
				}
			}
		}
	}
	return nil
}

// read takes the facts from the files. A file that can't be read is no reason not to
// measure: the daemon runs, whatever it makes of it.
func (f *forecast) read(texts map[string]map[string]string) {
	versions := daemonconf.Versions{
		Keepalived: facts.Version(f.daemons[string(topology.ServiceKeepalived)]),
		HAProxy:    facts.Version(f.daemons[string(topology.ServiceHAProxy)]),
	}
	for node, files := range texts {
		n, err := daemonconf.Text(node, files[string(topology.ServiceKeepalived)], files[string(topology.ServiceHAProxy)], versions)
		if err != nil {
			f.unread = fmt.Errorf("the files of %s can't be reckoned with: %w", node, err)
		}
		f.nodes[node] = n
	}
}

func (d *Drill) version(ctx context.Context, id, daemon string) (string, error) {
	said, err := d.ask(ctx, id, daemon, "-v")
	if err != nil {
		return "", err
	}
	v, err := render.ParseVersion(said)
	return v.String(), err
}

// ask runs a command in a container and returns all that it prints.
func (d *Drill) ask(ctx context.Context, id string, cmd ...string) (string, error) {
	var said bytes.Buffer
	code, err := d.exec.Exec(ctx, id, engine.ExecSpec{Command: cmd, Stdout: &said, Stderr: &said})
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with %d: %s", strings.Join(cmd, " "), code, strings.TrimSpace(said.String()))
	}
	return said.String(), err
}

// predict says what to expect of a scenario that hits a node of its cluster while one
// of them, the same or another, holds the VIP.
func (f *forecast) predict(sc Scenario, target, holder string) (predict.Expected, error) {
	switch {
	case f == nil:
		return predict.Expected{}, nil
	case f.unread != nil:
		return predict.Expected{None: f.unread.Error()}, nil
	}
	in := predict.Input{Effect: sc.Effect, Target: target, Holder: holder, VIP: f.vips[sc.Cluster], Agent: f.agent}
	for _, name := range f.clusters[sc.Cluster] {
		in.Nodes = append(in.Nodes, f.nodes[name])
	}
	e, err := predict.Predict(in)
	if !slices.Contains(sc.phases(), outage.PhaseFailback) {
		e.List = slices.DeleteFunc(e.List, func(p outage.Prediction) bool { return strings.HasPrefix(p.Metric, string(outage.PhaseFailback)+".") })
		e.Held = slices.DeleteFunc(e.Held, func(h outage.HeldForecast) bool { return h.Phase == outage.PhaseFailback })
	}
	return e, err
}

// router is the virtual_router_id of a cluster as configured.
func (f *forecast) router(cluster lab.Cluster) int {
	if f == nil || len(cluster.Nodes) == 0 {
		return 0
	}
	c := figures.Together([]facts.Node{f.nodes[cluster.Nodes[0].Name]}, f.vips[cluster.Name], f.agent)
	if len(c.Members) == 0 {
		return 0
	}
	return c.Members[0].Is.RouterID.V
}
