package cli

import (
	"context"
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

// realtimeUs is the real-time budget of a part of a lab, in microseconds a
// second: several times what each was seen to use, so that none is throttled,
// and little enough that one lab fits beside the kernel's own reserve.
func realtimeUs(service string) int64 {
	switch service {
	case string(topology.ServiceKeepalived), string(topology.ServiceNode):
		return 60_000
	case "client":
		return 200_000
	}
	return 0
}

// grantRealtime gives the parts of a lab their real-time budgets, where the
// kernel wants groups to have budgets (CONFIG_RT_GROUP_SCHED) and enough is
// left. Elsewhere the parts run with their CPU shares, or need no budget.
func (s *session) grantRealtime(ctx context.Context, w *workshop, specs []engine.ContainerSpec) {
	if !w.facts.Local || w.facts.Engine.RootCgroup == "" {
		return
	}
	own, err := s.lab.Containers(ctx)
	if err != nil {
		return // up will say what is wrong with the engine
	}
	var ids []string
	for _, c := range own {
		ids = append(ids, c.ID)
	}
	left, found := realtimeLeft(cpuGroups, ids)
	if !found {
		return
	}
	var wanted int64
	for _, spec := range specs {
		wanted += budget(spec)
	}
	if wanted > left {
		s.emit.Info("", "another lab has the machine's real-time budget; under heavy load this one may fail over without a reason")
		return
	}
	for i := range specs {
		if us := budget(specs[i]); us > 0 {
			specs[i].RealtimeUs, specs[i].CgroupParent = us, w.facts.Engine.RootCgroup
		}
	}
}

// budget is that of a part on this engine. What is on a host of its own has
// none: how much is left there can't be seen from here.
func budget(spec engine.ContainerSpec) int64 {
	if spec.Endpoint != "" {
		return 0
	}
	return realtimeUs(spec.Labels[engine.LabelService])
}

// realtimeLeft is what the groups below root may still be given, in
// microseconds a second; those of the lab's own containers count as free. It is
// not found where the kernel has no such budgets.
func realtimeLeft(root string, own []string) (us int64, found bool) {
	total, ok := readNumber(filepath.Join(root, "cpu.rt_runtime_us"))
	if !ok {
		return 0, false
	}
	groups, err := os.ReadDir(root)
	if err != nil {
		return 0, false
	}
	for _, g := range groups {
		if !g.IsDir() || slices.Contains(own, g.Name()) {
			continue
		}
		if used, ok := readNumber(filepath.Join(root, g.Name(), "cpu.rt_runtime_us")); ok {
			total -= max(0, used)
		}
	}
	return total, true
}

func readNumber(path string) (int64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
