package daemonconf

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/named"
	"halab/internal/daemonconf/source"
)

// Tree is what a node's files are on its machine.
type Tree struct {
	Node       string
	HAProxy    []string // its own files, in the order in which it reads them
	Keepalived string   // "" where there is none
	Files      []TreeFile
}

// TreeFile is a file at the path that it has on the machine.
type TreeFile struct {
	Path         string
	Text         []byte
	Mode         fs.FileMode
	Owner, Group string // "" where nobody knows
}

// Has says whether the machine's file was handed in.
func (t Tree) Has(name string) bool {
	return slices.ContainsFunc(t.Files, func(f TreeFile) bool { return f.Path == path.Clean(name) })
}

// Most files and bytes of a node's folder: more is somebody's home, not a pair's
// configuration.
const (
	mostFiles = 4096
	mostBytes = 64 << 20
)

// Trees reads the files of the nodes that Load has read from the same places.
func Trees(places []Place, nodes []facts.Node) ([]Tree, error) {
	found, err := find(places)
	if err != nil {
		return nil, err
	}
	var list []Tree
	for i, n := range found {
		t, err := n.tree(nodes[i])
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// growing is a tree that is being read.
type growing struct {
	node
	Tree
	bytes int
}

func (n node) tree(f facts.Node) (Tree, error) {
	g := growing{node: n, Tree: Tree{Node: f.Name}}
	for _, p := range n.haproxy {
		at := n.place(p, "/etc/haproxy")
		g.HAProxy = append(g.HAProxy, at)
		if err := g.take(p, at); err != nil {
			return g.Tree, err
		}
	}
	if n.keepalived != nil {
		g.Keepalived = n.place(*n.keepalived, "/etc/keepalived")
		if err := g.take(*n.keepalived, g.Keepalived); err != nil {
			return g.Tree, err
		}
	}
	if !n.loose {
		for i, root := range n.roots {
			if err := g.walk(root, i == 0); err != nil {
				return g.Tree, err
			}
		}
	}
	return g.Tree, g.named(f)
}

// place is where a file is on the machine: as in its folder, where that is laid out
// like a machine, or else in the daemon's own folder.
func (n node) place(p Place, folder string) string {
	for _, root := range n.roots {
		if at := machinePath(root, p.Name); at != "" {
			return at
		}
	}
	name := path.Base(p.Name)
	switch {
	case path.Base(path.Dir(p.Name)) == "conf.d":
		name = "conf.d/" + name
	case folder == "/etc/haproxy":
		name = "haproxy.cfg"
	default:
		name = "keepalived.conf"
	}
	return path.Join(folder, name)
}

// machinePath is that of a file below a root, or "" where the root is not laid out
// like a machine there.
func machinePath(root Place, name string) string {
	rel, below := strings.CutPrefix(name, root.Name+"/")
	if root.Name == "." {
		rel, below = name, true
	}
	first, rest, deep := strings.Cut(rel, "/")
	switch {
	case !below || !deep:
		return ""
	case slices.Contains([]string{"etc", "usr", "opt", "var", "root", "home", "srv", "run", "bin", "sbin", "lib"}, first):
		return "/" + rel
	case first == "haproxy", first == "keepalived":
		return "/etc/" + first + "/" + rest
	}
	return ""
}

// walk takes every file of a root that is laid out like a machine. Of the node's own
// folder, what lies beside its two files is beside them on the machine too.
func (g *growing) walk(root Place, own bool) error {
	return fs.WalkDir(root.Files, root.Name, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		p := Place{Files: root.Files, Shown: root.Shown, Name: name}
		if at := machinePath(root, name); at != "" {
			return g.take(p, at)
		}
		rel, below := strings.CutPrefix(name, root.Name+"/")
		if !own || !below || path.Base(name) == inventory.File {
			return nil
		}
		if path.Ext(rel) != ".conf" {
			return g.take(p, path.Join("/etc/haproxy", rel))
		}
		return g.take(p, path.Join("/etc/keepalived", rel))
	})
}

// named takes the files that the configuration names and that lie elsewhere in the
// folder: check.sh for /etc/keepalived/scripts/check.sh.
func (g *growing) named(f facts.Node) error {
	names := map[string]bool{}
	for name := range f.Scripts {
		names[name] = true
	}
	folder := ""
	if f.Machine != nil {
		folder = f.Machine.HAProxy.Folder
	}
	for _, file := range named.HAProxy(f.HAProxy.Files, cmp.Or(folder, "/")).Files {
		names[file.Path] = true
	}
	for name := range names {
		if g.Has(name) || !path.IsAbs(name) {
			continue
		}
		if p := g.lying(name); p != nil {
			if err := g.take(*p, name); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(g.Files, func(a, b TreeFile) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// lying finds a file of the machine in the node's folders, nil where it is in none.
func (n node) lying(name string) *Place {
	for _, root := range n.roots {
		for _, short := range append(shortened(name), path.Base(name), path.Join("scripts", path.Base(name))) {
			if p := root.file(short); p != nil {
				return p
			}
		}
	}
	return nil
}

// take reads a file, once.
func (g *growing) take(p Place, at string) error {
	if g.Has(at) {
		return nil
	}
	info, err := fs.Stat(p.Files, p.Name)
	if err != nil || !info.Mode().IsRegular() {
		return nil // a link out of the folder, a pipe: nothing to copy
	}
	if g.bytes += int(info.Size()); g.bytes > mostBytes || len(g.Files) == mostFiles {
		return source.Errorf(source.Pos{File: p.show(p.Name)}, "the folder of %s has more than %d files or %d MiB: give one with its configuration alone", g.Node, mostFiles, mostBytes>>20)
	}
	text, err := fs.ReadFile(p.Files, p.Name)
	if err != nil {
		return source.Errorf(source.Pos{File: p.show(p.Name)}, "it can't be read: %v", err)
	}
	f := TreeFile{Path: path.Clean(at), Text: text, Mode: info.Mode().Perm()}
	if g.record != nil {
		if e, ok := g.record.Entry(at); ok {
			f.Owner, f.Group = e.Owner, e.Group
			if mode, err := strconv.ParseUint(e.Mode, 8, 32); err == nil {
				f.Mode = fs.FileMode(mode) & fs.ModePerm
			}
		}
	}
	g.Files = append(g.Files, f)
	return nil
}
