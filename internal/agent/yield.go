package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/slice"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// When a node steps down. Process 1 and keepalived go before all other work of
// the machine, by a real-time policy and by their groups' weight. On an ordinary
// machine they take a few hundredths of a core together. On an emulated one,
// twenty times slower, four nodes took more than there was, and the engine never
// ran again. Where all of the lab may use a tenth of a core, nobody can take much:
// everybody stands still for 90 of every 100 ms, and a backup that hears no advert
// for 20 becomes master ten times a second. So a node steps down whose process 1
// and keepalived take more than shareLimit of a core, or whose process 1 wakes late
// from more than lateShare of its waits, for shareLooks looks in a row: it gives the
// policy back, and everything that is paced takes agentapi.SlowTimes as long.
const (
	shareEvery = 2 * time.Second
	shareLimit = 0.2
	lateShare  = 0.1
	shareLooks = 3
)

// yielding is whether a node has stepped down.
type yielding struct {
	in     render.Input
	files  [2]paced
	flag   string               // agentapi.SlowFile
	taken  func() time.Duration // processor time of process 1 and keepalived, in all
	late   func() float64       // share of late waits since it was asked last
	tell   func(agentapi.Event) // what is new
	slower func()               // makes process 1 do less
	all    func() ([]machine.Process, error)

	over int
	down bool
}

// paced is a daemon whose file says how often it does something.
type paced struct {
	path   string
	render func(render.Input, render.Version) (string, error)
	reads  func(all []machine.Process) (pid int, ok bool) // who reads the file again
	signal unix.Signal                                    // when it is sent this
}

// pacedDaemons are both. keepalived reads its file anew and keeps the VIP
// (keepalived(8), SIGHUP); HAProxy's supervisor knows how HAProxy does.
func pacedDaemons() [2]paced {
	return [2]paced{
		{agentapi.KeepalivedConfig, render.Keepalived, keepalivedOf, unix.SIGHUP},
		{agentapi.HAProxyConfig, render.HAProxy, haproxySupervisor, unix.SIGUSR2},
	}
}

func keepalivedOf(all []machine.Process) (pid int, ok bool) {
	return machine.Daemon(all, topology.ServiceKeepalived)
}

func haproxySupervisor(all []machine.Process) (pid int, ok bool) {
	at := slices.IndexFunc(all, func(p machine.Process) bool { return p.Supervises(topology.ServiceHAProxy) })
	if at < 0 {
		return 0, false
	}
	return all[at].PID, true
}

// steppedDown says whether this node has stepped down already.
func steppedDown() bool {
	_, err := os.Stat(agentapi.SlowFile)
	return err == nil
}

// watchShare looks at what the node takes and how late it is, and steps down for
// good where it is too much.
func (n *node) watchShare(ctx context.Context, in render.Input) {
	y := &yielding{
		in: in, files: pacedDaemons(), flag: agentapi.SlowFile, all: machine.Processes,
		taken: takenByNode, late: n.signs.waits.share,
		slower: func() { n.signs.slower.Store(agentapi.SlowTimes) },
		tell: func(e agentapi.Event) {
			n.recorder.note(now(), e, func(s *agentapi.State, _ *agentapi.Event) bool {
				s.Slow = e.Detail
				return true
			})
		},
	}
	last, at := y.taken(), time.Now()
	for ctx.Err() == nil {
		machine.Pause(ctx, shareEvery)
		taken, now := y.taken(), time.Now()
		y.look(float64(taken-last)/float64(now.Sub(at)), y.late())
		last, at = taken, now
	}
}

// look judges the share of a core that was taken since the last look, and the
// share of waits that were late. A node that has stepped down stays so: what it
// takes then says nothing about what it would take otherwise. A keepalived that
// starts anew has its policy again, and may have read its file before the node
// stepped down, so all is looked at each time.
func (y *yielding) look(share, late float64) {
	if share > shareLimit || late > lateShare {
		y.over++
	} else {
		y.over = 0
	}
	if y.over < shareLooks && !y.down {
		return
	}
	first := !y.down
	y.down = true
	y.slower()
	own, err := y.stepDown()
	if first {
		detail := fmt.Sprintf("this machine is too slow: adverts, checks and timeouts take %d times as long", agentapi.SlowTimes)
		if len(own) > 0 {
			detail += ", but for your own " + strings.Join(own, " and ")
		}
		detail += fmt.Sprintf(" (process 1 and keepalived took %.0f %% of a core, and %.0f %% of the waits of process 1 were late)", share*100, late*100)
		if err != nil {
			detail += "; " + err.Error()
		}
		y.tell(agentapi.Event{Name: agentapi.EventSlow, Detail: detail})
	}
}

// stepDown gives back the real-time policies and has both daemons and the app do
// everything slower. A daemon that starts later, and the app, see it by the flag.
// own are the files that say what the user wants, and stay as they are.
func (y *yielding) stepDown() (own []string, err error) {
	if _, missing := os.Stat(y.flag); missing != nil {
		err = machine.ReplaceFile(y.flag, strconv.Itoa(agentapi.SlowTimes)+"\n")
	}
	err = errors.Join(err, slice.Ordinary())
	all, _ := y.all() // where they can't be read there are none
	if pid, runs := keepalivedOf(all); runs {
		for _, p := range all {
			if p.PID == pid || p.Parent == pid {
				err = errors.Join(err, slice.OrdinaryOf(p.PID))
			}
		}
	}
	for _, f := range y.files {
		ours, e := f.slow(y.in, all)
		if err = errors.Join(err, e); !ours {
			own = append(own, filepath.Base(f.path))
		}
	}
	return own, err
}

// slow has a daemon do everything slower, where its file is one of halab's. One
// that has no file yet will be told by the flag.
func (f paced) slow(in render.Input, all []machine.Process) (ours bool, err error) {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return true, nil
	}
	slower, ours := render.Slower(string(text), in, f.render)
	if !ours || slower == string(text) {
		return ours, nil
	}
	if err := machine.ReplaceFile(f.path, slower); err != nil {
		return true, err
	}
	pid, runs := f.reads(all)
	if !runs {
		return true, nil
	}
	return true, unix.Kill(pid, f.signal)
}

// takenByNode is the processor time of process 1 and of keepalived's processes.
func takenByNode() time.Duration {
	taken := takenBy(os.Getpid())
	all, _ := machine.Processes()
	for _, p := range all {
		if p.Is(topology.ServiceKeepalived) {
			taken += takenBy(p.PID)
		}
	}
	return taken
}

// ticks is how many of the kernel's units of processor time are a second for a
// program, on every architecture of Linux's but Alpha and Itanium (proc(5)).
const ticks = 100

// takenBy is the processor time of a process, from fields 14 and 15 of its line.
func takenBy(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // our daemons' names have no parentheses
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var sum time.Duration
	for _, field := range fields[11:13] {
		n, err := time.ParseDuration(field + "s")
		if err == nil {
			sum += n / ticks
		}
	}
	return sum
}
