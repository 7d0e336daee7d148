package fault

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/crashpoint"
	"halab/internal/problem"
)

// Run is `halab agent fault`.
func Run(ctx context.Context, args []string, in io.Reader, out command.Output) error {
	if len(args) > 0 && args[0] == commandBurnFault {
		return runFaultBurn(ctx, args[1:])
	}
	site := ThisNode()
	var reply agentapi.FaultReply
	var err error
	switch {
	case len(args) == 2 && args[0] == "apply":
		reply, err = runApply(site, []byte(args[1]), in, out.Answer)
	case len(args) == 2 && args[0] == "undo":
		reply, err = site.Undo(args[1])
	case len(args) == 1 && args[0] == "list":
		reply.Faults, err = listFaults(site)
	case len(args) == 1 && args[0] == "announce":
		err = announceHeld(site)
	default:
		return command.Usagef("fault apply JSON | undo ID|all | list | announce")
	}
	if err != nil {
		reply.Problem = problem.From(err)
	}
	return errors.Join(err, json.NewEncoder(out.Answer).Encode(reply))
}

func listFaults(s Site) ([]agentapi.Fault, error) {
	records, err := s.store().records()
	list := make([]agentapi.Fault, len(records))
	for i, r := range records {
		list[i] = Short(r)
	}
	return list, err
}

func runApply(s Site, request []byte, in io.Reader, out io.Writer) (agentapi.FaultReply, error) {
	r, err := parseRecord(request)
	if err != nil {
		return agentapi.FaultReply{}, err
	}
	return applyFault(s, r.FaultRequest, func() error { return awaitGo(in, out) })
}

// awaitGo says that the undo is recorded and waits for the word to go on. The
// end of the input is halab's death.
func awaitGo(in io.Reader, out io.Writer) error {
	if _, err := fmt.Fprintln(out, agentapi.FaultReady); err != nil {
		return err
	}
	type answer struct {
		line string
		err  error
	}
	said := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(in, 64)).ReadString('\n')
		said <- answer{strings.TrimSpace(line), err}
	}()
	patience := time.NewTimer(consentLimit)
	defer patience.Stop()
	select {
	case a := <-said:
		if a.line == agentapi.FaultGo {
			return nil
		}
		return errors.Join(fmt.Errorf("nothing was changed: the word was %q, not %q", a.line, agentapi.FaultGo), a.err)
	case <-patience.C:
		return fmt.Errorf("nothing was changed: nobody said %s within %s", agentapi.FaultGo, consentLimit)
	}
}

// consentLimit bounds the wait for the word to go on, during which no other
// fault is applied or undone.
const consentLimit = 5 * time.Second

// applyFault records the undo of a fault, waits for consent, applies it and
// sees that its effect is there. What fails is undone.
func applyFault(s Site, request agentapi.FaultRequest, consent func() error) (agentapi.FaultReply, error) {
	var reply agentapi.FaultReply
	f, err := lookup(request.Fault)
	if err != nil {
		return reply, err
	}
	store := s.store()
	unlock, err := store.lock()
	if err != nil {
		return reply, err
	}
	defer unlock()
	if err := clash(store, f, request); err != nil {
		return reply, err
	}
	r := newRecord(request)
	if f.prepare != nil {
		if err := f.prepare(s, &r); err != nil {
			return reply, err
		}
	}
	if err := store.begin(r); err != nil {
		return reply, err
	}
	crashpoint.At(crashpoint.Recorded)
	if err := consent(); err != nil {
		return reply, errors.Join(err, store.forget(r.ID))
	}
	crashpoint.At(crashpoint.Agreed)
	err = f.apply(s, r)
	reply.Mono = machine.Monotonic()
	crashpoint.At(crashpoint.Applied)
	if err == nil {
		err = f.there(s, r)
	}
	crashpoint.At(crashpoint.Verified)
	if err == nil {
		err = store.done(r)
	}
	crashpoint.At(crashpoint.Noted)
	if err != nil {
		return reply, errors.Join(fmt.Errorf("%s: %w", f.name, err), undoOne(s, r))
	}
	reply.Faults = []agentapi.Fault{Short(r)}
	return reply, nil
}

func newRecord(request agentapi.FaultRequest) agentapi.FaultRecord {
	r := agentapi.FaultRecord{FaultRequest: request, Since: time.Now().UTC(), Mono: machine.Monotonic()}
	if request.For > 0 {
		until := r.Since.Add(request.For)
		r.Until = &until
	}
	return r
}

// clash refuses a fault that needs what another one has.
func clash(store recordStore, f applier, request agentapi.FaultRequest) error {
	records, err := store.records()
	if err != nil {
		return err
	}
	for _, r := range records {
		other, err := lookup(r.Fault)
		if err != nil {
			return err
		}
		same := f.name == other.name && f.name != agentapi.FaultHang &&
			(f.name != agentapi.FaultPartition || slices.Equal(r.Words, request.Words)) ||
			f.name == agentapi.FaultHang && f.name == other.name && r.Service == request.Service
		switch {
		case r.ID == request.ID || same:
			return fmt.Errorf("%s is there already, since %s", strings.Join(append([]string{r.Fault}, r.Words...), " "),
				r.Since.Format(time.TimeOnly))
		case f.needs != "" && f.needs == other.needs:
			return fmt.Errorf("%s and %s can't be there at once: both need the %s", f.name, other.name, f.needs)
		}
	}
	return nil
}

// Undo undoes one fault, or all, the newest first.
func (s Site) Undo(id string) (agentapi.FaultReply, error) {
	var reply agentapi.FaultReply
	store := s.store()
	unlock, err := store.lock()
	if err != nil {
		return reply, err
	}
	defer unlock()
	records, err := store.records()
	failed := []error{err}
	for _, r := range slices.Backward(records) {
		if id != "all" && id != r.ID {
			continue
		}
		if err := undoOne(s, r); err != nil {
			failed = append(failed, fmt.Errorf("undo %s: %w", r.Fault, err))
			continue
		}
		reply.Undone = append(reply.Undone, Short(r))
	}
	return reply, errors.Join(failed...)
}

// Bounds of an undo's wait for its effect: the kernel ends processes and
// brings links up in its own time.
const (
	goneLimit = 3 * time.Second
	gonePoll  = 5 * time.Millisecond
)

// undoOne undoes a fault, sees that nothing is left, and forgets it.
func undoOne(s Site, r agentapi.FaultRecord) error {
	f, err := lookup(r.Fault)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(goneLimit)
	for {
		if err = f.undo(s, r); err == nil {
			if err = f.gone(s, r); err == nil {
				return s.store().forget(r.ID)
			}
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(gonePoll)
	}
}
