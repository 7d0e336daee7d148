package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errUnread ends what nobody reads any more.
var errUnread = errors.New("nobody reads it any more")

// unread is the error of work that went on while somebody read.
func unread(ctx context.Context, err error) error {
	if context.Cause(ctx) == errUnread {
		return nil
	}
	return err
}

// unreadEvery is how often a stream's reader is looked for.
const unreadEvery = 500 * time.Millisecond

// whileRead is a context that ends when nobody can read what is written. Of
// `halab logs -f | head -1` head ends after a line; without this halab would go on
// until the next line, which a calm lab never writes.
func whileRead(ctx context.Context, w io.Writer) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	if f, ok := w.(*os.File); ok {
		go func() {
			for ctx.Err() == nil {
				// A pipe without a reader is POLLERR (poll(2)), a socket POLLHUP.
				fds := []unix.PollFd{{Fd: int32(f.Fd())}}
				n, err := unix.Poll(fds, int(unreadEvery/time.Millisecond))
				if err == nil && n > 0 {
					end(errUnread)
				}
			}
		}()
	}
	return ctx, func() { end(nil) }
}
