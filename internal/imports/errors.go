package imports

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"halab/internal/problem"
)

// noSSH is the error of a machine without ssh.
func noSSH(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return problem.New("there is no ssh command on this machine").Cure("install it", "apt-get install openssh-client")
	}
	return fmt.Errorf("ssh can't be started: %w", err)
}

// reason is what words of ssh or sudo mean, and what helps; HOST is the host's name.
type reason struct {
	words, means string
	cures        []problem.Cure
}

func reasons() []reason {
	words := func(do string) []problem.Cure { return []problem.Cure{{Do: do}} }
	run := func(do, command string) []problem.Cure { return []problem.Cure{{Do: do, Run: []string{command}}} }
	root := run("log in as root", "halab import root@HOST")
	return []reason{
		{"Could not resolve hostname", "nobody knows this name", run("is it a Host of ~/.ssh/config, or a name that resolves?", "ssh HOST true")},
		{"Host key verification failed", "its key is not known here", run("connect once by hand and compare it", "ssh HOST true")},
		{"REMOTE HOST IDENTIFICATION HAS CHANGED", "its key is another than before", run("find out why before you go on", "ssh HOST true")},
		{"Permission denied", "it lets nobody in without a question", []problem.Cure{{Do: "ssh must log in with a key", Run: []string{"ssh-copy-id HOST"}}, {Do: "and ssh-add where the key has a passphrase"}}},
		{"Too many authentication failures", "it lets nobody in without a question", words("name the key in ~/.ssh/config (IdentityFile, IdentitiesOnly)")},
		{"Connection refused", "it is unreachable", run("does sshd run there, on this port?", "ssh -v HOST true")},
		{"No route to host", "it is unreachable", run("is it up?", "ping HOST")},
		{"Network is unreachable", "it is unreachable", words("is this machine on a network that leads there?")},
		{"timed out", "it is unreachable", run("is it up, and does a firewall let ssh in?", "ssh -v HOST true")},
		{"a password is required", "sudo asks for a password there", append(root, problem.Cure{Do: "or allow it for this user: NOPASSWD in sudoers"})},
		{"sudo: not found", "it has no sudo", root},
		{"sudo: command not found", "it has no sudo", root},
		{"not allowed to", "sudo is not for this user", root},
		{"is not in the sudoers", "sudo is not for this user", root},
	}
}

// explain says why a host did not answer, or no longer: what ssh says, what it
// means, what to do.
func explain(host, said string, cause, exit error) error {
	name := host[strings.LastIndex(host, "@")+1:]
	last := said[strings.LastIndex(said, "\n")+1:]
	for _, r := range reasons() {
		if i := strings.Index(said, r.words); i >= 0 {
			line, _, _ := strings.Cut(said[strings.LastIndex(said[:i], "\n")+1:], "\n")
			p := problem.New("%s: %s: %s", host, r.means, strings.TrimSpace(line))
			p.Cures = r.cures
			return problem.List{p}.With(func(command string) string { return strings.ReplaceAll(command, "HOST", name) })
		}
	}
	switch {
	case cause != nil && last != "":
		return fmt.Errorf("%s: %w (%s)", host, cause, last)
	case cause != nil:
		return problem.New("%s: %w", host, cause).Cure("try it by hand", "ssh "+host+" true")
	case last != "":
		return problem.New("%s: the connection ended: %s", host, last).Cure("try it by hand", "ssh "+host+" true")
	case exit != nil:
		return problem.New("%s: the connection ended: ssh: %w", host, exit).Cure("try it by hand", "ssh "+host+" true")
	}
	return problem.New("%s: the connection ended before all was said", host).Cure("try it by hand", "ssh "+host+" true")
}
