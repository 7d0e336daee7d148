package docker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// maxSSHConfig is the largest ssh configuration that an endpoint may name.
const maxSSHConfig = 1 << 20

// sshKeywords are the keywords (ssh_config(5), without their case) that an
// endpoint's configuration may have: where a machine is, who asks, by which key,
// and how connections are kept. Others can start programs (ProxyCommand,
// LocalCommand, KnownHostsCommand, Match exec) or read further files (Include), and
// an endpoint may come from a Compose file of somebody else.
func sshKeywords() []string {
	return []string{
		"host", "hostname", "user", "port", "identityfile", "identitiesonly", "userknownhostsfile", "stricthostkeychecking",
		"passwordauthentication", "pubkeyauthentication", "pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms",
		"hostkeyalgorithms", "ciphers", "macs", "kexalgorithms", "loglevel", "batchmode", "connecttimeout",
		"serveraliveinterval", "serveralivecountmax", "controlmaster", "controlpath", "controlpersist", "addressfamily",
		"forwardagent", "compression", "tcpkeepalive",
	}
}

// checkSSHConfig reads the configuration that an endpoint names, and refuses what
// could do more than reach a machine.
func checkSSHConfig(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSSHConfig+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxSSHConfig:
		return fmt.Errorf("%s is larger than %d bytes", path, maxSSHConfig)
	}
	var failed []error
	for n, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		keyword := line
		if end := strings.IndexAny(line, " \t=\""); end >= 0 {
			keyword = line[:end]
		}
		if !slices.Contains(sshKeywords(), strings.ToLower(keyword)) {
			failed = append(failed, fmt.Errorf("%s:%d: %s is not taken from there: it could start a program or read another file; put it into ~/.ssh/config and leave ?config= out", path, n+1, keyword))
		}
	}
	return errors.Join(failed...)
}
