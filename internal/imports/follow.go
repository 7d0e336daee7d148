package imports

import (
	"errors"
	"path"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/named"
)

// keepalived takes keepalived's file, what it includes, and what it runs.
func (t *taker) keepalived(d *inventory.Daemon, root string) error {
	if len(d.Files) == 0 {
		return nil
	}
	if _, err := t.main(root, d.Files[0]); err != nil {
		return err
	}
	conf, err := keepalivedconf.Load(d.Files[0], keepalivedconf.Options{
		ID:   t.node.Record.ID(),
		Show: func(name string) string { return name },
		Open: func(name string) (string, error) {
			c, err := t.want(config, root, name)
			t.err = errors.Join(t.err, err)
			return c.text, err
		},
		Glob: func(from, pattern string) []string {
			if !path.IsAbs(pattern) {
				pattern = path.Join(path.Dir(from), pattern)
			}
			lines, err := t.ask("glob", root, pattern)
			t.err = errors.Join(t.err, err)
			var found []string
			for _, l := range lines {
				found = append(found, strings.TrimPrefix(l, "/"))
			}
			return found
		},
	})
	if t.err != nil {
		return t.err
	}
	if err != nil {
		t.missing("what "+d.Files[0]+" names", "it can't be read as keepalived does: "+err.Error())
		return nil
	}
	k := facts.ReadKeepalived(conf, d.Files[0], facts.Version(d.Version))
	for _, b := range conf.Missing {
		t.missing(b.Word(1), "include finds no file")
	}
	for _, tr := range k.Trackers {
		if tr.Kind == "file" && tr.Path != "" {
			if _, err := t.want(named.State, root, tr.Path); err != nil {
				return err
			}
		}
	}
	if err := t.commands(named.Commands(k), root); err != nil {
		return err
	}
	users := []string{"keepalived_script", k.Global.ScriptUser.V}
	for _, s := range k.Scripts {
		users = append(users, s.User.V)
	}
	return t.accounts(users)
}

// commands looks for the programs of checks and notify scripts, and takes those
// that are text.
func (t *taker) commands(list []named.Command, root string) error {
	r := &t.node.Record
	for _, c := range list {
		if _, known := r.Program(c.Program); !known {
			lines, err := t.ask("program", root, c.Program)
			if err != nil {
				return err
			}
			if where, known := readProgram(lines); known {
				r.Programs = append(r.Programs, inventory.Program{Name: c.Program, Path: where})
			}
		}
		for _, f := range c.Files {
			got, err := t.take(f.Kind, root, f.Path)
			if err != nil {
				return err
			}
			if got.why != "" && got.why != "it is binary" {
				t.missing(f.Path, got.why)
			}
		}
	}
	return nil
}

func (t *taker) accounts(names []string) error {
	r := &t.node.Record
	for _, name := range names {
		if _, known := r.Account(name); known || name == "" {
			continue
		}
		lines, err := t.ask("user", "", name)
		if err != nil {
			return err
		}
		r.Accounts = append(r.Accounts, inventory.Account{Name: name, Present: len(lines) > 0})
	}
	return nil
}

// haproxy takes HAProxy's files and what they name.
func (t *taker) haproxy(d *inventory.Daemon, root string) error {
	var files []*haproxyconf.File
	var all, users []string
	for _, name := range d.Files {
		c, err := t.main(root, name)
		if err != nil {
			return err
		}
		list := []string{name}
		if c.kind == "folder" { // -f FOLDER: all *.cfg of it, by name
			list = nil
			for _, n := range c.names {
				if strings.HasSuffix(n, ".cfg") && n[0] != '.' {
					list = append(list, path.Join(name, n))
				}
			}
		}
		for _, n := range list {
			if c, err = t.main(root, n); err != nil {
				return err
			}
			all = append(all, n)
			f, err := haproxyconf.Parse(n, c.text, facts.Version(d.Version), nil)
			if err != nil {
				t.missing("what "+n+" names", "it can't be read as HAProxy does: "+err.Error())
				continue
			}
			files = append(files, f)
			users = append(users, runsAs(f)...)
		}
	}
	d.Files = append([]string{}, all...)
	if len(files) == 0 {
		return nil
	}
	names := named.HAProxy(files, d.Folder)
	for queue := names.Files; len(queue) > 0; queue = queue[1:] {
		more, err := t.named(names, queue[0], root)
		if err != nil {
			return err
		}
		queue = append(queue, more...)
	}
	return t.accounts(users)
}

// runsAs is the user that HAProxy's file gives it.
func runsAs(f *haproxyconf.File) []string {
	for _, s := range f.Sections {
		for _, l := range s.Lines {
			if s.Kind() == "global" && l.Word(0) == "user" {
				return []string{l.Word(1)}
			}
		}
	}
	return nil
}

// named takes one file that HAProxy's files name, and gives those that it names.
func (t *taker) named(names *named.Names, f named.File, root string) (more []named.File, err error) {
	if !path.IsAbs(f.Path) {
		t.missing(f.Path, "its path is relative, and HAProxy's folder is not known")
		return nil, nil
	}
	c, err := t.want(f.Kind, root, f.Path)
	switch {
	case err != nil || c.why != "":
		return nil, err
	case c.kind == "folder":
		for _, n := range c.names {
			more = append(more, named.File{Kind: f.Kind, Path: path.Join(f.Path, n), At: f.At})
		}
	case f.Kind == named.CertList:
		return names.InList(f, c.text), nil
	case f.Kind == named.Certificate && !c.key:
		// Its key may lie beside it: site.pem.key, site.key.
		for _, name := range []string{f.Path + ".key", strings.TrimSuffix(f.Path, path.Ext(f.Path)) + ".key"} {
			if got, err := t.take(named.Key, root, name); err != nil || got.kind != "" {
				return nil, err
			}
		}
	}
	return more, nil
}
