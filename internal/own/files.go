package own

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/adapt"
	"halab/internal/daemonconf/named"
	"halab/internal/engine"
	"halab/internal/topology"
)

// furnish collects the files of a machine, and what identifies them. A file that is
// made up counts by what it is for, not by its text: a certificate is another one each
// time.
func (m *Machine) furnish(t daemonconf.Tree, a adapt.Lab, made Make) error {
	whole, proxy, vrrp := sum{}, sum{}, sum{}
	for _, f := range t.Files {
		m.Files = append(m.Files, engine.File{Path: f.Path, Mode: readable(f.Mode), Text: f.Text})
		what := fmt.Sprintf("%s %o %s %s %x", f.Path, f.Mode, f.Owner, f.Group, sha256.Sum256(f.Text))
		whole.add(what)
		switch {
		case f.Path == t.Keepalived, strings.HasPrefix(f.Path, "/etc/keepalived/") && f.Mode&0o111 == 0:
			vrrp.add(what) // a script is read whenever it runs
		case !strings.HasPrefix(f.Path, "/etc/keepalived/"):
			proxy.add(what)
		}
		if f.Owner != "" && (f.Owner != "root" || f.Group != "root") {
			m.Owners = append(m.Owners, agentapi.OwnOwner{Path: f.Path, Owner: f.Owner, Group: f.Group})
		}
	}
	for _, f := range a.Files {
		if f.Node != m.Name {
			continue
		}
		text, err := made(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		what := fmt.Sprintf("%s %s %v", f.Path, f.Kind, f.Names)
		whole.add(what)
		proxy.add(what)
		at := path.Clean(f.Path)
		if f.Kind == named.CertList {
			pem := at + ".made.pem"
			m.Files = append(m.Files, engine.File{Path: pem, Mode: 0o600, Text: text})
			text = []byte(pem + "\n")
		}
		// What is replaced stands there already, and the later one is what stays.
		m.Files = append(slices.DeleteFunc(m.Files, func(have engine.File) bool { return have.Path == at }), engine.File{Path: at, Mode: 0o644, Text: text})
	}
	m.Marks = map[topology.Service]engine.Mark{
		topology.ServiceNode:       {Whole: whole.text(), Daemon: "-"},
		topology.ServiceHAProxy:    {Whole: whole.text(), Daemon: proxy.text()},
		topology.ServiceKeepalived: {Whole: whole.text(), Daemon: vrrp.text()},
	}
	return nil
}

// readable is a file's mode on the machine. One that only its owner reads on the
// user's own disk is still root's there.
func readable(mode fs.FileMode) fs.FileMode { return mode.Perm() | 0o400 }

// sum collects what identifies files.
type sum []string

func (s *sum) add(what string) { *s = append(*s, what) }

func (s *sum) text() string {
	slices.Sort(*s)
	all := sha256.Sum256([]byte(strings.Join(*s, "\n")))
	return hex.EncodeToString(all[:6])
}
