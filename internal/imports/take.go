package imports

import (
	"fmt"
	"strings"

	"halab/internal/daemonconf/inventory"
	"halab/internal/daemonconf/named"
	"halab/internal/problem"
)

// Node is a machine that was read.
type Node struct {
	Record inventory.Record
	files  map[string]*taken // by path on the machine
	size   int               // bytes of all of them
}

// taken is a file as it goes into the folder.
type taken struct {
	kind    named.Kind
	text    string
	key     bool // it has a private key on the machine
	program bool // it may be run
}

// taker reads one machine.
type taker struct {
	*remote
	node *Node
	tell func(path string)
	sudo bool
	err  error // what ended the conversation, where a reader's callback met it
}

// limits of what one machine may have: its folder is for people.
const (
	mostFiles = 2000
	mostBytes = 64 << 20
)

func (t *taker) missing(what, why string) {
	m := inventory.Missing{What: what, Why: why}
	if why == denied && !t.sudo && t.node.Record.User != "root" {
		m.Cure = "halab import --sudo, or log in as root"
	}
	for _, have := range t.node.Record.Missing {
		if have.What == what {
			return
		}
	}
	t.node.Record.Missing = append(t.node.Record.Missing, m)
}

// denied and absent are why a file is missing, in the words of the host.
const (
	denied = "Permission denied"
	absent = "No such file or directory"
)

// take reads a file of the machine into the folder. What can't be had is noted;
// an error is the end of the conversation.
func (t *taker) take(kind named.Kind, root, name string) (content, error) {
	if have, ok := t.node.files[name]; ok {
		return content{kind: "file", text: have.text, key: have.key}, nil
	}
	t.tell(name)
	verb := "file"
	if kind == named.SessionKeys {
		verb = "keys"
	}
	lines, err := t.ask(verb, root, name)
	if err != nil {
		return content{}, err
	}
	c := readContent(lines)
	switch {
	case c.kind != "file" || c.why != "":
		return c, nil
	case len(t.node.files) >= mostFiles || t.node.size+len(c.text) > mostBytes:
		return c, fmt.Errorf("%s: its files name more than %d files or %d MB", t.host, mostFiles, mostBytes>>20)
	}
	t.node.size += len(c.text)
	t.node.files[name] = &taken{kind, c.text, c.key, strings.ContainsAny(c.mode, "1357")}
	r := &t.node.Record
	r.Files = append(r.Files, inventory.Entry{Path: name, Kind: string(kind), Mode: c.mode, Owner: c.owner, Group: c.group})
	for _, change := range c.changes {
		change.Path = name
		r.Replaced = append(r.Replaced, change)
	}
	return c, nil
}

// want takes a file that should be there.
func (t *taker) want(kind named.Kind, root, name string) (content, error) {
	c, err := t.take(kind, root, name)
	if err == nil && c.why != "" {
		t.missing(name, c.why)
	}
	return c, err
}

// main takes a daemon's first file, without which there is nothing to judge.
func (t *taker) main(root, name string) (content, error) {
	c, err := t.take(config, root, name)
	switch {
	case err != nil:
		return c, err
	case c.why == denied && t.sudo:
		return c, fmt.Errorf("%s: %s can't be read by root: %s", t.host, name, c.why)
	case c.why == denied:
		return c, problem.New("%s: %s can't be read by %s: %s", t.host, name, t.node.Record.User, c.why).
			Cure("let sudo do it, or log in as root", "halab import --sudo")
	case c.why != "":
		return c, fmt.Errorf("%s: %s can't be read: %s", t.host, name, c.why)
	}
	return c, nil
}

const config named.Kind = "configuration"
