package agent

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// process is a line of the node's process table.
type process struct {
	pid, parent int
	state       byte   // as in proc(5); Z is a zombie
	name        string // comm
	args        []string
}

// processes reads the process table of this PID namespace.
func processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		p, ok := parseStat(stat)
		if !ok || p.state == 'Z' || p.state == 'X' {
			continue
		}
		p.pid = pid
		if line, err := os.ReadFile("/proc/" + entry.Name() + "/cmdline"); err == nil {
			p.args = strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
		}
		all = append(all, p)
	}
	return all, nil
}

// parseStat reads `PID (NAME) STATE PARENT …`; a name may have spaces and
// parentheses in it.
func parseStat(stat []byte) (process, bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 2 || len(fields[0]) != 1 {
		return process{}, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return process{}, false
	}
	return process{parent: parent, state: fields[0][0], name: string(stat[open+1 : end])}, true
}

// stopped says whether the process is stopped, or is held by an engine's freezer
// and stops before it does anything more.
func (p process) stopped() bool {
	return p.state != 'R' && p.stopping()
}

// stopping says whether SIGSTOP keeps the process or is about to: where a freezer
// holds it, the signal stays pending (proc(5), SigPnd and ShdPnd) until the
// freezer lets go.
func (p process) stopping() bool {
	if p.state == 'T' {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	return err == nil && stopPending(status)
}

// stopPending reads a process's status.
func stopPending(status []byte) bool {
	for line := range bytes.Lines(status) {
		name, mask, _ := bytes.Cut(line, []byte(":"))
		if !slices.Contains([]string{"SigPnd", "ShdPnd"}, string(name)) {
			continue
		}
		pending, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
		if err == nil && pending&(1<<(unix.SIGSTOP-1)) != 0 {
			return true
		}
	}
	return false
}

// is says whether the process runs a service's daemon.
func (p process) is(service topology.Service) bool {
	switch service {
	case topology.ServiceHAProxy:
		return p.name == "haproxy" && !p.only("-v", "-c")
	case topology.ServiceKeepalived:
		return p.name == "keepalived" && !p.only("-v", "-t")
	case topology.ServiceApp:
		// A Python program: its interpreter comes first.
		for _, arg := range p.args[:min(len(p.args), 4)] {
			if path.Base(arg) == "gunicorn" {
				return true
			}
		}
		return p.name == "gunicorn"
	}
	return false
}

// only says whether the process was started with a flag that makes it answer a
// question instead of working.
func (p process) only(flags ...string) bool {
	return len(p.args) > 1 && slices.Contains(flags, p.args[1])
}

// supervises says whether the process is halab's own supervisor of a service.
func (p process) supervises(service topology.Service) bool {
	return len(p.args) >= 3 && path.Base(p.args[0]) == path.Base(agentapi.BinaryPath) &&
		p.args[1] == "agent" && p.args[2] == string(service)
}

// daemon finds the process that a service stands and falls with: the one whose
// parent is not of the same service. A child that outlived its parent is a
// child of process 1; that is a remainder, not the service.
func daemon(all []process, service topology.Service) (pid int, ok bool) {
	of := map[int]bool{}
	for _, p := range all {
		if p.is(service) {
			of[p.pid] = true
		}
	}
	for _, p := range all {
		if of[p.pid] && !of[p.parent] && p.parent != 1 {
			return p.pid, true
		}
	}
	return 0, false
}
