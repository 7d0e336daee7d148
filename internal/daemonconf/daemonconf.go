// Package daemonconf reads the configuration of a pair (or more) of machines that
// run HAProxy and keepalived: it finds the files of each node, reads both
// formats without loss, and gives facts about each node. It is pure: it opens
// what it is handed and executes nothing.
package daemonconf

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/source"
)

// Place is a folder or a file that was named.
type Place struct {
	Files fs.FS
	Name  string // within Files; "." is all of it
	Shown string // how Files' top is printed, "" where names stand for themselves
	Label string // the node's name where the place is a node
}

// Load reads the nodes that some places hold. At the first thing that keeps a
// file from being a configuration, it says so: see source.Error.
func Load(places []Place, v Versions) ([]facts.Node, error) {
	found, err := find(places)
	if err != nil {
		return nil, err
	}
	var list []facts.Node
	for _, n := range found {
		read, err := n.read(v)
		if err != nil {
			return nil, err
		}
		list = append(list, read)
	}
	return list, unique(list)
}

// find finds the nodes that some places hold.
func find(places []Place) ([]node, error) {
	var found []node
	var files []Place
	for _, p := range places {
		info, err := fs.Stat(p.Files, p.Name)
		switch {
		case err != nil:
			return nil, source.Errorf(source.Pos{File: p.show(p.Name)}, "it can't be read: %v", err)
		case !info.IsDir():
			files = append(files, p)
		default:
			nodes, err := folder(p)
			if err != nil {
				return nil, err
			}
			found = append(found, nodes...)
		}
	}
	pairs, err := pair(files)
	if err != nil {
		return nil, err
	}
	return append(found, pairs...), nil
}

// unique refuses two nodes of one name: their findings could not be told apart.
func unique(list []facts.Node) error {
	seen := map[string]bool{}
	for _, n := range list {
		if seen[n.Name] {
			return source.Errorf(source.Pos{File: n.Name}, "two nodes have this name; name their folders after the machines")
		}
		seen[n.Name] = true
	}
	return nil
}

func (p Place) show(name string) string {
	if p.Shown == "" {
		return name
	}
	return path.Join(p.Shown, name)
}

// node is where a node's files are.
type node struct {
	name       string
	keepalived *Place
	haproxy    []Place
	roots      []Place // folders that stand for the machine's root, nearest first
	record     *inventory.Record
	loose      bool // its files lie in a folder that is not its own
}

func (n node) read(v Versions) (facts.Node, error) {
	v = v.On(n.record)
	out := facts.Node{Name: n.name, Sysctls: n.sysctls(), Scripts: map[string]facts.ScriptFile{}, Machine: n.record}
	if n.keepalived != nil {
		id, _, _ := strings.Cut(n.name, ".")
		if n.record != nil {
			id = n.record.ID()
		}
		marks := placeholders{keepalived: true, known: map[string]bool{}}
		conf, err := keepalivedconf.Load(n.keepalived.Name, keepalivedconf.Options{
			ID: id, Show: n.keepalived.show,
			Open: func(name string) (string, error) { return n.keepalived.text(name, &marks) },
			Glob: n.glob,
		})
		if err != nil {
			return out, err
		}
		out.Keepalived = facts.ReadKeepalived(conf, n.keepalived.show(n.keepalived.Name), v.Keepalived)
	}
	if len(n.haproxy) > 0 {
		var files []*haproxyconf.File
		for _, p := range n.haproxy {
			text, err := p.text(p.Name, &placeholders{})
			if err != nil {
				return out, err
			}
			f, err := haproxyconf.Parse(p.show(p.Name), text, v.HAProxy, nil)
			if err != nil {
				return out, err
			}
			files = append(files, f)
		}
		out.HAProxy = facts.ReadHAProxy(files, v.HAProxy)
	}
	for _, command := range out.Keepalived.Commands() {
		n.script(command, out.Scripts)
	}
	return out, nil
}

// text reads a file and refuses one that is a template.
func (p Place) text(name string, marks *placeholders) (string, error) {
	text, err := source.Read(p.Files, name)
	if err != nil {
		if e, ok := err.(*source.Error); ok {
			e.File = p.show(name)
		}
		return "", err
	}
	return text, marks.find(p.show(name), text)
}

// glob finds what an include line names: as on the machine, or beside the file.
func (n node) glob(from, pattern string) []string {
	patterns := []string{path.Join(path.Dir(from), pattern)}
	if path.IsAbs(pattern) {
		patterns = nil
	}
	for _, root := range n.roots {
		for _, p := range shortened(pattern) {
			patterns = append(patterns, path.Join(root.Name, p))
		}
	}
	patterns = append(patterns, path.Join(path.Dir(from), path.Base(pattern)))
	for _, p := range patterns {
		if names, err := fs.Glob(n.keepalived.Files, p); err == nil && len(names) > 0 {
			return slices.DeleteFunc(names, func(name string) bool {
				info, err := fs.Stat(n.keepalived.Files, name)
				return err == nil && info.IsDir()
			})
		}
	}
	return nil
}

// shortened is a machine's path as it may lie in a folder: whole, without etc,
// without the daemon's folder, and the name alone.
func shortened(name string) []string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	list := []string{name}
	for _, prefix := range []string{"etc/", "etc/keepalived/", "etc/haproxy/", "usr/local/bin/", "usr/local/sbin/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			list = append(list, rest)
		}
	}
	return list
}

// script reads the files that a command runs, where they were handed in.
func (n node) script(command string, into map[string]facts.ScriptFile) {
	for _, word := range strings.Fields(strings.Trim(command, `"'`)) {
		word = strings.Trim(word, `"'`)
		if !path.IsAbs(word) {
			continue
		}
		if _, ok := into[word]; ok {
			continue
		}
		for _, root := range n.roots {
			if f, ok := root.scriptFile(word); ok {
				if n.record != nil { // the folder's own modes are another user's
					e, _ := n.record.Entry(word)
					f.OthersWrite = e.OthersWrite()
				}
				into[word] = f
				break
			}
		}
	}
}

func (p Place) scriptFile(word string) (facts.ScriptFile, bool) {
	for _, name := range append(shortened(word), path.Base(word), path.Join("scripts", path.Base(word))) {
		full := path.Join(p.Name, name)
		info, err := fs.Stat(p.Files, full)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := source.Read(p.Files, full)
		if err != nil {
			continue // a program, not a script
		}
		open := info.Mode().Perm()&0o002 != 0
		if dir, err := fs.Stat(p.Files, path.Dir(full)); err == nil {
			open = open || dir.Mode().Perm()&0o002 != 0
		}
		return facts.ScriptFile{Name: p.show(full), Text: text, OthersWrite: open}, true
	}
	return facts.ScriptFile{}, false
}

// sysctls reads what the machine's own files set.
func (n node) sysctls() map[string]facts.Value[string] {
	found := map[string]facts.Value[string]{}
	for _, root := range slices.Backward(n.roots) {
		for _, pattern := range []string{"etc/sysctl.conf", "etc/sysctl.d/*.conf", "sysctl.conf", "sysctl.d/*.conf"} {
			names, _ := fs.Glob(root.Files, path.Join(root.Name, pattern))
			for _, name := range names {
				text, err := source.Read(root.Files, name)
				if err != nil {
					continue
				}
				line := 0
				for l := range strings.SplitSeq(text, "\n") {
					line++
					key, value, ok := strings.Cut(strings.TrimLeft(l, " \t-"), "=")
					if key = strings.TrimSpace(key); ok && key != "" && key[0] != '#' && key[0] != ';' {
						key = strings.ReplaceAll(key, "/", ".")
						found[key] = facts.Value[string]{V: strings.TrimSpace(value), Set: true, At: source.Pos{File: root.show(name), Line: line, Col: 1}}
					}
				}
			}
		}
	}
	if n.record != nil { // what is in force
		for key, value := range n.record.Sysctls {
			found[key] = facts.Value[string]{V: value, Set: true, At: source.Pos{File: n.roots[0].show(path.Join(n.roots[0].Name, inventory.File)), Line: 1, Col: 1}}
		}
	}
	return found
}

// kindOf says which daemon a file is for, by its name or else by its words.
func kindOf(p Place) (string, error) {
	base := strings.ToLower(path.Base(p.Name))
	switch {
	case strings.Contains(base, "keepalived"), strings.Contains(base, "vrrp"):
		return "keepalived", nil
	case strings.Contains(base, "haproxy"):
		return "haproxy", nil
	}
	text, err := p.text(p.Name, &placeholders{})
	switch {
	case err != nil:
		return "", err
	case strings.Contains(text, "vrrp_instance"):
		return "keepalived", nil
	case strings.Contains(text, "frontend ") || strings.Contains(text, "listen ") || strings.Contains(text, "backend "):
		return "haproxy", nil
	}
	return "", source.Errorf(source.Pos{File: p.show(p.Name)}, "it is neither a haproxy.cfg nor a keepalived.conf: it has no frontend, listen or backend and no vrrp_instance")
}

// nodeName is the i-th node's name where no folder has one.
func nodeName(i int) string { return fmt.Sprintf("node%d", i+1) }
