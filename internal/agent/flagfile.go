package agent

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// writeFlag makes a file that keepalived follows say "1" or "0". It is one
// write of the same length each time, so that no reader sees half of it; the
// close is what wakes keepalived (inotify's IN_CLOSE_WRITE on the folder).
func writeFlag(path string, on bool) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	text := []byte("0\n")
	if on {
		text = []byte("1\n")
	}
	n, err := unix.Pwrite(fd, text, 0)
	if closeErr := unix.Close(fd); err == nil {
		err = closeErr
	}
	if err == nil && n != len(text) {
		err = fmt.Errorf("%d of %d bytes written", n, len(text))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readFlag reads such a file as keepalived does: what is missing or not a
// number is 0.
func readFlag(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	number := strings.TrimLeft(string(bytes.TrimSpace(text)), "+-0")
	return number != "" && number[0] >= '1' && number[0] <= '9'
}
