// Package vagrant asks the vagrant command for its machines and switches them on
// and off. It reads and writes what is said about them; Vagrant does the work.
package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"halab/internal/problem"
)

// Command is the name of Vagrant's own command.
const Command = "vagrant"

// Folder is a folder with a Vagrantfile.
type Folder string

// Open makes the folder's path absolute and looks whether it has a Vagrantfile.
func Open(folder string) (Folder, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(path, "Vagrantfile")); err != nil {
		return "", problem.New("%s has no Vagrantfile", path).Cure("name the folder that has it", "--directory DIR")
	}
	return Folder(path), nil
}

// SSHHosts asks how to reach the machines, all of which must run.
func (f Folder) SSHHosts(ctx context.Context) ([]SSHHost, error) {
	out, err := f.run(ctx, "ssh-config")
	if err != nil {
		return nil, problem.New("%w", err).Cure("are all machines up?", fmt.Sprintf("cd %s && vagrant status", f))
	}
	hosts, err := ParseSSHConfig(out)
	if err != nil {
		return nil, fmt.Errorf("what vagrant ssh-config says in %s can't be used: %w", f, err)
	}
	return hosts, nil
}

// Off takes the power from a machine: nothing on it is told or written.
func (f Folder) Off(ctx context.Context, machine string) error {
	_, err := f.runWith(ctx, []string{poweroffSetting}, "halt", "--force", machine)
	return err
}

// poweroffSetting tells vagrant/Vagrantfile that the power is to be cut at once,
// for which one provider needs more than --force.
const poweroffSetting = "HALAB_POWEROFF=1"

// On switches a machine on and waits until it can be reached; it says whether
// the machine was off. What runs is left alone.
func (f Folder) On(ctx context.Context, machine string) (bool, error) {
	out, err := f.run(ctx, "status", "--machine-readable", machine)
	if err != nil {
		return false, err
	}
	switch state := machineState(out, machine); state {
	case "running":
		return false, nil
	case "not_created", "":
		return false, problem.New("vagrant has no machine %s in %s", machine, f).Cure("make it", fmt.Sprintf("cd %s && vagrant up %s", f, machine))
	}
	_, err = f.run(ctx, "up", "--no-provision", machine)
	return err == nil, err
}

// machineState finds a machine's state in what `vagrant status
// --machine-readable` prints: lines of TIME,MACHINE,KIND,VALUE.
func machineState(text, machine string) string {
	for line := range strings.Lines(text) {
		if f := strings.Split(strings.TrimSpace(line), ","); len(f) >= 4 && f[1] == machine && f[2] == "state" {
			return f[3]
		}
	}
	return ""
}

// endTime is how long vagrant may take to end when it is interrupted: it has
// locks to give back.
const endTime = 20 * time.Second

// run runs vagrant in the folder.
func (f Folder) run(ctx context.Context, args ...string) (string, error) {
	return f.runWith(ctx, nil, args...)
}

// runWith is the same, with more in the environment.
func (f Folder) runWith(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, Command, args...)
	cmd.Dir = string(f)
	// It is found by its folder, and asks nobody about newer versions.
	cmd.Env = append(os.Environ(), "VAGRANT_CWD="+string(f), "VAGRANT_CHECKPOINT_DISABLE=1", "VAGRANT_NO_COLOR=1")
	cmd.Env = append(cmd.Env, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endTime
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	what := Command + " " + strings.Join(args, " ")
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return "", problem.New("%s: there is no command vagrant here", what).Cure("install it", "sudo apt install vagrant vagrant-libvirt")
	}
	said := strings.TrimSpace(errs.String())
	if said == "" {
		said = lastLines(out.String(), 3)
	}
	return "", fmt.Errorf("%s in %s: %w: %s", what, f, err, said)
}

// lastLines is the end of what a command said.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
