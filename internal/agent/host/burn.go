package host

import (
	"context"
	"flag"
	"io"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/fault"
	"halab/internal/slice"
)

// Burn keeps processors busy: `burn --for TIME N` runs N loops until the
// time is over or it is asked to end.
func Burn(ctx context.Context, args []string, _ command.Output) error {
	flags := flag.NewFlagSet("burn", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	length := flags.Duration("for", time.Minute, "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return command.Usagef("burn [--for TIME] N")
	}
	loops, err := strconv.Atoi(flags.Arg(0))
	if err != nil || loops < 1 || loops > fault.MaxBurn {
		return command.Usagef("burn: N is 1 to %d, not %q", fault.MaxBurn, flags.Arg(0))
	}
	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	// A loop with a real-time policy would stop the machine.
	if err := slice.Ordinary(); err != nil {
		return err
	}
	// Every loop is a thread of its own for the kernel's scheduler.
	runtime.GOMAXPROCS(loops + 1)
	var over atomic.Bool
	var all sync.WaitGroup
	for range loops {
		all.Go(func() {
			for !over.Load() {
			}
		})
	}
	<-ctx.Done()
	over.Store(true)
	all.Wait()
	return nil
}
