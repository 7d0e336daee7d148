package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/problem"
)

// recordStore keeps the records of a node's faults, a file each: ID.new.json
// while the fault is being applied, ID.json when it is there.
type recordStore struct{ dir string }

func (s Site) store() recordStore { return recordStore{filepath.Join(s.run, "faults")} }

const (
	recordSuffix   = ".json"
	applyingSuffix = ".new.json"
	// maxRecord bounds what is read of a record.
	maxRecord = 64 << 10
)

// faultID is what an ID may be: it becomes the name of a file and of a table.
var faultID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// lock keeps others from applying and undoing until the returned function is
// called. It goes with its process, however that ends.
func (s recordStore) lock() (func(), error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	fd, err := unix.Open(s.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.dir, err)
	}
	for {
		if err = unix.Flock(fd, unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("lock %s: %w", s.dir, err)
	}
	return func() { _ = unix.Close(fd) }, nil
}

// begin writes the record of a fault that is about to be applied.
func (s recordStore) begin(r agentapi.FaultRecord) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = machine.ReplaceFile(filepath.Join(s.dir, r.ID+applyingSuffix), string(text))
	switch {
	case errors.Is(err, unix.ENOSPC):
		return problem.New("the undo can't be recorded, so nothing was changed: %w", err).
			Cure("free the node's memory disk first", "halab restore NODE disk")
	case err != nil:
		return fmt.Errorf("the undo can't be recorded, so nothing was changed: %w", err)
	}
	return nil
}

// done notes that a fault is there. It takes no room on the disk.
func (s recordStore) done(r agentapi.FaultRecord) error {
	return os.Rename(filepath.Join(s.dir, r.ID+applyingSuffix), filepath.Join(s.dir, r.ID+recordSuffix))
}

// forget removes a record.
func (s recordStore) forget(id string) error {
	var failed []error
	for _, suffix := range []string{applyingSuffix, recordSuffix} {
		if err := os.Remove(filepath.Join(s.dir, id+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// records reads all faults, oldest first. A file that is no record is an error,
// but does not hide the others.
func (s recordStore) records() ([]agentapi.FaultRecord, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	var list []agentapi.FaultRecord
	var failed []error
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, recordSuffix) {
			continue
		}
		r, err := readRecord(filepath.Join(s.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // it was undone meanwhile
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		r.Active = !strings.HasSuffix(name, applyingSuffix)
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b agentapi.FaultRecord) int {
		if a.Mono != b.Mono {
			return int(min(max(a.Mono-b.Mono, -1), 1))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, errors.Join(failed...)
}

func readRecord(path string) (agentapi.FaultRecord, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return agentapi.FaultRecord{}, err
	}
	r, err := parseRecord(text)
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// parseRecord reads what a record says.
func parseRecord(text []byte) (agentapi.FaultRecord, error) {
	var r agentapi.FaultRecord
	if len(text) > maxRecord {
		return r, errors.New("too long for the record of a fault")
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("no record of a fault: %w", err)
	}
	if !faultID.MatchString(r.ID) {
		return r, fmt.Errorf("no record of a fault: its id is %q", r.ID)
	}
	return r, nil
}

// Folder is where the records are; a change there is a change of the faults.
func (s Site) Folder() string { return s.store().dir }

// Records reads all faults of the node, oldest first.
func (s Site) Records() ([]agentapi.FaultRecord, error) { return s.store().records() }

// Clear forgets what an earlier life of the node left on the shared disk: a
// machine that has booted has no faults. Its namespace is new, and so are its
// processes.
func (s Site) Clear() error {
	return errors.Join(os.RemoveAll(s.Folder()), os.RemoveAll(s.appFile()), os.MkdirAll(s.Folder(), 0o700))
}
