package daemonconf

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/source"
)

// folder finds the nodes of a folder. It is a node itself where it has a
// daemon's file; where folders below it have, those are the nodes, and the files
// at the top are common to all.
func folder(p Place) ([]node, error) {
	entries, err := fs.ReadDir(p.Files, p.Name)
	if err != nil {
		return nil, source.Errorf(source.Pos{File: p.show(p.Name)}, "it can't be read: %v", err)
	}
	own, err := p.direct()
	if err != nil {
		return nil, err
	}
	var list []node
	for _, e := range entries {
		sub := p
		sub.Name = path.Join(p.Name, e.Name())
		if info, err := fs.Stat(p.Files, sub.Name); err != nil || !info.IsDir() || slices.Contains(systemFolders(), e.Name()) {
			continue
		}
		n, err := sub.direct()
		if err != nil {
			return nil, err
		}
		if n.empty() {
			continue
		}
		n.name = e.Name()
		n.roots = append(n.roots, p)
		if n.keepalived == nil {
			n.keepalived = own.keepalived
		}
		if len(n.haproxy) == 0 {
			n.haproxy = own.haproxy
		}
		list = append(list, n)
	}
	if len(list) > 0 {
		return list, nil
	}
	if list, err := flat(p, entries); err != nil || len(list) > 0 {
		return list, err
	}
	if own.empty() {
		return nil, source.Errorf(source.Pos{File: p.show(p.Name)}, "there is no haproxy.cfg and no keepalived.conf in it, nor in the folders below it")
	}
	own.name = p.Label
	if own.record != nil {
		own.name = own.record.Name
	}
	return []node{own}, nil
}

// systemFolders are what a machine's root has, so no nodes.
func systemFolders() []string {
	return []string{"etc", "usr", "opt", "haproxy", "keepalived", "scripts", "conf.d"}
}

func (n node) empty() bool { return n.keepalived == nil && len(n.haproxy) == 0 }

// direct finds a node's own files: those that halab import found the daemons to
// read, or else as on the machine, or flat.
func (p Place) direct() (node, error) {
	n := node{roots: []Place{p}}
	r, err := inventory.Read(p.Files, p.Name)
	if e, ok := err.(*source.Error); ok {
		e.File = p.show(e.File)
	}
	if err != nil || r != nil {
		return p.imported(r), err
	}
	at := p.file
	for _, dir := range []string{"etc/keepalived", "keepalived", ""} {
		if n.keepalived = at(path.Join(dir, "keepalived.conf")); n.keepalived != nil {
			break
		}
	}
	for _, dir := range []string{"etc/haproxy", "haproxy", ""} {
		if one := at(path.Join(dir, "haproxy.cfg")); one != nil {
			n.haproxy = append(n.haproxy, *one)
		}
		patterns := []string{"conf.d/*.cfg"}
		if len(n.haproxy) == 0 && dir != "" {
			patterns = []string{"*.cfg", "conf.d/*.cfg"}
		}
		for _, pattern := range patterns { // as -f FOLDER takes them: in the order of their names
			names, _ := fs.Glob(p.Files, path.Join(p.Name, dir, pattern))
			for _, name := range names {
				n.haproxy = append(n.haproxy, Place{Files: p.Files, Shown: p.Shown, Name: name})
			}
		}
		if len(n.haproxy) > 0 {
			break
		}
	}
	return n, nil
}

// file is a file below a place, nil where there is none.
func (p Place) file(name string) *Place {
	full := path.Join(p.Name, name)
	if info, err := fs.Stat(p.Files, full); err != nil || info.IsDir() {
		return nil
	}
	return &Place{Files: p.Files, Shown: p.Shown, Name: full}
}

// imported is a node of halab import, which says what its daemons read.
func (p Place) imported(r *inventory.Record) node {
	n := node{roots: []Place{p}, record: r}
	if r == nil {
		return n
	}
	if len(r.Keepalived.Files) > 0 {
		n.keepalived = p.file(inventory.Local(r.Keepalived.Files[0]))
	}
	for _, name := range r.HAProxy.Files {
		if one := p.file(inventory.Local(name)); one != nil {
			n.haproxy = append(n.haproxy, *one)
		}
	}
	return n
}

// flat finds pairs that lie beside each other: lb1-haproxy.cfg, lb1-keepalived.conf,
// keepalived-master.conf. A haproxy.cfg without a node's name is common to all.
func flat(p Place, entries []fs.DirEntry) ([]node, error) {
	var files []Place
	named := false
	for _, e := range entries {
		base := strings.ToLower(e.Name())
		if e.IsDir() || path.Ext(base) != ".cfg" && path.Ext(base) != ".conf" || !strings.Contains(base, "haproxy") && !strings.Contains(base, "keepalived") {
			continue
		}
		one := p
		one.Name = path.Join(p.Name, e.Name())
		files = append(files, one)
		named = named || strings.Contains(base, "keepalived") && rest(base) != ""
	}
	if !named {
		return nil, nil
	}
	return pair(files)
}

// rest is what of a file's name is the node's: lb1 of lb1-haproxy.cfg.
func rest(base string) string {
	base = strings.TrimSuffix(base, path.Ext(base))
	for _, word := range []string{"haproxy", "keepalived"} {
		base = strings.Replace(base, word, "", 1)
	}
	return strings.Trim(base, "-_.")
}

// pair puts single files together: by folder, else by the rest of their names,
// else by their order. One file of a kind is common to all nodes.
func pair(files []Place) ([]node, error) {
	byKind := map[string][]Place{}
	for _, f := range files {
		kind, err := kindOf(f)
		if err != nil {
			return nil, err
		}
		byKind[kind] = append(byKind[kind], f)
	}
	k, h := byKind["keepalived"], byKind["haproxy"]
	if len(k) > 1 && len(h) > 1 && len(k) != len(h) {
		return nil, source.Errorf(source.Pos{File: h[0].show(h[0].Name)}, "%d haproxy.cfg and %d keepalived.conf do not make pairs; give a folder for each node", len(h), len(k))
	}
	var list []node
	for i := range max(len(k), len(h)) {
		n := node{name: nodeName(i), loose: true}
		var first Place
		if len(k) > 0 {
			n.keepalived = &k[min(i, len(k)-1)]
			first = *n.keepalived
		}
		if mine := match(h, first, i); mine != nil {
			n.haproxy = []Place{*mine}
			if len(k) < 2 {
				first = *mine
			}
		}
		if name := first.owner(append(slices.Clone(k), h...)); name != "" {
			n.name = name
		}
		top := first
		top.Name = path.Dir(first.Name)
		n.roots = []Place{top}
		list = append(list, n)
	}
	return list, nil
}

// match finds the haproxy.cfg that belongs to a keepalived.conf.
func match(h []Place, k Place, i int) *Place {
	if len(h) < 2 {
		for n := range h {
			return &h[n]
		}
		return nil
	}
	for n := range h {
		if k.Files != nil && h[n].folder() == k.folder() && rest(strings.ToLower(path.Base(h[n].Name))) == rest(strings.ToLower(path.Base(k.Name))) {
			return &h[n]
		}
	}
	return &h[i]
}

func (p Place) folder() string { return path.Dir(p.show(p.Name)) }

// owner names the node that a file belongs to: the rest of its name, else its
// folder where the files lie in several.
func (p Place) owner(all []Place) string {
	if name := rest(path.Base(p.Name)); name != "" {
		return name
	}
	for _, q := range all {
		if q.folder() != p.folder() {
			return nodeFolder(p.folder())
		}
	}
	return ""
}

// nodeFolder is lb1 of mine/lb1/etc/keepalived.
func nodeFolder(dir string) string {
	for slices.Contains(systemFolders(), path.Base(dir)) {
		dir = path.Dir(dir)
	}
	if base := path.Base(dir); base != "." && base != "/" {
		return base
	}
	return ""
}
