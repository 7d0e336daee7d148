package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

const (
	// dumpDir is where keepalived writes what it knows, unless its file or its
	// command line says otherwise (keepalived(8), SIGUSR1 and SIGUSR2).
	dumpDir   = "/tmp"
	dumpLimit = 3 * time.Second
	dumpPoll  = 10 * time.Millisecond
)

// runVRRP prints what this node's keepalived says of its instances. It is run in
// keepalived's own container, for keepalived writes into files there.
func runVRRP(ctx context.Context, out command.Output) error {
	pid, err := keepalivedPID()
	if err != nil {
		return err
	}
	var d agentapi.VRRPDump
	for _, ask := range []struct {
		signal unix.Signal
		name   string
		to     *string
	}{{unix.SIGUSR1, "keepalived.data", &d.Data}, {unix.SIGUSR2, "keepalived.stats", &d.Stats}} {
		if *ask.to, err = dumped(ctx, pid, ask.signal, filepath.Join(dumpDir, ask.name)); err != nil {
			return err
		}
	}
	return json.NewEncoder(out.Answer).Encode(d)
}

// dumped asks keepalived to write a file and waits until it is whole: newer than the
// question, and no longer than a moment before. An old one is removed first; whoever
// finds a file that is still being written can't tell it from a short one.
func dumped(ctx context.Context, pid int, ask unix.Signal, path string) (string, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := unix.Kill(pid, ask); err != nil {
		return "", fmt.Errorf("ask keepalived: %w", err)
	}
	before := ""
	for end := time.Now().Add(dumpLimit); time.Now().Before(end) && ctx.Err() == nil; machine.Pause(ctx, dumpPoll) {
		text, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", err
		case len(text) > 0 && string(text) == before:
			return before, nil
		}
		before = string(text)
	}
	return "", fmt.Errorf("keepalived wrote no %s within %s of being asked", path, dumpLimit)
}
