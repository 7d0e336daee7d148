package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// makeFIFO makes the FIFO that keepalived reports to, unless it is there.
// keepalived removes at its end what it made itself, so that ours must come
// first: node and keepalived container both call this before keepalived starts.
func makeFIFO(path string) error {
	err := unix.Mkfifo(path, 0o600)
	if err == nil || errors.Is(err, unix.EEXIST) {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// readFIFO calls f for every line until ctx ends. The FIFO is open for writing
// too, so that it has no end when a writer leaves.
func readFIFO(ctx context.Context, path string, f func(at moment, line string)) error {
	if err := makeFIFO(path); err != nil {
		return err
	}
	fifo, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { fifo.Close() })
	defer stop()
	defer fifo.Close()
	return readLines(ctx, fifo, f)
}

func readLines(ctx context.Context, r io.Reader, f func(at moment, line string)) error {
	lines := bufio.NewReaderSize(r, 4096)
	for {
		// A line longer than the buffer is no line of keepalived's; its pieces
		// don't parse.
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			f(now(), string(line))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if ctx.Err() != nil || err == io.EOF {
				return nil
			}
			return fmt.Errorf("notify FIFO: %w", err)
		}
	}
}

// parseNotify reads `INSTANCE "frontend-00" MASTER 254`
// (keepalived.conf(5), vrrp_notify_fifo).
func parseNotify(line string) (instance, state string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 3 || fields[0] != "INSTANCE" {
		return "", "", false
	}
	switch fields[2] {
	case "MASTER", "BACKUP", "FAULT", "STOP":
		return strings.Trim(fields[1], `"`), fields[2], true
	}
	return "", "", false
}

// sayNotify writes a line into the FIFO; where nobody reads, it is lost.
func sayNotify(kind, name, state string) error {
	line := fmt.Sprintf("%s %q %s\n", kind, name, state)
	fd, err := unix.Open(agentapi.NotifyFIFO, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", agentapi.NotifyFIFO, err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(line)); err != nil {
		return fmt.Errorf("%s: %w", agentapi.NotifyFIFO, err)
	}
	return nil
}
