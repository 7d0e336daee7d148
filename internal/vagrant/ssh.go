package vagrant

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"

	"halab/internal/problem"
)

// Interface asks a machine which of its interfaces has an address, through ssh
// with the configuration that WriteSSHConfig wrote.
func Interface(ctx context.Context, config, machine string, address netip.Addr) (string, error) {
	cmd := exec.CommandContext(ctx, "ssh", "-F", config, "-n", "-T", "--", machine, "ip -o -4 address show")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", problem.New("%s can't be reached by ssh: %w: %s", machine, err, strings.TrimSpace(errs.String())).
			Cure("try it by hand", fmt.Sprintf("ssh -F %s %s", config, machine))
	}
	name := interfaceOf(out.String(), address)
	if name == "" {
		return "", problem.New("%s has no interface with %s; it has:\n%s", machine, address, strings.TrimRight(out.String(), "\n")).
			Cure("is it of this Vagrantfile, and of this subnet (HALAB_SUBNET)?")
	}
	return name, nil
}

// HangUp ends the connection to a machine that ssh keeps for whoever comes next:
// that machine is gone, and who uses the connection would wait for it. Where
// there is none, nothing is to be done.
func HangUp(ctx context.Context, config, machine string) {
	_ = exec.CommandContext(ctx, "ssh", "-F", config, "-O", "exit", "--", machine).Run()
}

// interfaceOf finds the interface with an address in what `ip -o -4 address`
// prints: "3: eth1    inet 192.168.99.11/24 brd …".
func interfaceOf(text string, address netip.Addr) string {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "inet" {
			continue
		}
		if p, err := netip.ParsePrefix(f[3]); err == nil && p.Addr() == address {
			name, _, _ := strings.Cut(f[1], "@") // a link of a pair
			return strings.TrimSuffix(name, ":")
		}
	}
	return ""
}
