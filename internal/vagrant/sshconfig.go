package vagrant

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// SSHHost is one machine of `vagrant ssh-config`: its name, and how ssh gets
// there, as lines of ssh_config(5).
type SSHHost struct {
	Name    string
	Options []SSHOption
}

// SSHOption is one line: a keyword, and the rest as it was written.
type SSHOption struct{ Keyword, Value string }

// option finds a value; keywords have no case (ssh_config(5)).
func (h SSHHost) option(keyword string) string {
	for _, o := range h.Options {
		if strings.EqualFold(o.Keyword, keyword) {
			return o.Value
		}
	}
	return ""
}

// ParseSSHConfig reads what `vagrant ssh-config` prints: a block a machine. All
// that is wrong is an error, so that nothing half understood reaches ssh.
func ParseSSHConfig(text string) ([]SSHHost, error) {
	var hosts []SSHHost
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		keyword, value, _ := strings.Cut(line, " ")
		value = strings.TrimSpace(value)
		switch {
		case value == "" || strings.ContainsFunc(line, isControl):
			return nil, fmt.Errorf("line %d is no line of an ssh configuration: %q", n+1, line)
		case strings.EqualFold(keyword, "Match") || strings.EqualFold(keyword, "Include"):
			return nil, fmt.Errorf("line %d has %s, which vagrant does not write", n+1, keyword)
		case !strings.EqualFold(keyword, "Host"):
			if len(hosts) == 0 {
				return nil, fmt.Errorf("line %d stands before the first Host: %q", n+1, line)
			}
			last := &hosts[len(hosts)-1]
			last.Options = append(last.Options, SSHOption{keyword, value})
		case !plainName(value):
			return nil, fmt.Errorf("line %d: %q is not the name of one machine", n+1, value)
		case slices.ContainsFunc(hosts, func(h SSHHost) bool { return h.Name == value }):
			return nil, fmt.Errorf("line %d: %s is there twice", n+1, value)
		default:
			hosts = append(hosts, SSHHost{Name: value})
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("it names no machine")
	}
	for _, h := range hosts {
		if err := h.check(); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// plainName says whether a name is safe in a URL and on ssh's command line: no
// pattern, no option.
func plainName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return name != "" && len(name) <= 253 && name[0] != '-' && strings.Trim(name, letters) == ""
}

func (h SSHHost) check() error {
	for _, needed := range []string{"HostName", "User", "IdentityFile"} {
		if h.option(needed) == "" {
			return fmt.Errorf("%s has no %s", h.Name, needed)
		}
	}
	if port := h.option("Port"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s has port %q: it is a number from 1 to 65535", h.Name, port)
		}
	}
	return nil
}

// maxSocket is how long the path of a Unix socket may be (unix(7): 108 bytes
// with a zero at the end), less the random end that ssh adds while it makes one.
const maxSocket = 107 - 17

// SSHConfigMark is how what WriteSSHConfig writes begins.
const SSHConfigMark = "# Written by halab vagrant export"

// WriteSSHConfig writes an ssh configuration of its own for these machines, for
// ssh -F. One connection a machine is kept and shared in the folder sockets,
// because a handshake takes a small machine longer than a question does; where
// that path is too long for a socket, each connection is made anew.
func WriteSSHConfig(w io.Writer, hosts []SSHHost, sockets string) error {
	var b strings.Builder
	b.WriteString(SSHConfigMark + "; read by halab alone, through ssh -F.\n")
	for _, h := range hosts {
		fmt.Fprintf(&b, "Host %s\n", h.Name)
		for _, o := range h.Options {
			if strings.EqualFold(o.Keyword, "LogLevel") {
				continue // Vagrant's FATAL hides why a connection failed
			}
			fmt.Fprintf(&b, "  %s %s\n", o.Keyword, o.Value)
		}
	}
	b.WriteString("Host *\n  BatchMode yes\n  ConnectTimeout 8\n  LogLevel ERROR\n  ServerAliveInterval 5\n  ServerAliveCountMax 3\n")
	path := sockets + "/%C" // %C is 40 characters (ssh_config(5), TOKENS)
	if len(path)+38 <= maxSocket && !strings.ContainsFunc(sockets, quoted) {
		fmt.Fprintf(&b, "  ControlMaster auto\n  ControlPath \"%s\"\n  ControlPersist 10m\n", path)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted says whether a character of a path means something to ssh_config(5).
func quoted(r rune) bool { return isControl(r) || strings.ContainsRune(`"'\%$`, r) }

// Endpoint is the Docker endpoint of a machine, through an ssh configuration of
// its own.
func Endpoint(machine, config string) string {
	return "ssh://" + machine + "?config=" + strings.ReplaceAll(url.QueryEscape(config), "%2F", "/")
}

// ConfigOf is the configuration that Endpoint put into an endpoint.
func ConfigOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "ssh" {
		return ""
	}
	return u.Query().Get("config")
}
