package daemonconf

import (
	"fmt"
	"io/fs"
	"strings"

	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/haproxyconf"
	"halab/internal/daemonconf/keepalivedconf"
)

// Text reads the two files of a node that are handed in as text; one that is empty is
// not there, nor is what they include. Their names begin with the node's, as two nodes
// have files of one name.
func Text(name, keepalived, haproxy string, v Versions) (facts.Node, error) {
	n := facts.Node{Name: name, Scripts: map[string]facts.ScriptFile{}}
	if keepalived != "" {
		file := name + "/keepalived.conf"
		id, _, _ := strings.Cut(name, ".")
		conf, err := keepalivedconf.Load(file, keepalivedconf.Options{
			ID: id, Show: func(file string) string { return file },
			Open: func(asked string) (string, error) {
				if asked != file {
					return "", fmt.Errorf("%s: %w", asked, fs.ErrNotExist)
				}
				return keepalived, nil
			},
			Glob: func(string, string) []string { return nil },
		})
		if err != nil {
			return n, err
		}
		n.Keepalived = facts.ReadKeepalived(conf, file, v.Keepalived)
	}
	if haproxy != "" {
		f, err := haproxyconf.Parse(name+"/haproxy.cfg", haproxy, v.HAProxy, nil)
		if err != nil {
			return n, err
		}
		n.HAProxy = facts.ReadHAProxy([]*haproxyconf.File{f}, v.HAProxy)
	}
	return n, nil
}
