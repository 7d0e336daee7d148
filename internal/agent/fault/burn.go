package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// commandBurnFault is the process that a fault of load consists of: `fault burn
// ID cpu N` or `fault burn ID memory BYTES`. It ends by itself when its record
// has gone.
const commandBurnFault = "burn"

// MaxBurn bounds the number of busy loops.
const MaxBurn = 1024

// burnCPU keeps processors busy.
func burnCPU() applier {
	return burnFault(agentapi.FaultCPU, func(r agentapi.FaultRecord) string { return strconv.Itoa(r.Count) },
		func(r agentapi.FaultRecord) error {
			if r.Count < 1 || r.Count > MaxBurn {
				return fmt.Errorf("1 to %d busy loops, not %d", MaxBurn, r.Count)
			}
			return nil
		})
}

// fillMemory takes memory, at most half of what the host has left.
func fillMemory() applier {
	return burnFault(agentapi.FaultMemory, func(r agentapi.FaultRecord) string { return strconv.FormatInt(r.Bytes, 10) },
		func(r agentapi.FaultRecord) error {
			left, err := memoryLeft()
			if err != nil {
				return err
			}
			if r.Bytes < 1 || r.Bytes > left/2 {
				return fmt.Errorf("%d MB is more than half of the %d MB that the engine's host has left", r.Bytes>>20, left>>20)
			}
			return nil
		})
}

// burnFault is a process of its own.
func burnFault(name string, size func(agentapi.FaultRecord) string, check func(agentapi.FaultRecord) error) applier {
	return applier{
		name:    name,
		prepare: func(_ Site, r *agentapi.FaultRecord) error { return check(*r) },
		apply: func(s Site, r agentapi.FaultRecord) error {
			return startBurn(s, r.ID, strings.Fields(name)[0], size(r))
		},
		there: func(_ Site, r agentapi.FaultRecord) error {
			pids, err := burners(r.ID)
			if err == nil && len(pids) == 0 {
				err = errors.New("its process has ended")
			}
			return err
		},
		undo: func(_ Site, r agentapi.FaultRecord) error {
			list, err := burners(r.ID)
			return errors.Join(err, signalAll(list, unix.SIGKILL))
		},
		gone: func(_ Site, r agentapi.FaultRecord) error {
			list, err := burners(r.ID)
			if err == nil && len(list) > 0 {
				err = fmt.Errorf("process %d is still there", list[0].PID)
			}
			return err
		},
	}
}

// startBurn starts the process and waits until it says that it is at work. It
// has a session of its own and outlives this one.
func startBurn(s Site, id, what, size string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command(self, "agent", agentapi.CommandFault, commandBurnFault, id, what, size, s.store().dir)
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		return err
	}
	_ = r.SetReadDeadline(time.Now().Add(burnStart))
	said := make([]byte, 256)
	n, err := r.Read(said)
	if text := strings.TrimSpace(string(said[:n])); text != agentapi.FaultReady {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
		return errors.Join(fmt.Errorf("its process did not get to work: %s", text), err)
	}
	return cmd.Process.Release()
}

// burnStart bounds how long the process may take to be at work: memory must be
// touched page by page.
const burnStart = 30 * time.Second

// burners finds the processes of a fault by their arguments.
func burners(id string) ([]machine.Process, error) {
	all, err := machine.Processes()
	var list []machine.Process
	for _, p := range all {
		if len(p.Args) >= 5 && p.Args[1] == "agent" && p.Args[2] == agentapi.CommandFault && p.Args[3] == commandBurnFault && p.Args[4] == id {
			list = append(list, p)
		}
	}
	return list, err
}

// runFaultBurn is that process.
func runFaultBurn(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return command.Usagef("fault burn ID cpu|memory SIZE FOLDER")
	}
	id, what, folder := args[0], args[1], args[3]
	size, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil || size < 1 {
		return command.Usagef("fault burn: %q is no size", args[2])
	}
	// The first to go where memory runs out.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for recorded(folder, id) {
			machine.Pause(ctx, time.Second)
		}
		cancel()
	}()
	told := os.NewFile(3, "told")
	say := func() {
		if told != nil {
			fmt.Fprintln(told, agentapi.FaultReady)
			_ = told.Close()
		}
	}
	if what == agentapi.FaultCPU {
		loops := int(min(size, MaxBurn))
		runtime.GOMAXPROCS(loops + 1)
		for i := range loops {
			go burn(ctx, busyShare(loops, runtime.NumCPU()), float64(i)/float64(loops))
		}
		say()
		<-ctx.Done()
		return nil
	}
	memory, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		fmt.Fprintln(told, err)
		return err
	}
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	say()
	<-ctx.Done()
	return unix.Munmap(memory)
}

// The loops run in the node's control group, and so with its weight: before all
// other work on the machine, halab and the engine included. A process can't leave
// its container's group, and within the group no policy of its own (nice,
// SCHED_IDLE) makes the group lighter. So they rest for a part of the time,
// which is all that the rest of the machine gets.
const (
	burnPeriod = 100 * time.Millisecond
	burnShare  = 0.75 // of all processors, for all loops together
)

// busyShare is the part of each period for which one of n loops is busy.
func busyShare(n, processors int) float64 {
	return burnShare * min(1, float64(processors)/float64(n))
}

// burn is one loop. Loops begin at different phases of the period: together they
// would rest together.
func burn(ctx context.Context, share, phase float64) {
	busy := time.Duration(share * float64(burnPeriod))
	next := time.Now().Add(time.Duration(phase * float64(burnPeriod)))
	for ctx.Err() == nil {
		machine.Pause(ctx, time.Until(next))
		begin := time.Now()
		for time.Since(begin) < busy {
		}
		next = begin.Add(burnPeriod) // a loop that came late shifts its phase
	}
}

// recorded says whether a fault still has a record. One that is being applied gets
// another name when it is: the old name is looked for first, so that a change
// between the two looks hides neither.
func recorded(folder, id string) bool {
	for _, suffix := range []string{applyingSuffix, recordSuffix} {
		if _, err := os.Lstat(filepath.Join(folder, id+suffix)); err == nil {
			return true
		}
	}
	return false
}

// memoryLeft is what the host could give (proc(5), MemAvailable).
func memoryLeft() (int64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "MemAvailable:" {
			kb, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("/proc/meminfo has no MemAvailable")
}
