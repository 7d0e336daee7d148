package agent

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"halab/internal/agent/fault"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// faultWatch is what process 1 does about faults: it tells of them, ends them
// when their time is over, and falls silent while its node is frozen.
type faultWatch struct {
	site   fault.Site
	node   *node
	known  map[string]agentapi.FaultRecord
	silent atomic.Bool
	told   bool // a failure was reported
}

const (
	// faultPoll is the time between two looks at the records where the kernel
	// tells of no change, and until a failed undo is tried again.
	faultPoll = time.Second
	// thawTime is how long HAProxy may take to give a sign of life after a
	// freeze; until then keepalived hears nothing, as from a machine that goes on
	// where it was.
	thawTime = 2 * agentapi.SignDeadline
)

// run follows the records until ctx ends.
func (w *faultWatch) run(ctx context.Context) {
	changed := make(chan struct{}, 1)
	go w.follow(ctx, changed)
	for ctx.Err() == nil {
		wait := time.NewTimer(w.look(time.Now()))
		select {
		case <-ctx.Done():
		case <-changed:
		case <-wait.C:
		}
		wait.Stop()
	}
}

// follow says when a record comes or goes (inotify(7)).
func (w *faultWatch) follow(ctx context.Context, changed chan<- struct{}) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == nil {
		_, err = unix.InotifyAddWatch(fd, w.site.Folder(), unix.IN_MOVED_TO|unix.IN_DELETE)
	}
	if err != nil {
		w.node.recorder.fail("faults are noticed late: %v", err)
		return
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer context.AfterFunc(ctx, func() { _ = events.Close() })()
	defer events.Close()
	buffer := make([]byte, 16<<10)
	for {
		if _, err := events.Read(buffer); err != nil {
			return
		}
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}

// look compares the records with what is known, ends what has expired, and
// returns when to look again at the latest.
func (w *faultWatch) look(at time.Time) time.Duration {
	records, err := w.site.Records()
	w.complain(err)
	next := faultPoll
	here := map[string]agentapi.FaultRecord{}
	for _, r := range records {
		here[r.ID] = r
	}
	w.hush(records)
	w.tell(records, here)
	for _, r := range records {
		if r.Until == nil {
			continue
		}
		left := r.Until.Sub(at)
		if left <= 0 {
			// Also one whose agent died while it was applied, and so was never noted as
			// there. One that is being applied holds the lock, and is undone after it.
			_, err := w.site.Undo(r.ID)
			w.complain(err)
			if err == nil {
				return 0
			}
			continue
		}
		next = min(next, max(left, time.Millisecond))
	}
	return next
}

// complain reports a failure once.
func (w *faultWatch) complain(err error) {
	if err != nil && !w.told {
		w.node.recorder.fail("faults: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	w.told = err != nil
}

// hush makes process 1 silent while the node is frozen.
func (w *faultWatch) hush(records []agentapi.FaultRecord) {
	frozen := false
	for _, r := range records {
		frozen = frozen || r.Fault == agentapi.FaultFreeze
	}
	if was := w.silent.Swap(frozen); was && !frozen {
		time.AfterFunc(thawTime, w.node.syncFault)
	}
}

// tell notes what was applied and what was undone.
func (w *faultWatch) tell(records []agentapi.FaultRecord, here map[string]agentapi.FaultRecord) {
	list := make([]agentapi.Fault, len(records))
	for i, r := range records {
		list[i] = fault.Short(r)
	}
	for _, r := range records {
		if old, known := w.known[r.ID]; known && old.Active == r.Active {
			continue
		}
		to := "begins"
		if r.Active {
			to = "applied"
		}
		w.note(r, to, list)
	}
	for id, r := range w.known {
		if _, still := here[id]; !still {
			w.note(r, "undone", list)
		}
	}
	w.known = here
}

func (w *faultWatch) note(r agentapi.FaultRecord, to string, list []agentapi.Fault) {
	e := agentapi.Event{Name: agentapi.EventFault, To: to, Detail: faultWords(r)}
	w.node.recorder.note(now(), e, func(s *agentapi.State, _ *agentapi.Event) bool {
		s.Faults = list
		return true
	})
}

// faultWords is a fault as a person names it.
func faultWords(r agentapi.FaultRecord) string {
	words := append([]string{r.Fault}, r.Words...)
	if r.Service != "" {
		words = append(words, "of", r.Service)
	}
	return strings.Join(words, " ")
}

// quiet says whether the node is frozen.
func (w *faultWatch) quiet() bool { return w != nil && w.silent.Load() }
