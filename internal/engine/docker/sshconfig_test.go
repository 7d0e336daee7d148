package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An endpoint's ssh configuration reaches a machine, and starts nothing.
func TestSSHConfigStartsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	for text, refused := range map[string]string{
		"# by hand\nHost a\n  HostName 192.0.2.1\n\tPort=22\n  IdentityFile \"/k/a b\"\n  ControlPath \"/run/x\"\n": "",
		"Host a\n  ProxyCommand touch /tmp/x\n":      "config:2: ProxyCommand",
		"Host a\n  proxycommand=touch /tmp/x\n":      "config:2: proxycommand",
		"Host a\n  LocalCommand\"touch /tmp/x\"\n":   "config:2: LocalCommand",
		"Match exec \"touch /tmp/x\"\n":              "config:1: Match",
		"Include /etc/ssh/*\n":                       "config:1: Include",
		"Host a\n  KnownHostsCommand /bin/touch x\n": "config:2: KnownHostsCommand",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sshTarget("ssh://a?config=" + file)
		if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
