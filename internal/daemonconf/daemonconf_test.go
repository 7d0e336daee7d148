package daemonconf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const (
	vrrp  = "vrrp_instance a {\n interface eth0\n virtual_router_id 7\n virtual_ipaddress {\n 192.0.2.10\n }\n}\n"
	proxy = "frontend web\n bind :80\n"
)

func folderOf(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

func nodes(t *testing.T, files map[string]string, paths ...string) string {
	t.Helper()
	m := folderOf(files)
	var places []Place
	for _, p := range paths {
		places = append(places, Place{Files: m, Name: p, Label: "here"})
	}
	v, _ := BaseVersions("debian12")
	list, err := Load(places, v)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprintf("%s:%d:%d", n.Name, len(n.Keepalived.Instances), len(n.HAProxy.Proxies)))
	}
	return strings.Join(out, " ")
}

func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		files []string
		paths []string
		want  string
	}{
		{[]string{"lb1/etc/haproxy/haproxy.cfg", "lb1/etc/keepalived/keepalived.conf", "lb2/etc/haproxy/haproxy.cfg", "lb2/etc/keepalived/keepalived.conf"}, nil, "lb1:1:1 lb2:1:1"},
		{[]string{"lb1/haproxy.cfg", "lb1/keepalived.conf", "lb2/haproxy.cfg", "lb2/keepalived.conf"}, nil, "lb1:1:1 lb2:1:1"},
		{[]string{"haproxy.cfg", "lb1/keepalived.conf", "lb2/keepalived.conf"}, nil, "lb1:1:1 lb2:1:1"},
		{[]string{"haproxy.cfg", "keepalived-master.conf", "keepalived-backup.conf"}, nil, "backup:1:1 master:1:1"},
		{[]string{"a-haproxy.cfg", "a-keepalived.conf", "b-haproxy.cfg", "b-keepalived.conf"}, nil, "a:1:1 b:1:1"},
		{[]string{"etc/haproxy/haproxy.cfg", "etc/keepalived/keepalived.conf"}, nil, "here:1:1"},
		{[]string{"lb1/haproxy/conf.d/a.cfg", "lb1/haproxy/conf.d/b.cfg", "lb1/keepalived.conf"}, nil, "lb1:1:2"},
		{[]string{"x/haproxy.cfg", "x/keepalived.conf", "y/haproxy.cfg", "y/keepalived.conf"},
			[]string{"x/haproxy.cfg", "x/keepalived.conf", "y/haproxy.cfg", "y/keepalived.conf"}, "x:1:1 y:1:1"},
		{[]string{"1.cfg", "1.conf", "2.cfg", "2.conf"}, []string{"1.cfg", "1.conf", "2.cfg", "2.conf"}, "1:1:1 2:1:1"},
		{[]string{"readme.txt"}, nil, ".: there is no haproxy.cfg and no keepalived.conf in it, nor in the folders below it"},
		{[]string{"a/keepalived.conf"}, []string{"a", "a"}, "here:1:0 here:1:0"},
	} {
		files := map[string]string{}
		for _, name := range c.files {
			files[name] = vrrp
			if strings.HasSuffix(name, ".cfg") {
				files[name] = proxy
			}
		}
		if c.paths == nil {
			c.paths = []string{"."}
		}
		got := nodes(t, files, c.paths...)
		if c.want == "here:1:0 here:1:0" {
			c.want = "here: two nodes have this name; name their folders after the machines"
		}
		if got != c.want {
			t.Errorf("%v %v: %s, not %s", c.files, c.paths, got, c.want)
		}
	}
}

// isTemplate says whether an error names the line and the placeholder: "2 ${STATE}".
func isTemplate(got, want string) bool {
	line, placeholder, _ := strings.Cut(want, " ")
	place, rest, _ := strings.Cut(got, ": ")
	return strings.Contains(place, ":"+line+":") && strings.HasPrefix(rest, "this is a template ("+placeholder+")")
}

func TestTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"state ${STATE}":                  "2 ${STATE}",
		"virtual_ipaddress {\n {{ vip }}": "3 {{ vip }}",
		"{% if x %}":                      "2 {%",
		"priority %PRIORITY%":             "2 %PRIORITY%",
		"interface <NIC>":                 "2 <NIC>",
		"192.0.2.1 <your vip here>":       "2 <your vip here>",
		"priority <%= @priority %>":       "2 <%=",
		"state STATE_PLACEHOLDER":         "2 STATE_PLACEHOLDER",

		"interface __NIC__":                   "2 __NIC__",
		"interface @NIC@":                     "2 @NIC@",
		"priority $PRIORITY":                  "2 $PRIORITY",
		"script \"curl https://${VIP}:8443\"": "2 ${VIP}",
		"# interface <NIC> ${X}":              "",
		"script \"x ${_PWD} </dev/tcp/a >b\"": "",
		"$P=101\npriority ${P}":               "",
		"script \"test $X\"":                  "",
	} {
		got := nodes(t, map[string]string{"keepalived.conf": "global_defs {\n" + text + "\n}\n" + vrrp}, ".")
		if want == "" && got != "here:1:0" || want != "" && !isTemplate(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
	for text, want := range map[string]string{
		"bind ${VIP}:80":                         "2 ${VIP}",
		"bind {{ vip }}:80":                      "2 {{ vip }}",
		"bind <VIP>:80":                          "2 <VIP>",
		"server a %HOST%:80":                     "2 %HOST%",
		"bind \"${VIP}:80\"":                     "",
		"log-format \"%HM %HP%HQ <%ci> %[src]\"": "",
		"http-request set-header X %[src]<a>":    "",
		"acl a path_reg ^/(?P<name>x)":           "",
		"bind :80 # {{ x }}":                     "",
	} {
		got := nodes(t, map[string]string{"haproxy.cfg": "frontend a\n" + text + "\n"}, ".")
		if want == "" && got != "here:0:1" || want != "" && !isTemplate(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// What is no configuration is refused at once, whatever it is.
func TestRefused(t *testing.T) {
	big := strings.Repeat("#", 5<<20)
	for text, want := range map[string]string{
		"a\x00b":                    "it is binary (byte 1 is zero)",
		big:                         "it has 5 MB; a configuration has at most 4",
		"include keepalived.conf\n": "does a file include itself",
	} {
		if got := nodes(t, map[string]string{"keepalived.conf": text}, "."); !strings.Contains(got, want) {
			t.Errorf("%.20q: %s", text, got)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "keepalived.conf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "keepalived.conf"), 100<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "haproxy.cfg")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for _, name := range []string{"keepalived.conf", "haproxy.cfg"} {
		if _, err := Load([]Place{{Files: os.DirFS(dir), Name: name}}, Versions{}); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("that took %s", took)
	}
}

// Scripts, includes and sysctls are found where they lie on the machine and
// where they lie flat.
func TestFinds(t *testing.T) {
	conf := "include /etc/keepalived/conf.d/*.conf\nvrrp_script c {\n script \"/etc/keepalived/c.sh -x\"\n}\n"
	for _, dir := range []string{"etc/keepalived/", ""} {
		m := folderOf(map[string]string{
			dir + "keepalived.conf": conf, dir + "conf.d/v.conf": vrrp, dir + "c.sh": "#!/bin/sh\n",
			"etc/sysctl.d/1.conf": "# x\nnet/ipv4/ip_nonlocal_bind = 1\n",
		})
		list, err := Load([]Place{{Files: m, Name: ".", Label: "n"}}, Versions{Keepalived: "2.2.7", HAProxy: "2.6.12"})
		if err != nil {
			t.Fatal(err)
		}
		n := list[0]
		if len(n.Keepalived.Instances) != 1 || n.Scripts["/etc/keepalived/c.sh"].Name == "" || !n.Nonlocal(false) || n.Nonlocal(true) {
			t.Errorf("%q: %+v", dir, n)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(vrrp, proxy)
	f.Fuzz(func(t *testing.T, k, h string) {
		var m fs.FS = folderOf(map[string]string{"keepalived.conf": k, "haproxy.cfg": h})
		_, err := Load([]Place{{Files: m, Name: ".", Label: "n"}}, Versions{Keepalived: "2.2.7", HAProxy: "2.6.12"})
		_ = err
	})
}
