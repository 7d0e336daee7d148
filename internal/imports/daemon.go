package imports

import (
	"fmt"
	"path"
	"strings"

	"halab/internal/daemonconf/inventory"
	"halab/internal/problem"
)

// daemon finds out what a daemon reads: from its command line, or, where it does
// not run, from where distributions have it.
func (t *taker) daemon(name string, running []process, installed map[string]string) (inventory.Daemon, string, error) {
	d := inventory.Daemon{Version: installed[name], Files: []string{}}
	mine, user := choose(running, name)
	if len(mine) == 0 {
		files, err := t.usual(name)
		if len(files) > 0 {
			d.Files = files
			t.missing("the files that "+name+" reads", "it does not run: "+strings.Join(files, " ")+" is a guess")
		}
		return d, "", err
	}
	p := mine[0]
	if len(mine) > 1 {
		t.missing("another "+name, fmt.Sprintf("%d run here; this is the one with the process id %s", len(mine), p.pid))
	}
	d.Running, d.User, d.Folder, d.Args = true, p.user, p.folder, p.args
	if user != "" {
		d.User = user
	}
	if p.version != "" {
		d.Version = p.version
	}
	if name == "keepalived" {
		readKeepalivedArgs(&d)
	} else {
		readHAProxyArgs(&d)
	}
	for i, f := range d.Files {
		if !path.IsAbs(f) {
			if d.Folder == "" {
				return d, "", problem.New("%s: %s reads %s, seen from a folder that is not known", t.host, name, f).
					Cure("let sudo look, or log in as root", "halab import --sudo")
			}
			d.Files[i] = path.Join(d.Folder, f)
		}
	}
	return d, p.root, nil
}

// usual gives the files that distributions and images have a daemon read, as far
// as they are there.
func (t *taker) usual(name string) ([]string, error) {
	for _, folder := range []string{"/etc/", "/usr/local/etc/"} {
		file := folder + "haproxy/haproxy.cfg"
		if name == "keepalived" {
			file = folder + "keepalived/keepalived.conf"
		}
		lines, err := t.ask("entry", "", file)
		if err != nil {
			return nil, err
		}
		if c := readContent(lines); c.kind == "file" || c.why == denied {
			return []string{file}, nil
		}
	}
	return nil, nil
}

// readKeepalivedArgs takes the file and the id of "keepalived -f FILE -i ID".
func readKeepalivedArgs(d *inventory.Daemon) {
	d.Files = []string{"/etc/keepalived/keepalived.conf"}
	if id := option(d.Args, "-i", "--config-id"); id != "" {
		d.ConfigID = id
	}
	if file := option(d.Args, "-f", "--use-file"); file != "" {
		d.Files = []string{file}
	}
}

// option is the value of "-f VALUE", "-fVALUE", "--use-file VALUE" or
// "--use-file=VALUE".
func option(args []string, short, long string) string {
	for i, a := range args {
		switch {
		case (a == short || a == long) && i+1 < len(args):
			return args[i+1]
		case strings.HasPrefix(a, long+"="):
			return a[len(long)+1:]
		case strings.HasPrefix(a, short) && len(a) > len(short):
			return a[len(short):]
		}
	}
	return ""
}

// readHAProxyArgs takes the files of "haproxy -f FILE -f FOLDER -C DIR -- FILE".
func readHAProxyArgs(d *inventory.Daemon) {
	for i := 1; i < len(d.Args); i++ {
		switch a := d.Args[i]; {
		case a == "-f" && i+1 < len(d.Args):
			i++
			d.Files = append(d.Files, d.Args[i])
		case a == "-C" && i+1 < len(d.Args):
			i++
			d.Folder = d.Args[i]
		case a == "--":
			d.Files = append(d.Files, d.Args[i+1:]...)
			return
		}
	}
}
