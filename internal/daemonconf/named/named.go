// Package named lists the files that a configuration names beside itself:
// certificates, lists, maps, error pages, scripts. It opens none of them.
package named

import (
	"path"
	"regexp"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/source"
)

// Kind is what a named file is for.
type Kind string

// The kinds of named files.
const (
	Certificate Kind = "certificate" // certificate and key; a folder of them too
	CertList    Kind = "certificate list"
	Key         Kind = "key"
	Authority   Kind = "certificate authority"
	SessionKeys Kind = "session keys"
	List        Kind = "list" // of values or a map
	Page        Kind = "page" // an answer, with or without its head
	Lua         Kind = "lua"
	DH          Kind = "dh parameters"
	Script      Kind = "script"
	State       Kind = "state" // of servers, or a file that keepalived follows
	Other       Kind = "file"
)

// File is a file that is named.
type File struct {
	Kind Kind
	Path string // as the machine has it; relative only where the folder is not known
	At   source.Pos
}

// mapCall is a map in an expression: %[src,map_ip(/etc/haproxy/x.map,other)].
var mapCall = regexp.MustCompile(`\bmap(?:_[a-z]+)*\(([^,)]+)`)

// keyCall is a public key in an expression: jwt_verify(txn.alg,"/etc/haproxy/a.pem").
var keyCall = regexp.MustCompile(`\bjwt_verify(?:_cert)?\([^,)]*,["\\]*(/[^,)"\\]+)`)

// Names are the files that HAProxy's configuration names.
type Names struct {
	Files  []File
	folder string // where relative paths begin
	// crt-base, key-base, ca-base, server-state-base
	certs, keys, authorities, states string
}

// HAProxy lists the files that HAProxy's configuration names. Relative paths
// begin at a folder, the process's own.
func HAProxy(files []*haproxyconf.File, folder string) *Names {
	f := &Names{folder: folder}
	for _, file := range files {
		for n := range file.Sections {
			if file.Sections[n].Kind() == "global" {
				f.bases(file.Sections[n].Lines)
			}
		}
	}
	for _, file := range files {
		for n := range file.Sections {
			f.section(&file.Sections[n])
		}
	}
	return f
}

// bases takes the folders that global names: for what stands above it as well.
func (f *Names) bases(lines []*haproxyconf.Line) {
	for _, l := range lines {
		switch l.Word(0) {
		case "crt-base":
			f.certs = f.below(f.folder, l.Word(1))
		case "key-base":
			f.keys = f.below(f.folder, l.Word(1))
		case "ca-base":
			f.authorities = f.below(f.folder, l.Word(1))
		case "server-state-base":
			f.states = f.below(f.folder, l.Word(1))
		}
	}
}

// below is a path as seen from a folder. Where that is not known, a relative path
// stays one.
func (f *Names) below(folder, name string) string {
	if name == "" || path.IsAbs(name) || folder == "" {
		return name
	}
	return path.Join(folder, name)
}

func (f *Names) add(kind Kind, folder string, w source.Word) {
	if folder == "" {
		folder = f.folder
	}
	// @system-ca and the like are HAProxy's own; a name with a variable in it is
	// none yet.
	if w.Text == "" || strings.ContainsAny(w.Text[:1], "@*-") || strings.Contains(w.Text, "${") {
		return
	}
	f.Files = append(f.Files, File{kind, f.below(folder, w.Text), w.Pos})
}

func (f *Names) section(s *haproxyconf.Section) {
	certs, keys := f.certs, f.keys
	if s.Kind() == "crt-store" {
		for _, l := range s.Lines {
			switch l.Word(0) {
			case "crt-base":
				certs = f.below(f.folder, l.Word(1))
			case "key-base":
				keys = f.below(f.folder, l.Word(1))
			}
		}
	}
	for _, l := range s.Lines {
		switch l.Word(0) {
		case "errorfile":
			f.word(Page, "", l, 2)
		case "lua-load":
			f.word(Lua, "", l, 1)
		case "lua-load-per-thread":
			f.word(Lua, "", l, 1)
		case "ssl-dh-param-file":
			f.word(DH, "", l, 1)
		case "server-state-file":
			f.word(State, f.states, l, 1)
		case "external-check":
			if l.Word(1) == "command" {
				f.word(Script, "", l, 2)
			}
		case "command":
			if s.Kind() == "program" {
				f.word(Script, "", l, 1)
			}
		case "account-key":
			f.word(Key, "", l, 1)
		case "load":
			f.options(l, map[string]place{"crt": {Certificate, certs}, "key": {Key, keys}, "issuer": {Other, certs}})
		default:
			f.line(l)
		}
	}
}

func (f *Names) word(kind Kind, folder string, l *haproxyconf.Line, i int) {
	if i < len(l.Words) {
		f.add(kind, folder, l.Words[i])
	}
}

// place is what an option's word names, and where a relative one begins.
type place struct {
	kind   Kind
	folder string
}

// options adds the words behind some keywords.
func (f *Names) options(l *haproxyconf.Line, known map[string]place) {
	for i, w := range l.Words[:max(0, len(l.Words)-1)] {
		if p, ok := known[w.Text]; ok && !w.Quoted && i > 0 {
			f.add(p.kind, p.folder, l.Words[i+1])
		}
	}
}

// line takes what may stand on any line: options of bind and server, lists of
// acl and conditions, maps in expressions, files of answers.
func (f *Names) line(l *haproxyconf.Line) {
	switch l.Word(0) {
	case "bind", "server", "server-template", "default-server", "ssl-default-bind-options", "ssl-default-server-options":
		f.options(l, map[string]place{
			"crt": {Certificate, f.certs}, "crt-list": {CertList, ""}, "ca-file": {Authority, f.authorities}, "ca-verify-file": {Authority, f.authorities},
			"crl-file": {Authority, f.authorities}, "ca-sign-file": {Certificate, f.authorities}, "tls-ticket-keys": {SessionKeys, ""}, "dhparam": {DH, ""},
		})
		return
	case "filter":
		f.options(l, map[string]place{"config": {Other, ""}})
	case "http-request", "http-response", "http-error", "tcp-request", "http-after-response", "redirect", "monitor":
		f.options(l, map[string]place{"file": {Page, ""}, "lf-file": {Page, ""}, "errorfile": {Page, ""}})
	}
	f.options(l, map[string]place{"-f": {List, ""}})
	for _, w := range l.Words {
		for _, m := range mapCall.FindAllStringSubmatch(w.Text, -1) {
			w.Text = strings.Trim(m[1], `"' `)
			f.add(List, "", w)
		}
		for _, m := range keyCall.FindAllStringSubmatch(w.Text, -1) {
			w.Text = m[1]
			f.add(Other, "", w)
		}
	}
}

// InList lists the certificates that a list of them names: "site.pem [alpn h2]
// *.example.org".
func (f *Names) InList(list File, text string) []File {
	in := &Names{folder: f.folder, certs: f.certs}
	line := 0
	for l := range strings.SplitSeq(text, "\n") {
		line++
		if words := strings.Fields(l); len(words) > 0 && words[0][0] != '#' {
			in.add(Certificate, f.certs, source.Word{Text: words[0], Pos: source.Pos{File: list.Path, Line: line, Col: 1}})
		}
	}
	return in.Files
}

// Command is what keepalived would run: its program, and the files among its
// words.
type Command struct {
	Program string // as it is written: /usr/bin/killall, or killall
	Files   []File
}

// Commands lists what keepalived would run.
func Commands(k facts.Keepalived) []Command {
	var list []Command
	for _, text := range k.Commands() {
		var c Command
		for i, word := range strings.Fields(strings.Trim(text, `"'`)) {
			word = strings.Trim(word, `"'`)
			if i == 0 {
				c.Program = word
			}
			if path.IsAbs(word) && !system(word) {
				c.Files = append(c.Files, File{Script, path.Clean(word), source.Pos{}})
			}
		}
		if c.Program != "" {
			list = append(list, c)
		}
	}
	return list
}

// system says whether a path is the distribution's own: a program, a device.
func system(name string) bool {
	for _, folder := range []string{"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/lib/", "/dev/", "/proc/", "/sys/"} {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}
