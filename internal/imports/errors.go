package imports

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// noSSH is the error of a machine without ssh.
func noSSH(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("there is no ssh command on this machine\n  apt-get install openssh-client")
	}
	return fmt.Errorf("ssh can't be started: %w", err)
}

// reasons are words of ssh and sudo, what they mean, and what helps; HOST is the
// host's name.
func reasons() [][3]string {
	return [][3]string{
		{"Could not resolve hostname", "nobody knows this name", "is it a Host of ~/.ssh/config, or a name that resolves?  ssh HOST true"},
		{"Host key verification failed", "its key is not known here", "connect once by hand and compare it:  ssh HOST true"},
		{"REMOTE HOST IDENTIFICATION HAS CHANGED", "its key is another than before", "find out why before you go on:  ssh HOST true"},
		{"Permission denied", "it lets nobody in without a question", "ssh must log in with a key:  ssh-copy-id HOST; and ssh-add where the key has a passphrase"},
		{"Too many authentication failures", "it lets nobody in without a question", "name the key in ~/.ssh/config (IdentityFile, IdentitiesOnly)"},
		{"Connection refused", "it is unreachable", "does sshd run there, on this port?  ssh -v HOST true"},
		{"No route to host", "it is unreachable", "is it up?  ping HOST"},
		{"Network is unreachable", "it is unreachable", "is this machine on a network that leads there?"},
		{"timed out", "it is unreachable", "is it up, and does a firewall let ssh in?  ssh -v HOST true"},
		{"a password is required", "sudo asks for a password there", "log in as root (halab import root@HOST), or allow it for this user:  NOPASSWD in sudoers"},
		{"sudo: not found", "it has no sudo", "log in as root:  halab import root@HOST"},
		{"sudo: command not found", "it has no sudo", "log in as root:  halab import root@HOST"},
		{"not allowed to", "sudo is not for this user", "log in as root:  halab import root@HOST"},
		{"is not in the sudoers", "sudo is not for this user", "log in as root:  halab import root@HOST"},
	}
}

// explain says why a host did not answer, or no longer: what ssh says, what it
// means, what to do.
func explain(host, said string, cause, exit error) error {
	name := host[strings.LastIndex(host, "@")+1:]
	last := said[strings.LastIndex(said, "\n")+1:]
	for _, r := range reasons() {
		if i := strings.Index(said, r[0]); i >= 0 {
			line, _, _ := strings.Cut(said[strings.LastIndex(said[:i], "\n")+1:], "\n")
			return fmt.Errorf("%s: %s: %s\n  %s", host, r[1], strings.TrimSpace(line), strings.ReplaceAll(r[2], "HOST", name))
		}
	}
	switch {
	case cause != nil && last != "":
		return fmt.Errorf("%s: %w (%s)", host, cause, last)
	case cause != nil:
		return fmt.Errorf("%s: %w\n  try it by hand:  ssh %s true", host, cause, host)
	case last != "":
		return fmt.Errorf("%s: the connection ended: %s\n  try it by hand:  ssh %s true", host, last, host)
	case exit != nil:
		return fmt.Errorf("%s: the connection ended: ssh: %w\n  try it by hand:  ssh %s true", host, exit, host)
	}
	return fmt.Errorf("%s: the connection ended before all was said\n  try it by hand:  ssh %s true", host, host)
}
