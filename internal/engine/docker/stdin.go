package docker

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// closePatience is how long a reader may take to notice that it was closed.
const closePatience = time.Second

// input is a copy from a reader to a process that can be ended at any time.
type input struct {
	end  func()
	done chan struct{} // closed when the copy has ended; nil: it isn't waited for
}

// stop ends the copy, and waits for that as long as can be expected of a reader
// that is closed.
func (i *input) stop() {
	i.end()
	if i.done == nil {
		return
	}
	select {
	case <-i.done:
	case <-time.After(closePatience):
	}
}

// feed copies from to conn until from ends, and then tells the process so.
func feed(conn stream, from io.Reader) *input {
	if file, ok := from.(*os.File); ok {
		if reader, err := newFileReader(file); err == nil {
			return start(conn, reader, func() { reader.wake() }, true)
		}
	}
	if closer, ok := from.(io.Closer); ok {
		return start(conn, from, func() { _ = closer.Close() }, true)
	}
	// A plain reader can't be interrupted: its goroutine ends with the read
	// it is in, because conn is closed by then.
	return start(conn, from, func() {}, false)
}

func start(conn stream, from io.Reader, end func(), wait bool) *input {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.Copy(conn, from); err == nil {
			_ = conn.CloseWrite()
		}
		if file, ok := from.(*fileReader); ok {
			file.close()
		}
	}()
	copying := &input{end: end}
	if wait {
		copying.done = done
	}
	return copying
}

// fileReader reads from a file, such as a terminal, without ever being stuck in
// a read: it waits for the file and for a wake-up at once, so that no key meant
// for somebody else is swallowed after the end.
type fileReader struct {
	file          *os.File
	sleep, waking *os.File // the two ends of a pipe
}

func newFileReader(file *os.File) (*fileReader, error) {
	sleep, waking, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &fileReader{file: file, sleep: sleep, waking: waking}, nil
}

// wake makes the current Read, and all later ones, report the end.
func (r *fileReader) wake() { _ = r.waking.Close() }

func (r *fileReader) close() { _ = r.sleep.Close() }

// Read implements io.Reader.
func (r *fileReader) Read(p []byte) (int, error) {
	waits := []unix.PollFd{
		{Fd: int32(r.file.Fd()), Events: unix.POLLIN},
		{Fd: int32(r.sleep.Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(waits, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		if waits[1].Revents != 0 {
			return 0, os.ErrClosed
		}
		return r.file.Read(p)
	}
}
