package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/render"
)

// daemonTimeout bounds what a daemon takes to tell its version.
const daemonTimeout = 20 * time.Second

// configured is a daemon with the file that it is to read.
type configured struct {
	binary  string
	version render.Version
	path    string // of the file
	in      render.Input
	own     bool // the file is the user's own
	known   bool // the environment describes a node; without it the file must be the user's own
	shared  bool // agentapi.RunDir is there
}

// configure renders or takes over the file of a daemon and puts it where the
// daemon and everybody else on the node can read it. Nobody checks it: what a
// daemon runs, only the daemon can tell. `keepalived -t` ends with 5 for a
// password of nine characters, which keepalived cuts to eight and runs, and with
// 5 for an interface that is not there, for which it ends; with 6 for a script
// and no script_security, which it runs; and 2.2.7 is killed by its own check
// (143) where a script has another user. Either daemon says at its start what it
// ignores, and says why when it ends.
func configure(ctx context.Context, out command.Output, daemon, file string,
	renderFile func(render.Input, render.Version) (string, error)) (configured, error) {
	c := configured{}
	var err error
	if c.binary, err = exec.LookPath(daemon); err != nil {
		return c, fmt.Errorf("this image has no %s: %w", daemon, err)
	}
	if c.version, err = daemonVersion(ctx, c.binary); err != nil {
		return c, err
	}
	c.shared = os.MkdirAll(agentapi.RunDir, 0o755) == nil
	in, envErr := render.FromEnv(os.Getenv)
	in.Shared, in.Slow = c.shared, steppedDown()
	c.in, c.known = in, envErr == nil

	text, own, err := ownFile(file)
	c.own = own
	switch {
	case err != nil:
		return c, err
	case own:
		fmt.Fprintf(out.Story, "halab agent: using %s instead of the template\n", filepath.Join(agentapi.OwnDir, file))
	case envErr != nil:
		return c, envErr
	default:
		if text, err = renderFile(in, c.version); err != nil {
			return c, err
		}
	}
	c.path, err = place(file, text)
	return c, err
}

// ownFile reads the user's own file, if there is one.
func ownFile(file string) (text string, own bool, err error) {
	raw, err := os.ReadFile(filepath.Join(agentapi.OwnDir, file))
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	return string(raw), err == nil, err
}

// place writes the file into agentapi.RunDir or, in a container that has none
// or can't write there, into the folder for temporary files.
func place(file, text string) (string, error) {
	var failed error
	for _, dir := range []string{agentapi.RunDir, "/run", os.TempDir()} {
		path := filepath.Join(dir, file)
		err := machine.ReplaceFile(path, text)
		if err == nil {
			return path, nil
		}
		failed = errors.Join(failed, err)
	}
	return "", fmt.Errorf("no place for %s: give the container a tmpfs at %s or /tmp: %w", file, agentapi.RunDir, failed)
}

// daemonVersion asks a daemon for its version.
func daemonVersion(ctx context.Context, binary string) (render.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, daemonTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "-v").CombinedOutput()
	if err != nil && len(out) == 0 {
		return render.Version{}, fmt.Errorf("%s -v: %w", binary, err)
	}
	return render.ParseVersion(string(out))
}

// runConfig prints the file that a service of this node has.
func runConfig(args []string, out command.Output) error {
	if len(args) != 1 {
		return command.Usagef("config haproxy|keepalived")
	}
	paths := map[string]string{"haproxy": agentapi.HAProxyConfig, "keepalived": agentapi.KeepalivedConfig}
	path, ok := paths[args[0]]
	if !ok {
		return command.Usagef("config haproxy|keepalived, not %q", args[0])
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has written no file yet: %s is missing; has its container started?", args[0], path)
	}
	if err != nil {
		return err
	}
	_, err = out.Answer.Write(text)
	return err
}
