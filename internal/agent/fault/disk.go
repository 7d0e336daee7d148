package fault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// fillDisk fills the memory disk that the node shares with HAProxy and
// keepalived. The record is on it already, and its end needs no room.
func fillDisk() applier {
	return applier{
		name: agentapi.FaultDisk,
		prepare: func(s Site, _ *agentapi.FaultRecord) error {
			var disk unix.Statfs_t
			if err := unix.Statfs(s.run, &disk); err != nil {
				return fmt.Errorf("%s: %w", s.run, err)
			}
			if disk.Type != unix.TMPFS_MAGIC || uint64(disk.Bsize)*disk.Blocks > maxFill {
				return fmt.Errorf("%s is no small memory disk: to fill it could harm the engine's host", s.run)
			}
			return nil
		},
		apply: func(s Site, r agentapi.FaultRecord) error { return fill(s.filler(r)) },
		there: func(s Site, r agentapi.FaultRecord) error {
			var disk unix.Statfs_t
			if err := unix.Statfs(s.run, &disk); err != nil {
				return err
			}
			if disk.Bavail > 0 {
				return fmt.Errorf("%s still has room for %d bytes", s.run, disk.Bavail*uint64(disk.Bsize))
			}
			return nil
		},
		undo: func(s Site, r agentapi.FaultRecord) error {
			if err := os.Remove(s.filler(r)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil
		},
		gone: func(s Site, r agentapi.FaultRecord) error {
			if _, err := os.Lstat(s.filler(r)); !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("%s is still there", s.filler(r))
			}
			return nil
		},
	}
}

// maxFill bounds the disk that may be filled: it is memory of the host.
const maxFill = 64 << 20

func (s Site) filler(r agentapi.FaultRecord) string {
	return filepath.Join(s.run, "filled-by-"+r.ID)
}

// fill writes into a file until there is no room.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	page := make([]byte, 4096)
	for written := 0; written <= maxFill; {
		n, err := f.Write(page)
		written += n
		if errors.Is(err, unix.ENOSPC) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%s takes more than %d bytes", path, maxFill)
}
