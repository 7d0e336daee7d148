package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/drill"
	"halab/internal/engine"
	"halab/internal/fault"
	"halab/internal/lab"
	"halab/internal/problem"
	"halab/internal/topology"
)

const (
	// checkExec is what an engine may take around a check, beside the check's own time.
	checkExec = 10 * time.Second
	// checkEffect is how long a fault may take until the engine shows it.
	checkEffect = 10 * time.Second
	// checkCleanup bounds the mending afterwards; it goes on after an interrupt.
	checkCleanup = 60 * time.Second
)

// Checks runs every check script of one node of each cluster with HAProxy up, hung and
// dead, and mends HAProxy afterwards. target is a node, or a cluster, "" is every
// cluster. With an error come the tables that were filled until then.
func (s *Session) Checks(ctx context.Context, target string) ([]CheckTable, error) {
	st, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := checkTargets(st, target)
	if err != nil {
		return nil, err
	}
	nodes, err := measuring{s}.drills(drill.Options{}).Facts(ctx, st)
	if err != nil {
		return nil, err
	}
	done := []CheckTable{}
	for _, t := range tables {
		if t.Checks, t.None = checkRows(nodes[t.Node], st.Own()); t.None == "" {
			err = checking{s}.fillTable(ctx, st, &t)
		}
		for i := range t.Checks {
			t.Checks[i].judge()
		}
		if err != nil {
			return done, err
		}
		done = append(done, t)
	}
	return done, nil
}

// checkTargets chooses the nodes: the one that was named, or of each cluster one that
// holds no VIP, so that none moves when its HAProxy is killed.
func checkTargets(st *lab.State, target string) ([]CheckTable, error) {
	var node topology.Node
	l := st.Topology()
	only, err := l.ResolveCluster(target)
	if target != "" && err != nil {
		if node, err = l.ResolveNode(target); err != nil {
			return nil, err
		}
	}
	var list []CheckTable
	for _, c := range st.Clusters {
		if len(c.Nodes) == 0 || node.Name == "" && target != "" && c.Name != only.Name {
			continue
		}
		pick := c.Nodes[0].Name
		for _, n := range slices.Backward(c.Nodes) {
			if len(heldBy(c, n.Name)) == 0 && n.State == string(engine.StateRunning) {
				pick = n.Name
				break
			}
		}
		if node.Name != "" {
			if !slices.ContainsFunc(c.Nodes, func(n lab.Node) bool { return n.Name == node.Name }) {
				continue
			}
			pick = node.Name
		}
		list = append(list, CheckTable{Cluster: c.Name, Node: pick, Held: heldBy(c, pick)})
	}
	return list, nil
}

// heldBy lists the VIPs of a cluster that a node holds.
func heldBy(c lab.Cluster, node string) []string {
	list := []string{}
	for _, v := range c.VIPs() {
		if slices.Contains(v.Holders, node) {
			list = append(list, v.Name)
		}
	}
	return list
}

// checking is the work of Checks.
type checking struct{ s *Session }

// fillTable runs the checks of a node. HAProxy is hung before it is killed: a frozen
// one is killed as it is, and so is mended once.
func (c checking) fillTable(ctx context.Context, st *lab.State, t *CheckTable) (err error) {
	if err := bothRun(st, t.Node); err != nil {
		return err
	}
	if !slices.ContainsFunc(t.Checks, func(r CheckRow) bool { return r.Off == "" }) {
		return nil
	}
	end := c.s.emit.Begin(t.Node, "checks", "runs its checks with HAProxy up, hung and dead")
	defer func() { end(err) }()
	// Before the first run: a script with a slip ends keepalived while HAProxy is up, too.
	well := len(st.Reasons(lab.Scope{Nodes: []string{t.Node}})) == 0
	defer func() { err = errors.Join(err, c.mendChecked(ctx, t.Node, well)) }()
	if err := c.runChecks(ctx, st, t, func(r *CheckRow) **agentapi.CheckRun { return &r.Up }); err != nil {
		return err
	}
	if st, err = c.breakHAProxy(ctx, st, t.Node, "hang", engine.StatePaused); err != nil {
		return err
	}
	if err := c.runChecks(ctx, st, t, func(r *CheckRow) **agentapi.CheckRun { return &r.Hung }); err != nil {
		return err
	}
	if st, err = c.breakHAProxy(ctx, st, t.Node, "kill", engine.StateExited); err != nil {
		return err
	}
	return c.runChecks(ctx, st, t, func(r *CheckRow) **agentapi.CheckRun { return &r.Dead })
}

// bothRun refuses a node whose HAProxy or keepalived is down or frozen: what a check says
// with HAProxy up could not be known, and what was broken on purpose would be mended.
func bothRun(st *lab.State, node string) error {
	for _, c := range st.Clusters {
		for _, n := range c.Nodes {
			for _, service := range []topology.Service{topology.ServiceHAProxy, topology.ServiceKeepalived} {
				if is := n.Services[string(service)]; n.Name == node && is != string(engine.StateRunning) {
					return problem.New("%s on %s is %s, and its checks are run with it running first", service, node, is).
						Cure("mend it", "halab restore "+node)
				}
			}
		}
	}
	return nil
}

// breakHAProxy breaks it, and waits until the engine shows it.
func (c checking) breakHAProxy(ctx context.Context, st *lab.State, node, how string, want engine.State) (*lab.State, error) {
	order, err := fault.Parse([]string{string(topology.ServiceHAProxy), how})
	if err != nil {
		return nil, err
	}
	if _, err := c.s.injector().Inject(ctx, st, []string{node}, nil, order); err != nil {
		return nil, err
	}
	return c.s.lab.Until(ctx, checkEffect, func(now *lab.State) (bool, error) {
		haproxy, _ := now.Container(node, topology.ServiceHAProxy)
		return haproxy.State == want, nil
	})
}

// mendChecked starts HAProxy again, and keepalived where a check has ended that. It is
// done after an interrupt too. What was broken before on the node stays as it is; where
// nothing was, the node is waited for.
func (c checking) mendChecked(ctx context.Context, node string, well bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkCleanup)
	defer cancel()
	var failed []error
	for _, service := range []topology.Service{topology.ServiceHAProxy, topology.ServiceKeepalived} {
		st, err := c.s.lab.Look(ctx)
		if err == nil {
			_, err = c.s.injector().Restore(ctx, st, lab.Scope{Nodes: []string{node}, Service: service})
		}
		failed = append(failed, err)
	}
	if well && errors.Join(failed...) == nil {
		_, err := c.s.injector().WaitHealthy(ctx, lab.Scope{Nodes: []string{node}}, checkCleanup/2)
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return problem.New("%s is not as it was before its checks were run: %w", node, err).Cure("mend it", "halab restore "+node)
	}
	return nil
}

// runChecks runs the checks one after the other, as each might hinder the next.
func (c checking) runChecks(ctx context.Context, st *lab.State, t *CheckTable, into func(*CheckRow) **agentapi.CheckRun) error {
	keepalived, _ := st.Container(t.Node, topology.ServiceKeepalived)
	for i := range t.Checks {
		r := &t.Checks[i]
		if r.Off != "" {
			continue
		}
		run, err := c.runCheck(ctx, keepalived.ID, r.request)
		if err != nil {
			return fmt.Errorf("run %s on %s: %w", r.Name, t.Node, err)
		}
		*into(r) = &run
	}
	return nil
}

func (c checking) runCheck(ctx context.Context, id string, r agentapi.CheckRequest) (agentapi.CheckRun, error) {
	var run agentapi.CheckRun
	request, err := json.Marshal(r)
	if err != nil {
		return run, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkExec+time.Duration(r.TimeoutMs*float64(time.Millisecond)))
	defer cancel()
	err = lab.AskAgent(ctx, c.s.engine, id, &run, agentapi.CommandCheck, string(request))
	return run, err
}
