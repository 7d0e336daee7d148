package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// halab import reads two machines by a real ssh, one of them through the other
// and as a user who is not root: no secret leaves them, nothing on them changes,
// and what is written is what the daemons there run with.
func TestImport(t *testing.T) {
	r := newMachines(t)
	mine := r.path("mine")
	before := map[string][]string{}
	for _, m := range machines {
		before[m.name] = r.listing(m.name)
	}
	r.lab.Refuse(t, 1, []string{"lb2: /etc/keepalived/keepalived.conf can't be read by joe: Permission denied", "--sudo"}, "import", "lb1", "lb2", "-o", mine)
	if _, err := os.Stat(mine); err == nil {
		t.Error("half an import is left")
	}
	imported := r.lab.Run(t, "import", "lb1", "lb2", "--sudo", "-o", mine)
	Says(t, imported, "lb1  keepalived 2.2.7, HAProxy 2.6.12", "replaced", "private key", "halab lint")
	r.lab.Refuse(t, 2, []string{"is there already"}, "import", "lb1", "-o", mine)
	again := r.lab.Run(t, "import", "lb1", "--sudo", "-o", r.path("again"), "--json")
	r.refusals()

	for _, m := range machines {
		if diff := difference(before[m.name], r.listing(m.name)); len(diff) > 0 {
			t.Errorf("%s is not as it was:\n%s", m.name, strings.Join(diff, "\n"))
		}
	}
	written, crossed := r.everything(mine)+r.everything(r.path("again")), r.crossed()
	if !strings.Contains(crossed, "vrrp_instance web") || !strings.Contains(written, "vrrp_instance web") || len(r.keys) != 4 {
		t.Fatalf("the test looks in the wrong place: %d lines of keys", len(r.keys))
	}
	for _, secret := range append(slices.Clone(secrets), r.keys...) {
		if strings.Contains(crossed, secret) {
			t.Errorf("%q crossed the connection", secret)
		}
		if strings.Contains(written+imported.All()+again.All(), secret) {
			t.Errorf("%q is in what was written", secret)
		}
	}
	r.faithful(mine)
	r.runs(mine)
	lint := r.lab.Run(t, "lint", mine)
	Says(t, lint, "10.198.91.100 on lb1, lb2, held by lb1", "keepalived 2.2.7")
	var doc struct{ Nodes []struct{ Name string } }
	if err := json.Unmarshal([]byte(again.Stdout), &doc); err != nil || len(doc.Nodes) != 1 || doc.Nodes[0].Name != "lb1" {
		t.Errorf("%v: %s", err, again.Stdout)
	}
}

// refusals are machines that can't be imported.
func (r *machineRig) refusals() {
	r.t.Helper()
	for host, words := range map[string][]string{
		"closed":   {"closed: it is unreachable", "Connection refused"},
		"stranger": {"stranger: it lets nobody in without a question", "ssh-copy-id"},
		"plain":    {"plain has neither HAProxy nor keepalived"},
	} {
		r.lab.Refuse(r.t, 1, words, "import", host, "-o", r.path("none"))
	}
	r.lab.Refuse(r.t, 2, []string{"does not begin with a dash"}, "import", "-o", r.path("none"), "--", "-oProxyCommand=touch${IFS}"+r.path("ran"))
	for _, name := range []string{"none", "ran"} {
		if _, err := os.Stat(r.path(name)); err == nil {
			r.t.Errorf("%s is there", name)
		}
	}
}

// everything is the text of all files below a folder.
func (r *machineRig) everything(folder string) string {
	r.t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		all.Write(text)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all.String()
}

// faithful compares the files with those of the machines: without secrets they
// are the same byte for byte, with them they have the same lines and lengths, and
// what is equal on both machines is equal in the folder.
func (r *machineRig) faithful(mine string) {
	r.t.Helper()
	read := func(node, name string) string {
		text, err := os.ReadFile(filepath.Join(mine, node, "etc", name))
		if err != nil {
			r.t.Error(err)
		}
		return string(text)
	}
	for _, name := range []string{"haproxy/blocked.lst", "haproxy/errors/503.http", "keepalived/check.sh", "keepalived/keepalived.conf"} {
		if got := read("lb1", name); got != r.read("lb1/etc/"+name) {
			r.t.Errorf("%s is another file:\n%s", name, got)
		}
	}
	for _, name := range []string{"haproxy/haproxy.cfg", "haproxy/conf.d/shop.cfg", "keepalived/conf.d/web.conf", "keepalived/tell.sh"} {
		one, two, there := read("lb1", name), read("lb2", name), r.read("lb1/etc/"+name)
		if one != two {
			r.t.Errorf("%s is the same on both machines, and not in the folder:\n%s\n%s", name, one, two)
		}
		if len(one) != len(there) || one == there {
			r.t.Errorf("%s has %d bytes of %d:\n%s", name, len(one), len(there), one)
		}
	}
	var record struct {
		Interfaces []struct {
			Name      string
			Addresses []string
		}
		Keepalived struct{ Running bool }
		HAProxy    struct {
			User  string
			Files []string
		}
	}
	text, err := os.ReadFile(filepath.Join(mine, "lb2", "halab-import.json"))
	if err != nil || json.Unmarshal(text, &record) != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
	eth0 := slices.ContainsFunc(record.Interfaces, func(i struct {
		Name      string
		Addresses []string
	}) bool {
		return i.Name == "eth0" && slices.Contains(i.Addresses, machinePrefix+".12/24")
	})
	if !eth0 || !record.Keepalived.Running || record.HAProxy.User != "haproxy" || strings.Join(record.HAProxy.Files, " ") != "/etc/haproxy/haproxy.cfg /etc/haproxy/conf.d/shop.cfg" {
		r.t.Errorf("the record says %+v", record)
	}
}

// runs has both daemons test the folder's files on a machine without any.
func (r *machineRig) runs(mine string) {
	r.t.Helper()
	command(r.t, "docker", "cp", filepath.Join(mine, "lb1", "etc")+"/.", machine("plain")+":/etc")
	out := r.inside("plain", "haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d && keepalived -t -i lb1 -f /etc/keepalived/keepalived.conf && echo both take it")
	if !strings.Contains(out, "both take it") {
		r.t.Error(out)
	}
}

// difference lists the lines that only one of two lists has.
func difference(a, b []string) []string {
	var diff []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			diff = append(diff, "- "+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			diff = append(diff, "+ "+l)
		}
	}
	return diff
}
