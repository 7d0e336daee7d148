package adapt

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/named"
	"halab/internal/daemonconf/source"
)

// files lists what HAProxy's files name and nobody handed in.
func (w *world) files(n *facts.Node) {
	if !n.HAProxy.Present {
		return
	}
	folder := "/"
	if n.Machine != nil {
		folder = cmp.Or(n.Machine.HAProxy.Folder, folder)
	}
	for _, f := range named.HAProxy(n.HAProxy.Files, folder).Files {
		replaced := f.Kind == named.Authority && verifies(n, f.Path)
		if w.Has(n.Name, f.Path) && !replaced || slices.ContainsFunc(w.lab.Files, func(have File) bool { return have.Node == n.Name && have.Path == f.Path }) {
			continue
		}
		switch f.Kind {
		case named.Lua:
			w.unmet(n.Name, "%s is not here, and a Lua program can't be made up: HAProxy refuses to start", f.Path)
			continue
		case named.State:
			continue // HAProxy starts without
		case named.Script:
			w.unmet(n.Name, "%s is not here: servers that it checks are called down", f.Path)
			continue
		}
		made := File{Node: n.Name, Path: f.Path, Kind: f.Kind, At: f.At}
		if f.Kind == named.Certificate || f.Kind == named.CertList {
			made.Names = certNames(n, f.Path)
		}
		w.lab.Files = append(w.lab.Files, made)
		why := "is not here"
		if w.Has(n.Name, f.Path) {
			why = "is replaced, because nobody else could sign for the servers"
		}
		w.note(n.Name, "%s %s: %s", f.Path, why, madeUp(made))
	}
}

// verifies says whether servers' certificates are looked at by a file.
func verifies(n *facts.Node, file string) bool {
	for _, p := range n.HAProxy.Proxies {
		for _, s := range p.Servers {
			if s.Authority != "" && s.Verify != "none" && strings.HasSuffix(file, "/"+strings.TrimPrefix(s.Authority, "/")) {
				return true
			}
		}
	}
	return false
}

// madeUp says what is put in a file's place.
func madeUp(f File) string {
	switch f.Kind {
	case named.Certificate:
		return "a self-signed certificate for " + strings.Join(f.Names, ", ")
	case named.CertList:
		return "a list with one self-signed certificate for " + strings.Join(f.Names, ", ")
	case named.Key:
		return "a throw-away key"
	case named.Authority:
		return "the lab's own authority"
	case named.SessionKeys:
		return "random keys"
	case named.DH:
		return "the group ffdhe2048 of RFC 7919"
	case named.Page:
		return "an answer of one line"
	}
	return "an empty file"
}

// hostName is a word that may be a host's name.
var hostName = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+$`)

// certNames are the names that clients may ask a certificate for: those that the
// rules about SNI and Host compare with, or else what the file is called.
func certNames(n *facts.Node, file string) []string {
	var names []string
	for _, p := range n.HAProxy.Proxies {
		for _, l := range p.Section.Lines {
			about := slices.IndexFunc(l.Words, func(w source.Word) bool {
				return strings.Contains(w.Text, "sni") || strings.Contains(w.Text, "hdr(host)") || strings.Contains(w.Text, "hdr_dom(host)")
			})
			for i := about + 1; about >= 0 && i < len(l.Words); i++ {
				if word := l.Words[i].Text; hostName.MatchString(word) && !slices.Contains(names, word) {
					names = append(names, word)
				}
			}
		}
	}
	if len(names) == 0 {
		base := strings.TrimSuffix(path.Base(file), path.Ext(file))
		names = []string{cmp.Or(base, "localhost")}
	}
	return names
}

// called are programs that scripts usually run.
var called = regexp.MustCompile(`\b(killall|pidof|pgrep|pkill|curl|wget|nc|ncat|socat|systemctl|service|ss|netstat|ip|ping|arping|mail|logger|aws|gcloud|az|docker|python3?|perl|bash)\b`)

// scripts lists what keepalived runs, as whom, and what that needs.
func (w *world) scripts(n *facts.Node, in *Node) {
	k := n.Keepalived
	user := k.Global.ScriptUser.V
	if user == "" {
		user = "root"
		if n.Machine != nil {
			if present, _ := n.Machine.Account("keepalived_script"); present {
				user = "keepalived_script"
			}
		}
	}
	seen := map[string]bool{}
	add := func(command, as string) {
		if command == "" || seen[command] {
			return
		}
		seen[command] = true
		s := Script{Command: command, User: as}
		text := command
		for _, word := range strings.Fields(strings.Trim(command, `"'`)) {
			if f, ok := n.Scripts[strings.Trim(word, `"'`)]; ok {
				s.File, text = f.Name, f.Text
				break
			}
		}
		for _, name := range called.FindAllString(text, -1) {
			if !slices.Contains(s.Calls, name) {
				s.Calls = append(s.Calls, name)
			}
		}
		slices.Sort(s.Calls)
		in.Scripts = append(in.Scripts, s)
		w.script(n, s)
	}
	for _, s := range k.Scripts {
		add(s.Command.V, cmp.Or(s.User.V, user))
	}
	for _, command := range k.Commands() {
		add(command, user)
	}
}

// script says what is different for one of them.
func (w *world) script(n *facts.Node, s Script) {
	program, _, _ := strings.Cut(strings.Trim(s.Command, `"'`), " ")
	if s.File == "" && path.IsAbs(program) && !strings.HasPrefix(program, "/usr/bin/") && !strings.HasPrefix(program, "/bin/") && !strings.HasPrefix(program, "/usr/sbin/") && !strings.HasPrefix(program, "/sbin/") {
		w.unmet(n.Name, "%s is not here: keepalived runs the check or notify script in vain", program)
	}
	if slices.Contains(s.Calls, "systemctl") || slices.Contains(s.Calls, "service") {
		w.note(n.Name, "systemctl and service in scripts are a small command that knows HAProxy and keepalived of the node, and nothing else")
	}
	for _, cloud := range []string{"aws", "gcloud", "az", "mail"} {
		if slices.Contains(s.Calls, cloud) {
			w.unmet(n.Name, "%s in %s reaches nobody: the lab has no way out", cloud, cmp.Or(s.File, s.Command))
		}
	}
}

// surroundings are the users and folders that HAProxy's global section needs.
func (w *world) surroundings(n *facts.Node, in *Node) {
	account := func(name string) {
		if name != "" && name != "root" && !slices.Contains(in.Accounts, name) {
			in.Accounts = append(in.Accounts, name)
		}
	}
	folder := func(name string) {
		if path.IsAbs(name) && name != "/" && !slices.Contains(in.Folders, name) {
			in.Folders = append(in.Folders, name)
		}
	}
	for _, f := range n.HAProxy.Files {
		for _, s := range f.Sections {
			for _, l := range s.Lines {
				if s.Kind() != "global" {
					continue
				}
				switch l.Word(0) {
				case "user", "group":
					account(l.Word(1))
				case "chroot", "server-state-base":
					folder(l.Word(1))
				case "pidfile":
					folder(path.Dir(l.Word(1)))
				case "stats":
					if l.Word(1) == "socket" && strings.HasPrefix(l.Word(2), "/") {
						folder(path.Dir(l.Word(2)))
					}
				}
			}
		}
	}
	for _, s := range in.Scripts {
		account(s.User)
	}
	if len(in.Accounts) > 0 {
		w.note(n.Name, "these users are made where the image lacks them: %s", strings.Join(in.Accounts, ", "))
	}
	if len(in.Folders) > 0 {
		w.note(n.Name, "these folders are made: %s", strings.Join(in.Folders, ", "))
	}
}
