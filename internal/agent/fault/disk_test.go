package fault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// A full disk takes nothing more, not one byte; the record of the fault is on it,
// and its undo needs no room.
func TestDisk(t *testing.T) {
	if !room(t) {
		return
	}
	disk := t.TempDir()
	agenttest.Must(t, unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"))
	defer func() { agenttest.Must(t, unix.Unmount(disk, 0)) }()
	site := Site{run: disk}
	more := filepath.Join(disk, "more")
	undo := does(t, site, agentapi.FaultRequest{Fault: agentapi.FaultDisk})
	if err := os.WriteFile(more, []byte("x"), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("there is room: %v", err)
	}
	undo()
	agenttest.Must(t, os.WriteFile(more, make([]byte, 512<<10), 0o600))
}

// What is no small memory disk is not filled.
func TestDiskOfTheHost(t *testing.T) {
	site := Site{run: t.TempDir()}
	_, err := applyFault(site, agentapi.FaultRequest{ID: "d", Fault: agentapi.FaultDisk}, func() error { return nil })
	if err == nil || !strings.Contains(err.Error(), "no small memory disk") {
		var disk unix.Statfs_t
		if unix.Statfs(site.run, &disk) == nil && disk.Type == unix.TMPFS_MAGIC && uint64(disk.Bsize)*disk.Blocks <= maxFill {
			t.Skip("the folder for temporary files is a small memory disk")
		}
		t.Errorf("it was done: %v", err)
	}
	if left, _ := os.ReadDir(site.run); len(left) > 1 { // the folder of records
		t.Errorf("left %v", left)
	}
}
