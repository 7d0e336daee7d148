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
	"halab/internal/agent/own"
	"halab/internal/agentapi"
	"halab/internal/render"
	"halab/internal/topology"
)

// daemonTimeout bounds what a daemon takes to tell its version.
const daemonTimeout = 20 * time.Second

// configured is a daemon with the file that it is to read.
type configured struct {
	binary  string
	version render.Version
	path    string        // of the file
	run     string        // folder of pid files
	mine    *agentapi.Own // the machine that files of the user's own want; nil: another lab
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
	if c.mine, err = own.This(); err != nil || c.mine != nil {
		return c, errors.Join(err, c.settle(ctx, out, daemon))
	}
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
	c.run = filepath.Dir(c.path)
	return c, err
}

// runFolder is where the user's own machines have pid files and sockets. It is shared
// by the containers of a node, as a machine's is.
const runFolder = "/run"

// settle prepares a daemon of a machine with files of the user's own, which lie where
// the machine has them.
func (c *configured) settle(ctx context.Context, out command.Output, daemon string) error {
	d := c.mine.HAProxy
	if daemon == string(topology.ServiceKeepalived) {
		d = c.mine.Keepalived
	}
	if d == nil || len(d.Files) == 0 {
		return fmt.Errorf("no file of this machine is for %s", daemon)
	}
	c.own, c.path, c.run = true, d.Files[0], runFolder
	if err := own.Furnish(*c.mine); err != nil {
		return err
	}
	own.Syslog(ctx, out.Answer, d.Chroot)
	if d.Folder == "" {
		return nil
	}
	return os.Chdir(d.Folder)
}

// files are all that HAProxy is to read.
func (c configured) files() []string {
	if c.mine != nil {
		return c.mine.HAProxy.Files
	}
	return []string{c.path}
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
	paths := map[string][]string{"haproxy": {agentapi.HAProxyConfig}, "keepalived": {agentapi.KeepalivedConfig}}
	if mine, err := own.This(); err == nil && mine != nil {
		paths = map[string][]string{}
		for name, d := range map[string]*agentapi.OwnDaemon{"haproxy": mine.HAProxy, "keepalived": mine.Keepalived} {
			if d != nil {
				paths[name] = d.Files
			}
		}
	}
	list, ok := paths[args[0]]
	if !ok {
		return command.Usagef("config haproxy|keepalived, not %q", args[0])
	}
	for _, path := range list {
		if err := printConfig(args[0], path, out); err != nil {
			return err
		}
	}
	return nil
}

func printConfig(daemon, path string, out command.Output) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has written no file yet: %s is missing; has its container started?", daemon, path)
	}
	if err != nil {
		return err
	}
	_, err = out.Answer.Write(text)
	return err
}
