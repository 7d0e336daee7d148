package agent

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

// maxInFlight bounds the requests that wait for an answer. One that is due
// beyond it is answered with an error at once, and so stays visible.
const maxInFlight = 256

// runGet makes requests at fixed moments, none of which waits for the one
// before, and prints what came back as JSON lines.
func runGet(ctx context.Context, args []string, out command.Output) error {
	flags := newFlags(agentapi.CommandGet)
	interval := flags.Duration("interval", 100*time.Millisecond, "")
	count := flags.Int("count", 1, "")
	timeout := flags.Duration("timeout", 2*time.Second, "")
	if err := parseFlags(flags, args, 1); err != nil {
		return err
	}
	if err := checkURL(flags.Arg(0)); err != nil {
		return err
	}
	if *interval < time.Millisecond || *timeout <= 0 || *count < 0 {
		return command.Usagef("get: an interval is at least 1ms, a timeout is positive, a count is not negative")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if *count == 0 {
		endWithInput(os.Stdin, cancel)
	}
	g := getter{url: flags.Arg(0), timeout: *timeout, out: json.NewEncoder(out.Answer), cancel: cancel}
	g.out.SetEscapeHTML(false)
	return g.run(ctx, *interval, *count)
}

// endWithInput calls cancel when standard input ends, where it is one that
// somebody holds open: whoever started the command is gone then. /dev/null,
// which is what a command gets that nobody talks to, says nothing.
func endWithInput(input *os.File, cancel func()) {
	info, err := input.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, input)
		cancel()
	}()
}

// getter prints responses as they come.
type getter struct {
	url     string
	timeout time.Duration
	cancel  func()

	mu  sync.Mutex
	out *json.Encoder
	err error
}

func (g *getter) run(ctx context.Context, interval time.Duration, count int) error {
	client := newClient(g.timeout)
	slots := make(chan struct{}, maxInFlight)
	var waiting sync.WaitGroup
	begin := time.Now()
	for i := 0; count == 0 || i < count; i++ {
		due := begin.Add(time.Duration(i) * interval)
		machine.Pause(ctx, time.Until(due))
		if ctx.Err() != nil {
			break
		}
		select {
		case slots <- struct{}{}:
		default:
			g.print(agentapi.Response{Due: due, Sent: due, Done: time.Now(), Error: "not sent: too many requests wait for an answer"})
			continue
		}
		waiting.Go(func() {
			defer func() { <-slots }()
			// An end of the command does not cut off what is on its way: a cut
			// would look like a failure of the lab. The timeout bounds it.
			g.print(request(context.WithoutCancel(ctx), client, g.url, due))
		})
	}
	waiting.Wait()
	return g.err
}

// print writes one line. When nobody reads any more, the command ends.
func (g *getter) print(r agentapi.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.out.Encode(r); err != nil && g.err == nil {
		g.err = err
		g.cancel()
	}
}
