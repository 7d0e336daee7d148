package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// enginePID is the process of the engine on this machine.
func enginePID() (int, error) {
	text, err := os.ReadFile("/var/run/docker.pid")
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, err
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err == nil && strings.TrimSpace(string(name)) != "dockerd" {
		err = fmt.Errorf("process %d is %s", pid, name)
	}
	return pid, err
}

// mayRestart says why the engine can't be restarted here; empty: it can. The
// containers of others than these labs would end with it.
func mayRestart(labs ...string) string {
	if os.Geteuid() != 0 {
		return "that takes root"
	}
	if os.Getenv("HALAB_E2E_SHARED") != "" || os.Getenv("DOCKER_HOST") != "" {
		return "others use it, too"
	}
	if _, err := enginePID(); err != nil {
		return err.Error()
	}
	out, err := tryCommand("docker", "ps", "--format", `{{.Names}} {{.Label "halab.lab"}}`)
	if err != nil {
		return err.Error()
	}
	for _, line := range lines(out) {
		_, lab, _ := strings.Cut(line, " ")
		if line != "" && !slices.Contains(labs, lab) {
			return "it runs containers of others: " + line
		}
	}
	return ""
}

// engineTime bounds the end and the start of an engine: it gives its containers
// 15 s to end.
const engineTime = 60 * time.Second

// restartEngine ends the engine and starts it as it was started: by systemd where
// that has it, otherwise with the same arguments, environment, folder and
// output. It returns when the engine answers.
func restartEngine() error { return bootEngine(func() error { return nil }) }

// bootEngine does something while the engine is down.
func bootEngine(meanwhile func() error) error {
	pid, err := enginePID()
	if err != nil {
		return err
	}
	if out, err := exec.Command("systemctl", "show", "--property=MainPID", "docker.service").Output(); err == nil &&
		strings.TrimSpace(string(out)) == fmt.Sprintf("MainPID=%d", pid) {
		units := []string{"docker.socket", "docker.service"} // the socket would start it again
		if err := exec.Command("systemctl", append([]string{"stop"}, units...)...).Run(); err != nil {
			return err
		}
		err := meanwhile()
		return errors.Join(err, exec.Command("systemctl", append([]string{"start"}, units...)...).Run(), engineAnswers())
	}
	start, err := likeProcess(pid)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	for end := time.Now().Add(engineTime); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(poll) {
		if time.Now().After(end) {
			return fmt.Errorf("the engine, process %d, does not end within %s", pid, engineTime)
		}
	}
	err = meanwhile()
	if err := start.Start(); err != nil {
		return fmt.Errorf("the engine is not running any more and can't be started: %w", err)
	}
	go func() { _ = start.Wait() }() // the next restart ends it
	return errors.Join(err, engineAnswers())
}

// likeProcess is a command that starts another process like one that runs.
func likeProcess(pid int) (*exec.Cmd, error) {
	proc := fmt.Sprintf("/proc/%d", pid)
	path, err := os.Readlink(filepath.Join(proc, "exe"))
	if err != nil {
		return nil, err
	}
	args, err := words(filepath.Join(proc, "cmdline"))
	if err != nil {
		return nil, err
	}
	env, err := words(filepath.Join(proc, "environ"))
	if err != nil {
		return nil, err
	}
	folder, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil {
		return nil, err
	}
	return &exec.Cmd{Path: path, Args: args, Env: env, Dir: folder, SysProcAttr: &syscall.SysProcAttr{Setsid: true},
		Stdout: reopened(filepath.Join(proc, "fd", "1")), Stderr: reopened(filepath.Join(proc, "fd", "2"))}, nil
}

// reopened is a file that a process has as its output. Pipes and sockets of
// whoever started it can't be opened again: what is said there is lost.
func reopened(link string) io.Writer {
	name, err := os.Readlink(link)
	if err != nil {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil
	}
	return f
}

// words reads what /proc separates by zeros.
func words(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00"), nil
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, found := strings.Cut(string(stat), ") ")
	return errors.Is(err, os.ErrNotExist) || found && strings.HasPrefix(state, "Z")
}

func engineAnswers() error {
	var err error
	for end := time.Now().Add(engineTime); time.Now().Before(end); time.Sleep(poll) {
		if _, err = tryCommand("docker", "version", "--format", "{{.Server.Version}}"); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the engine does not answer: %w", err)
}
