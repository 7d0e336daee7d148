package machine

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

// Process is a line of the node's process table.
type Process struct {
	PID, Parent int
	State       byte   // as in proc(5); Z is a zombie
	Name        string // comm
	Args        []string
}

// Processes reads the process table of this PID namespace.
func Processes() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		p, ok := ParseStat(stat)
		if !ok || p.State == 'Z' || p.State == 'X' {
			continue
		}
		p.PID = pid
		if line, err := os.ReadFile("/proc/" + entry.Name() + "/cmdline"); err == nil {
			p.Args = strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
		}
		all = append(all, p)
	}
	return all, nil
}

// ParseStat reads `PID (NAME) STATE PARENT …`; a name may have spaces and
// parentheses in it.
func ParseStat(stat []byte) (Process, bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 2 || len(fields[0]) != 1 {
		return Process{}, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return Process{}, false
	}
	return Process{Parent: parent, State: fields[0][0], Name: string(stat[open+1 : end])}, true
}

// Stopped says whether the process is stopped, or is held by an engine's freezer
// and stops before it does anything more.
func (p Process) Stopped() bool {
	return p.State != 'R' && p.Stopping()
}

// Stopping says whether SIGSTOP keeps the process or is about to: where a freezer
// holds it, the signal stays pending (proc(5), SigPnd and ShdPnd) until the
// freezer lets go.
func (p Process) Stopping() bool {
	if p.State == 'T' {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
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

// Is says whether the process runs a service's daemon.
func (p Process) Is(service topology.Service) bool {
	switch service {
	case topology.ServiceHAProxy:
		return p.Name == "haproxy" && !p.only("-v", "-c")
	case topology.ServiceKeepalived:
		return p.Name == "keepalived" && !p.only("-v", "-t")
	case topology.ServiceApp:
		// A Python program: its interpreter comes first.
		for _, arg := range p.Args[:min(len(p.Args), 4)] {
			if path.Base(arg) == "gunicorn" {
				return true
			}
		}
		return p.Name == "gunicorn"
	}
	return false
}

// only says whether the process was started with a flag that makes it answer a
// question instead of working.
func (p Process) only(flags ...string) bool {
	return len(p.Args) > 1 && slices.Contains(flags, p.Args[1])
}

// Supervises says whether the process is halab's own supervisor of a service.
func (p Process) Supervises(service topology.Service) bool {
	return len(p.Args) >= 3 && path.Base(p.Args[0]) == path.Base(agentapi.BinaryPath) &&
		p.Args[1] == "agent" && p.Args[2] == string(service)
}

// Daemon finds the process that a service stands and falls with: the one whose
// parent is not of the same service. A child that outlived its parent is a
// child of process 1; that is a remainder, not the service.
func Daemon(all []Process, service topology.Service) (pid int, ok bool) {
	of := map[int]bool{}
	for _, p := range all {
		if p.Is(service) {
			of[p.PID] = true
		}
	}
	for _, p := range all {
		if of[p.PID] && !of[p.Parent] && p.Parent != 1 {
			return p.PID, true
		}
	}
	return 0, false
}
