package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"halab/internal/fault"
	"halab/internal/topology"
	"halab/internal/ui"
)

// A container that has ended can't wake itself, and the agent of a node may use
// no engine. The end of a stop, kill, crash or shutdown with --for is therefore
// kept by a process of its own on the machine that halab was called on: it is
// in a session of its own, so that neither a signal nor a closed terminal nor
// the end of halab ends it. It lives at most as long as the fault, and ends
// early when somebody has mended or removed what it waits for.

// startEnd starts that process. It is there before the fault is.
func (s *session) startEnd(nodes []string, o fault.Order) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args, err := s.in.again()
	if err != nil {
		return err
	}
	until := time.Now().Add(o.For).Format(time.RFC3339Nano)
	args = append(args, "__end", until, string(o.Service))
	cmd := exec.Command(self, append(args, nodes...)...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("nothing was broken: its end can't be kept: %w", err)
	}
	return cmd.Process.Release()
}

// endSpec is that process.
func (p *program) endSpec() spec {
	return spec{
		name: "__end", summary: "ends a fault when its time is over", hidden: true,
		args:     []arg{{name: "UNTIL"}, {name: "SERVICE", kind: aService}, {name: "NODE", kind: aNode, many: true}},
		about:    "Started by halab fail --for.",
		examples: []string{"halab __end 2024-01-01T00:00:00Z haproxy frontend-01"},
		run:      p.end,
	}
}

func (p *program) end(ctx context.Context, in *input) error {
	until, err := time.Parse(time.RFC3339Nano, in.arg(0))
	if err != nil || time.Until(until) > 2*time.Hour {
		return usage("%q is no time within the next hours", in.arg(0))
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	defer s.close()
	return s.EndFault(ctx, until, topology.Service(in.arg(1)), in.args[2:])
}

// failAbout is the help of fail, from the catalogue.
func failAbout() string {
	var b strings.Builder
	b.WriteString(`
Breaks one service of a node, of the node that holds a VIP now, or of all nodes
of a cluster; or does a fault to the node itself. Says what it did, to which
node, and who holds the VIP afterwards. "halab restore" undoes it, and "halab
faults" lists what is broken.

What can be done to a SERVICE, by --how:`)
	for _, k := range fault.Catalogue() {
		if slices.Contains(fault.Hows(), k.Name) {
			head := ui.Pad("   "+k.Name, 13)
			for _, line := range ui.Wrap(k.Summary, helpWidth-13) {
				b.WriteString("\n" + head + line)
				head = ui.Pad("", 13)
			}
		}
	}
	b.WriteString("\n\nA FAULT is one of:\n")
	for _, k := range fault.Catalogue() {
		if !slices.Contains(fault.Hows(), k.Name) {
			fmt.Fprintf(&b, "   %s\n", k.Usage())
			for _, line := range ui.Wrap(k.Summary, helpWidth-6) {
				b.WriteString("      " + line + "\n")
			}
		}
	}
	return strings.TrimSpace(b.String())
}
