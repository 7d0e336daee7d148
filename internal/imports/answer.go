package imports

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"halab/internal/daemonconf/inventory"
)

// content is an answer about a file or folder.
type content struct {
	kind, mode, owner, group string
	why                      string // it could not be taken, "" where it could
	text                     string
	names                    []string // in a folder
	changes                  []inventory.Replaced
	key                      bool // it has a private key, which stayed where it is
}

// privateKey is how the script calls one.
const privateKey = "private key"

func readContent(lines []string) content {
	var c content
	var b strings.Builder
	number := 0
	for _, l := range lines {
		if l == "" {
			continue
		}
		switch mark, rest := l[0], l[1:]; mark {
		case '=':
			words := append(strings.Fields(rest), "", "", "", "")
			c.kind, c.mode, c.owner, c.group = words[0], words[1], words[2], words[3]
		case 'x':
			c.why = rest
		case '/':
			c.names = append(c.names, rest)
		case '|':
			number++
			b.WriteString(rest + "\n")
		case '!':
			c.key = c.key || rest == privateKey
			c.changes = append(c.changes, inventory.Replaced{Line: number, What: rest})
		}
	}
	c.text = b.String()
	if slices.Contains(lines, "-") { // its last line has no end
		c.text = strings.TrimSuffix(c.text, "\n")
	}
	return c
}

// readProgram reads where a command is, "" where it is nowhere. Behind a folder
// that may not be looked into it may be or not.
func readProgram(lines []string) (where string, known bool) {
	for _, l := range lines {
		if path, ok := strings.CutPrefix(l, "+"); ok {
			return path, true
		}
	}
	return "", !slices.Contains(lines, "x"+denied)
}

// process is a HAProxy or keepalived that runs.
type process struct {
	name, pid, parent, user string
	root                    string // where its files are, for one in a container
	elsewhere               bool   // it has a network of its own
	folder, version         string
	args                    []string
}

// readDaemons reads what runs, and the versions of what is installed.
func readDaemons(lines []string) (running []process, installed map[string]string) {
	installed = map[string]string{}
	var p *process
	name := ""
	for _, l := range lines {
		if l == "" {
			continue
		}
		mark, rest := l[0], l[1:]
		switch {
		case mark == 'd':
			w := append(strings.Fields(rest), "", "", "", "")
			running = append(running, process{name: w[0], pid: w[1], parent: w[2], user: w[3]})
			p = &running[len(running)-1]
		case mark == 'i':
			p, name = nil, rest
			installed[name] = ""
		case mark == 'v' && p == nil:
			installed[name] = versionIn(rest)
		case p == nil:
		case mark == 'v':
			p.version = versionIn(rest)
		case mark == 'r':
			p.root = rest
		case mark == 'o':
			p.elsewhere = true
		case mark == 'w':
			p.folder = rest
		case mark == 'a':
			p.args = append(p.args, rest)
		}
	}
	return running, installed
}

// versionIn is the first version in a line: 2.6.12 of "HAProxy version
// 2.6.12-1+deb12u1 2023/12/16", 2.2.7 of "Keepalived v2.2.7 (01/16,2022)".
func versionIn(line string) string {
	for _, w := range strings.Fields(line) {
		w = strings.TrimPrefix(w, "v")
		end := 0
		for end < len(w) && (w[end] >= '0' && w[end] <= '9' || w[end] == '.') {
			end++
		}
		if v := strings.Trim(w[:end], "."); strings.Contains(v, ".") {
			return v
		}
	}
	return ""
}

// choose takes the daemon that is this machine's: not one of a container with a
// network of its own, and the first of a family of processes. Those that serve
// may run as another user, who is given too.
func choose(all []process, name string) (mine []process, user string) {
	for _, p := range all {
		if p.name != name || p.elsewhere {
			continue
		}
		if slices.ContainsFunc(all, func(q process) bool { return q.name == name && q.pid == p.parent }) {
			user = p.user
			continue
		}
		mine = append(mine, p)
	}
	slices.SortStableFunc(mine, func(a, b process) int { return len(a.root) - len(b.root) })
	return mine, user
}

// readMachine reads the answer to "about" into a record, and what the machine
// lacks.
func readMachine(lines []string, r *inventory.Record) (lacks []string) {
	for _, l := range lines {
		if l == "" {
			continue
		}
		switch mark, rest := l[0], l[1:]; mark {
		case 'h':
			r.Hostname = rest
		case 'k':
			r.Kernel = rest
		case 'u':
			r.User = rest
		case 'o':
			r.System = rest
		case 'x':
			lacks = append(lacks, rest)
		case 'l':
			readLink(rest, r)
		case 'A':
			readAddress(rest, r)
		case 'R':
			r.Routes = append(r.Routes, strings.TrimSpace(rest))
		case 's':
			if name, value, ok := strings.Cut(rest, ":"); ok && value != "" {
				r.Sysctls[strings.NewReplacer("/", ".", ".", "/").Replace(name)] = strings.Join(strings.Fields(value), " ")
			}
		}
	}
	return lacks
}

// interfaceName is eth0 of "eth0:" and of "eth0@if7:".
func interfaceName(word string) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(word, ":"), "@")
	return name
}

// readLink reads a line of `ip -o link`: "2: eth0: <BROADCAST,UP> mtu 1500 …
// link/ether 02:42:… brd …".
func readLink(line string, r *inventory.Record) {
	w := strings.Fields(strings.ReplaceAll(line, "\\", " "))
	if len(w) < 3 {
		return
	}
	i := inventory.Interface{Name: interfaceName(w[1]), Addresses: []netip.Prefix{}}
	i.Up = slices.Contains(strings.Split(strings.Trim(w[2], "<>"), ","), "UP")
	for n := 3; n+1 < len(w); n++ {
		switch w[n] {
		case "mtu":
			i.MTU, _ = strconv.Atoi(w[n+1])
		case "master":
			i.Master = w[n+1]
		case "link/ether":
			i.MAC = w[n+1]
		}
	}
	r.Interfaces = append(r.Interfaces, i)
}

// readAddress reads a line of `ip -o address`: "2: eth0    inet 192.0.2.11/24 …".
func readAddress(line string, r *inventory.Record) {
	w := strings.Fields(line)
	if len(w) < 4 {
		return
	}
	p, err := netip.ParsePrefix(w[3])
	if err != nil {
		a, err := netip.ParseAddr(w[3]) // one with a peer has no length
		if err != nil {
			return
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	for n := range r.Interfaces {
		if r.Interfaces[n].Name == interfaceName(w[1]) {
			r.Interfaces[n].Addresses = append(r.Interfaces[n].Addresses, p)
		}
	}
}
