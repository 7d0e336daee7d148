package drill

import (
	"bytes"
	"context"
	"fmt"
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
	nodes    map[string]predict.Node
	clusters map[string][]string // their nodes
	// acts: process 1 of the nodes acts on HAProxy's end (HALAB_PROFILE=fast);
	// lingers: it keeps a VIP that keepalived gave up, which it does in
	// containers alone: a host's loopback interface outlives the node.
	acts, lingers bool
	daemons       map[string]string
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

// readConfigs reads the configuration files as the nodes have them, and asks
// the daemons for their versions.
func (d *Drill) readConfigs(ctx context.Context, status *lab.State) (*forecast, error) {
	f := &forecast{nodes: map[string]predict.Node{}, clusters: map[string][]string{}, daemons: map[string]string{}}
	for _, c := range status.Containers {
		node, service := c.Labels[engine.LabelNode], c.Labels[engine.LabelService]
		if node == "" || service != string(topology.ServiceHAProxy) && service != string(topology.ServiceKeepalived) {
			continue
		}
		f.acts = topology.Profile(c.Labels[engine.LabelProfile]) == topology.ProfileFast
		f.lingers = f.acts && c.Joins != ""
		if of := c.Labels[engine.LabelCluster]; !slices.Contains(f.clusters[of], node) {
			f.clusters[of] = append(f.clusters[of], node)
		}
		text, err := d.ask(ctx, c.ID, agentapi.BinaryPath, "agent", agentapi.CommandConfig, service)
		if err != nil {
			return nil, fmt.Errorf("read the configuration of %s on %s: %w", service, node, err)
		}
		if f.daemons[service] == "" {
			if f.daemons[service], err = d.version(ctx, c.ID, service); err != nil {
				return nil, fmt.Errorf("ask %s on %s for its version: %w", service, node, err)
			}
		}
		n := f.nodes[node]
		if service == string(topology.ServiceHAProxy) {
			n.HAProxy, n.HAProxyVersion = text, f.daemons[service]
		} else {
			n.Keepalived, n.KeepalivedVersion = text, f.daemons[service]
		}
		f.nodes[node] = n
	}
	return f, nil
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

// predict says what to expect of a scenario that hits the VIP's holder; any
// other node of its cluster may take over.
func (f *forecast) predict(sc Scenario, holder string) ([]outage.Prediction, error) {
	if f == nil || sc.Effect.Anything {
		return nil, nil
	}
	in := predict.Input{Effect: sc.Effect, Holder: f.nodes[holder], Acts: f.acts, Lingers: f.lingers}
	for _, name := range f.clusters[sc.Cluster] {
		if name != holder {
			in.Backups = append(in.Backups, f.nodes[name])
		}
	}
	return predict.Predict(in)
}

// router is the virtual_router_id of a cluster as configured.
func (f *forecast) router(cluster lab.Cluster) int {
	if f == nil || len(cluster.Nodes) == 0 {
		return 0
	}
	n := f.nodes[cluster.Nodes[0].Name]
	return predict.ParseKeepalived(n.Keepalived, n.KeepalivedVersion).RouterID
}
