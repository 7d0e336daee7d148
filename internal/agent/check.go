package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agentapi"

	"golang.org/x/sys/unix"
)

// runCheck runs a check once as keepalived would, and prints what came of it:
// `check REQUEST`.
func runCheck(ctx context.Context, args []string, out command.Output) error {
	var r agentapi.CheckRequest
	if len(args) != 1 {
		return command.Usagef("check REQUEST")
	}
	if err := json.Unmarshal([]byte(args[0]), &r); err != nil || r.TimeoutMs <= 0 {
		return command.Usagef("check %s: no request: %v", args[0], err)
	}
	return json.NewEncoder(out.Answer).Encode(check(ctx, r))
}

// check runs one. The time is the process's own, from its start to its end: what an
// engine's exec takes around it may be longer than a check's whole interval.
func check(ctx context.Context, r agentapi.CheckRequest) agentapi.CheckRun {
	run := agentapi.CheckRun{Exit: -1, User: r.User}
	who, err := scriptUser(r.User)
	if err != nil {
		run.Error = err.Error()
		return run
	}
	run.User = who.Username
	words := scriptWords(r.Command)
	if r.Shell {
		words = []string{"/bin/sh", "-c", r.Command}
	}
	if len(words) == 0 {
		run.Error = "it names no command"
		return run
	}
	timeout := time.Duration(r.TimeoutMs * float64(time.Millisecond))
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	said := &tail{}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid, gid, err := ids(who); err != nil {
		run.Error = err.Error()
		return run
	} else if int(uid) != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	// keepalived ends the whole group: a curl goes on when the shell that called it
	// is gone, and holds the pipe that is read here.
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = time.Second
	begin := time.Now()
	err = cmd.Run()
	run.Ms = float64(time.Since(begin).Microseconds()) / 1000
	run.Last = said.last()
	switch state := cmd.ProcessState; {
	case state == nil:
		run.Error = err.Error()
	case ctx.Err() != nil && !state.Exited():
		run.TimedOut = errors.Is(ctx.Err(), context.DeadlineExceeded)
	case !state.Exited():
		run.Signal = unix.SignalName(state.Sys().(syscall.WaitStatus).Signal())
	default:
		run.Exit = state.ExitCode()
	}
	return run
}

// scriptUser finds whom keepalived runs a script as: the one that its file names, else
// keepalived_script where the machine has such a user, else root (keepalived.conf(5),
// script_user).
func scriptUser(name string) (*user.User, error) {
	if name == "" {
		if who, err := user.Lookup("keepalived_script"); err == nil {
			return who, nil
		}
	}
	who, err := user.Lookup(cmp.Or(name, "root"))
	if err != nil {
		return nil, fmt.Errorf("there is no user %s here, and keepalived does not run it", name)
	}
	return who, nil
}

func ids(u *user.User) (uid, gid uint32, err error) {
	a, aerr := strconv.ParseUint(u.Uid, 10, 32)
	b, berr := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(a), uint32(b), errors.Join(aerr, berr)
}

// scriptWords splits a command as keepalived 2.x does, which gives it to no shell:
// blanks part words, quotes and backslashes keep them together, and everything else is
// a word like any other. In `nc -z 127.0.0.1 443 || echo 1` nc is given the words
// "||", "echo" and "1". A command that is one quoted word is what stands in the quotes.
func scriptWords(text string) []string {
	words := quotedWords(text)
	if len(words) == 1 && words[0] != text {
		return quotedWords(words[0])
	}
	return words
}

func quotedWords(text string) []string {
	var words []string
	var word strings.Builder
	begun, escaped, quote := false, false, rune(0)
	for _, r := range text {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			begun, escaped = true, true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			begun, quote = true, r
		case quote == 0 && (r == ' ' || r == '\t'):
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// mostTail is how much of what a check says is kept.
const mostTail = 4096

// tail keeps the end of what is written to it, however much that is.
type tail struct{ text []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-mostTail):]
	return len(p), nil
}

// last is the last line that is not empty.
func (t *tail) last() string {
	text := bytes.TrimSpace(t.text)
	return strings.ToValidUTF8(string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:])), "�")
}
