package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// cpuGroups is where a kernel with control groups of version 1 has them.
const cpuGroups = "/sys/fs/cgroup/cpu"

// realtime is the budget of one kind of part, in microseconds a second.
type realtime struct {
	service string
	us      int64
	words   string // what such a part is called
}

// realtimes lists the budgets in the order in which they are given where not all
// can be had. A keepalived that is late costs a failover without a reason, a late
// process 1 a HAProxy that hangs and is not noticed at once, a late client only
// the sharpness of what a drill measures.
//
// A part that uses up its budget stands still for the rest of the second, so
// none is smaller than what its part was seen to use, and all of a lab of four
// nodes, 680 ms, fit into the 950 ms that the kernel gives by default. In a lab at
// rest, on two cores, a keepalived was seen to use 8 to 20 ms a second, a third of
// its budget at the most, and process 1 of a node 47 to 53: 60 is not much more.
func realtimes() []realtime {
	return []realtime{
		{string(topology.ServiceKeepalived), 60_000, "keepalived"},
		{string(topology.ServiceNode), 60_000, "process 1 of a node"},
		{"client", 200_000, "the client"},
	}
}

// grantRealtime gives the parts of a lab their real-time budgets, where the
// kernel wants groups to have budgets (CONFIG_RT_GROUP_SCHED), as far as there
// are any. Elsewhere the parts run with their CPU shares, or need no budget.
func (m making) grantRealtime(ctx context.Context, p *prepared, specs []engine.ContainerSpec) {
	if !p.facts.Local || p.facts.Engine.RootCgroup == "" {
		return
	}
	own, err := m.s.lab.Containers(ctx)
	if err != nil {
		return // up will say what is wrong with the engine
	}
	var ids []string
	for _, c := range own {
		ids = append(ids, c.ID)
	}
	left, total, found := realtimeLeft(cpuGroups, ids)
	if !found {
		return
	}
	a := allot(specs, left)
	for i, us := range a.given {
		specs[i].RealtimeUs, specs[i].CgroupParent = us, p.facts.Engine.RootCgroup
	}
	if text := a.shortage(left, total); text != "" {
		m.s.emit.Info("", text)
	}
}

// allotment says which parts of a lab get a budget.
type allotment struct {
	given   map[int]int64 // index of the spec -> µs a second
	wanted  int64         // what all of them ask for
	without map[string]int
}

// allot gives out what is left, to one part after the other. A budget is not
// made smaller for that: a part that used it up would stand still.
func allot(specs []engine.ContainerSpec, left int64) allotment {
	a := allotment{given: map[int]int64{}, without: map[string]int{}}
	for _, r := range realtimes() {
		for i, spec := range specs {
			// What is on a host of its own has no budget: how much is left there
			// can't be seen from here.
			if spec.Endpoint != "" || spec.Labels[engine.LabelService] != r.service {
				continue
			}
			a.wanted += r.us
			if r.us > left {
				a.without[r.service]++
				continue
			}
			left -= r.us
			a.given[i] = r.us
		}
	}
	return a
}

// shortage says which parts have no budget and why, "" where all have one.
func (a allotment) shortage(left, total int64) string {
	var parts []string
	for _, r := range realtimes() {
		if n := a.without[r.service]; n == 1 {
			parts = append(parts, r.words)
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, r.words))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	why := fmt.Sprintf("this lab asks for %d ms of real-time a second, and the kernel gives %d to all (cpu.rt_runtime_us)", a.wanted/1000, total/1000)
	if a.wanted <= total {
		why = fmt.Sprintf("this lab asks for %d ms of real-time a second, and %d of the kernel's %d are left; another lab has the rest", a.wanted/1000, max(0, left)/1000, total/1000)
	}
	return why + ". Without a budget: " + strings.Join(parts, ", ") + "; under heavy load these may be late, and a late keepalived or process 1 moves a VIP without a reason"
}

// realtimeLeft is what the groups below root may still be given of the total, in
// microseconds a second; those of the lab's own containers count as free. It is
// not found where the kernel has no such budgets.
func realtimeLeft(root string, own []string) (left, total int64, found bool) {
	total, ok := readNumber(filepath.Join(root, "cpu.rt_runtime_us"))
	if !ok {
		return 0, 0, false
	}
	groups, err := os.ReadDir(root)
	if err != nil {
		return 0, 0, false
	}
	left = total
	for _, g := range groups {
		if !g.IsDir() || slices.Contains(own, g.Name()) {
			continue
		}
		if used, ok := readNumber(filepath.Join(root, g.Name(), "cpu.rt_runtime_us")); ok {
			left -= max(0, used)
		}
	}
	return left, total, true
}

func readNumber(path string) (int64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
