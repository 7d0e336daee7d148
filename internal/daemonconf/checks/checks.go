// Package checks says what can be known of a vrrp_script without running it: what
// it asks, whether it can fail at all, whether it can succeed at all, and what
// else it does. What can't be known from the text stays unknown.
package checks

import (
	"net/netip"
	"path"
	"regexp"
	"strings"

	"halab/internal/daemonconf/facts"
)

// Asks is what a check looks at.
type Asks string

// The ways of asking. A hanging HAProxy has a process, an open port (the kernel
// takes connections for it) and an active service; only an answer shows it.
const (
	Process Asks = "process"
	Port    Asks = "port"
	Answer  Asks = "answer"
	Service Asks = "service"
	Other   Asks = "other"   // something that is not HAProxy
	Unknown Asks = "unknown" // the script is not in these files
)

// Check is what is known of a script.
type Check struct {
	Asks    Asks
	Never   string // why it can never fail, "" when it can
	Fails   string // why it can never succeed, "" when it can
	Off     string // why keepalived does not run it, "" when it does
	Shell   string // what of the command only a shell understands, "" when nothing
	Slip    string // a test whose outcome does not depend on what it tests
	Absent  string // the program that the machine does not have
	Stops   bool   // it stops keepalived
	Cuts    bool   // it takes the node off the network
	Starts  bool   // it starts HAProxy
	Anew    bool   // it starts anew one that runs: systemctl restart haproxy
	Hosts   []netip.Addr
	Port    int    // that is asked, 0 when none is seen
	Path    string // of an HTTP request
	Guarded bool   // it asks only where the machine has the address
	LimitMs float64
	File    string // the script's file where it was read
	Text    string
}

// Sees says whether the check notices that HAProxy is dead.
func (c Check) Sees() bool { return c.Never == "" && c.Fails == "" && c.Off == "" && c.Asks != Other }

// Leaves says whether the check gives the VIP away by what it does, whatever its
// exit code and its weight: it ends keepalived, or takes the link down.
func (c Check) Leaves() bool { return c.Stops || c.Cuts }

// Revives says whether the check starts HAProxy again when that is dead.
//
// The usual form is `if [ -z "$(pidof haproxy)" ]; then systemctl start haproxy; fi`:
// the VIP stays, and clients lose what passes until the check's next run.
func (c Check) Revives() bool {
	return (c.Starts || c.Anew) && c.Off == "" && c.Fails == "" && c.Asks != Other && c.Asks != Unknown
}

// Look judges a script.
func Look(n *facts.Node, s *facts.Script) Check {
	c := command(n, s.Command.V)
	c.security(n, s)
	if words := strings.Fields(strings.Trim(s.Command.V, `"'`)); n.Machine != nil && len(words) > 0 && c.Fails == "" && n.Keepalived.Version.AtLeast("2") {
		if where, known := n.Machine.Program(words[0]); known && where == "" {
			c.Absent = words[0]
			c.Fails = n.Name + " has no " + words[0]
		}
	}
	return c
}

// Command judges what a notify line runs.
func Command(n *facts.Node, text string) Check { return command(n, text) }

func command(n *facts.Node, text string) Check {
	c := Check{Text: text}
	file, program := scriptFile(n, text)
	body, inShell := shellBody(text)
	hasShell := inShell || !n.Keepalived.Version.AtLeast("2")
	switch {
	case file.Name != "":
		c.File, c.Text, hasShell = file.Name, withoutComments(file.Text), true
	case inShell:
		c.Text = body
	case !hasShell:
		if c.Shell = shellOnly(text); c.Shell != "" {
			c.Fails = "keepalived runs it without a shell, and " + c.Shell + " is only understood by one"
		}
	}
	c.asks(program)
	c.listener(n)
	c.Stops, c.Cuts = stops.MatchString(c.Text), cuts.MatchString(c.Text)
	if hasShell || c.Shell != "" {
		c.Never = neverFails(c.Text, file.Name != "" && !c.Leaves(), program)
	}
	if hasShell {
		c.Slip = slip(c.Text)
	}
	c.Starts, c.Anew = starts.MatchString(c.Text), anew.MatchString(c.Text)
	if c.Stops && c.Slip != "" {
		c.Fails = "it ends keepalived though HAProxy is healthy"
	}
	return c
}

// scriptFile finds the file that a command runs, and the program's name.
func scriptFile(n *facts.Node, text string) (facts.ScriptFile, string) {
	program := ""
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, `"'`)
		if program == "" {
			program = path.Base(word)
		}
		if f, ok := n.Scripts[word]; ok {
			return f, path.Base(word)
		}
	}
	return facts.ScriptFile{}, program
}

var (
	shellC   = regexp.MustCompile(`^\S*\b(?:ba|da|z|k)?sh\s+(?:-[a-z]+\s+)*-[a-z]*c\s+(.*)$`)
	comments = regexp.MustCompile(`(?m)(^|\s)#.*$`)
	stops    = regexp.MustCompile(`(?:killall|pkill)\s+(?:-(?:9|15|TERM|KILL|SIGTERM|SIGKILL|x|e|q)\s+)*keepalived|systemctl\s+(?:--\S+\s+)*stop\s+keepalived|service\s+keepalived\s+stop|init\.d/keepalived\s+stop|kill\s+(?:-\S+\s+)?[$` + "`" + `(]+[^)\n]*keepalived[\w.-]*pid`)
	starts   = regexp.MustCompile(`(?:systemctl|docker|podman|supervisorctl)\s+(?:-\S+\s+)*start\s+\S*haproxy|service\s+haproxy\s+start|init\.d/haproxy\s+start|haproxy\s+[^\n;|&]*-D\b`)
	anew     = regexp.MustCompile(`(?:systemctl|docker|podman|supervisorctl)\s+(?:-\S+\s+)*restart\s+\S*haproxy|(?:service\s+|init\.d/)haproxy\s+restart`)
	cuts     = regexp.MustCompile(`(?m)\bip\s+(?:-\S+\s+)*link\s+set\s+(?:dev\s+)?\S+\s+down\b|\bifdown\s+\S|\bifconfig\s+\S+\s+down\b|\bnmcli\s+[^\n;|&]*\b(?:down|disconnect)\b|systemctl\s+(?:-\S+\s+)*stop\s+(?:network|NetworkManager|systemd-networkd)\b|^\s*(?:sudo\s+)?(?:/\S+/)?(?:reboot|poweroff|shutdown)\b`)
)

// shellBody is the command that a shell is given: sh -c 'command'.
func shellBody(text string) (string, bool) {
	m := shellC.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", false
	}
	return strings.Trim(m[1], `"'`), true
}

func withoutComments(text string) string {
	if strings.HasPrefix(text, "#!") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return comments.ReplaceAllString(text, "")
}

// shellOnly names what of a command is a shell's: a pipe, a redirect, a
// substitution, a list. In single quotes it is a word like any other.
func shellOnly(text string) string {
	quote := rune(0)
	for i, r := range text {
		rest := text[i:]
		switch {
		case r == quote:
			quote = 0
		case quote != 0 && quote == '\'':
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case strings.HasPrefix(rest, "$("), r == '`':
			return "a command substitution"
		case quote != 0:
		case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "||"):
			return rest[:2]
		case r == '|':
			return "a pipe"
		case r == '>' || r == '<':
			return "a redirect"
		case r == ';':
			return "a list of commands (;)"
		case strings.HasPrefix(rest, "${"), r == '$' && len(rest) > 1 && isLetter(rest[1]):
			return "a variable"
		}
	}
	return ""
}

func isLetter(b byte) bool { return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// security says why keepalived does not run the script at all.
func (c *Check) security(n *facts.Node, s *facts.Script) {
	k := n.Keepalived
	if !k.Global.Security.V {
		return
	}
	first := strings.Trim(strings.SplitN(s.Command.V, " ", 2)[0], `"'`)
	file := n.Scripts[first]
	switch {
	case !k.Global.ScriptUser.Set && !s.User.Set && k.Version.AtLeast("2") && !hasUser(n, "keepalived_script"):
		c.Off = "enable_script_security without script_user: there is no user keepalived_script, and keepalived disables the script"
	case file.OthersWrite:
		c.Off = "others may write " + first + ", and enable_script_security disables such a script"
	case writable.MatchString(first):
		c.Off = "others may write in the folder of " + first + ", and enable_script_security disables such a script"
	}
}

// hasUser says whether the machine is known to have a user.
func hasUser(n *facts.Node, name string) bool {
	if n.Machine == nil {
		return false
	}
	present, _ := n.Machine.Account(name)
	return present
}

var writable = regexp.MustCompile(`^/(tmp|var/tmp|dev/shm|home)/`)
