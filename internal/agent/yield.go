package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/slice"
	"halab/internal/topology"

	"golang.org/x/sys/unix"
)

// What a node may take of a processor. Process 1 and keepalived go before all
// other work of the machine, by a real-time policy and by their groups' weight.
// On an ordinary machine they take a few hundredths of a core together. On an
// emulated one, twenty times slower, four nodes took more than there was, and the
// engine never ran again. So a node that takes more than shareLimit of a core
// for shareLooks looks in a row steps down: it gives the policy back and does
// everything a fifth, keepalived a tenth as often.
const (
	shareEvery = 2 * time.Second
	shareLimit = 0.2
	shareLooks = 3
	// slowSigns is how many times longer HAProxy's sign of life takes then.
	slowSigns = 5
	// quickAdverts and slowAdverts are the lines of keepalived.conf before and
	// after. A backup takes the master's interval from its adverts (RFC 5798,
	// section 6.1, Master_Adver_Interval), so that the nodes need not step down
	// together.
	quickAdverts = "\tadvert_int 0.01\n"
	slowAdverts  = "\tadvert_int 0.1\n"
)

// yielding is whether a node has stepped down.
type yielding struct {
	config string                    // keepalived.conf as keepalived reads it
	taken  func() time.Duration      // processor time of process 1 and keepalived, in all
	tell   func(agentapi.Event)      // what is new
	slower func()                    // makes process 1 do less
	daemon func() (pid int, ok bool) // keepalived

	over int
	down bool
}

// watchShare looks at what the node takes, and steps down for good where it is
// too much.
func (n *node) watchShare(ctx context.Context) {
	y := &yielding{
		config: agentapi.KeepalivedConfig, taken: takenByNode,
		slower: func() { n.signs.slower.Store(slowSigns) },
		daemon: func() (int, bool) {
			all, _ := machine.Processes() // where they can't be read there is none
			return machine.Daemon(all, topology.ServiceKeepalived)
		},
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
		y.look(float64(taken-last) / float64(now.Sub(at)))
		last, at = taken, now
	}
}

// look judges the share of a core that was taken since the last look. A node
// that has stepped down stays so: what it takes then says nothing about what it
// would take otherwise. A keepalived that starts anew has its own file and
// policy again, so both are looked at each time.
func (y *yielding) look(share float64) {
	if share > shareLimit {
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
	adverts, err := y.stepDown()
	if first {
		does := "the real-time policy is given back"
		if adverts {
			does = "an advert every 100 ms instead of 10"
		}
		detail := fmt.Sprintf("this machine is too slow: %s (process 1 and keepalived took %.0f %% of a core)", does, share*100)
		if err != nil {
			detail += "; " + err.Error()
		}
		y.tell(agentapi.Event{Name: agentapi.EventSlow, Detail: detail})
	}
}

// stepDown gives back the real-time policies and has keepalived send a tenth of
// its adverts, where its file is one of halab's with the quick ones.
func (y *yielding) stepDown() (adverts bool, err error) {
	err = slice.Ordinary()
	pid, runs := y.daemon()
	if !runs {
		return false, err
	}
	all, _ := machine.Processes()
	for _, p := range all {
		if p.PID == pid || p.Parent == pid {
			err = errors.Join(err, slice.OrdinaryOf(p.PID))
		}
	}
	text, rerr := os.ReadFile(y.config)
	if rerr != nil || !strings.Contains(string(text), quickAdverts) {
		return false, err // a file of the user's own says what the user wants
	}
	if werr := machine.ReplaceFile(y.config, strings.Replace(string(text), quickAdverts, slowAdverts, 1)); werr != nil {
		return false, errors.Join(err, werr)
	}
	// keepalived reads its file anew and keeps the VIP (keepalived(8), SIGHUP).
	return true, errors.Join(err, unix.Kill(pid, unix.SIGHUP))
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
