package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestReadFlag(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flag")
	if readFlag(path) {
		t.Error("a missing file is a fault")
	}
	for text, want := range map[string]bool{"0\n": false, "1\n": true, "": false, "  12": true, "-3": true, "000": false, "x": false, "0x": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readFlag(path); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestWriteFlagWakesAFollower: keepalived watches the folder for files closed
// after writing, and nothing else of ours may wake it.
func TestWriteFlagWakesAFollower(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "flag")
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CLOSE_WRITE|unix.IN_DELETE|unix.IN_MOVE); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, false, false, true} {
		if err := writeFlag(path, on); err != nil {
			t.Fatal(err)
		}
		wait := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(wait, int(10*time.Second/time.Millisecond)); n != 1 || err != nil {
			t.Fatalf("no event: %d, %v", n, err)
		}
		buffer := make([]byte, 4096)
		if _, err := unix.Read(fd, buffer); err != nil {
			t.Fatal(err)
		}
		if got := readFlag(path); got != on {
			t.Errorf("wrote %v, read %v", on, got)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != 2 {
			t.Errorf("size %v, %v", info, err)
		}
	}
	if err := writeFlag(filepath.Join(dir, "none", "flag"), true); err == nil {
		t.Error("a file without its folder was written")
	}
}
