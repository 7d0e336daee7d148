package own

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/daemonconf"
	"halab/internal/daemonconf/adapt"
	"halab/internal/engine"
	"halab/internal/topology"
)

// of reads a folder and makes its lab.
func of(t *testing.T, places ...daemonconf.Place) (Lab, []daemonconf.Tree) {
	t.Helper()
	v, _ := daemonconf.BaseVersions("debian12")
	nodes, err := daemonconf.Load(places, v)
	if err != nil {
		t.Fatal(err)
	}
	trees, err := daemonconf.Trees(places, nodes)
	if err != nil {
		t.Fatal(err)
	}
	has := func(node, path string) bool {
		return slices.ContainsFunc(trees, func(t daemonconf.Tree) bool { return t.Node == node && t.Has(path) })
	}
	l, err := Of(nodes, trees, adapt.Of(nodes, adapt.Options{Has: has}), func(f adapt.File) ([]byte, error) {
		return []byte("made: " + string(f.Kind)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, trees
}

// Every file of the examples comes into its node byte for byte, at the path that it
// has on the machine.
func TestFilesByteForByte(t *testing.T) {
	for _, example := range []string{"sound", "copied"} {
		root := filepath.Join("..", "..", "examples", "own-config", example)
		l, _ := of(t, daemonconf.Place{Files: os.DirFS(root), Name: ".", Label: example})
		count := 0
		for name, m := range l.Machines {
			for _, f := range m.Files {
				want, err := os.ReadFile(filepath.Join(root, name, f.Path))
				if err != nil || !bytes.Equal(want, f.Text) {
					t.Errorf("%s %s: %v, %d bytes instead of %d", name, f.Path, err, len(f.Text), len(want))
				}
				count++
			}
		}
		if count != 6 {
			t.Errorf("%s: %d files of 6", example, count)
		}
		c := l.Clusters[0]
		if len(l.Clusters) != 1 || c.VIP.Address.String() != "192.0.2.10" || len(c.Nodes) != 2 || fmt.Sprint(c.Listeners) != "[https://192.0.2.10:8443]" {
			t.Errorf("%s: %+v", example, l.Clusters)
		}
	}
}

const pair = `vrrp_instance OUT {
  interface %[1]s
  virtual_router_id 5
  priority %[3]d
  virtual_ipaddress {
    192.0.2.100/24
    192.0.2.101/24
  }
}
vrrp_instance IN {
  interface %[2]s
  virtual_router_id 6
  priority %[3]d
  virtual_ipaddress {
    198.51.100.100/24
  }
}
`

const proxy = `frontend web
  mode http
  bind 192.0.2.100:80
  bind 192.0.2.100:443 ssl crt /etc/haproxy/site.pem
  default_backend app
backend app
  mode http
  server a 198.51.100.7:8080 check
`

// A flat folder, two networks, three VIPs in two instances, and a certificate that
// nobody handed in.
func flat(advert string) fstest.MapFS {
	files := fstest.MapFS{"haproxy.cfg": {Data: []byte(proxy), Mode: 0o644}}
	for i, n := range []string{"lb1", "lb2"} {
		text := advert + fmt.Sprintf(pair, "ens192", "ens224", 100-i)
		files[n+"/keepalived.conf"] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return files
}

func TestSeveralNetworks(t *testing.T) {
	l, trees := of(t, daemonconf.Place{Files: flat(""), Name: "."})
	m := l.Machines["lb1"]
	var names []string
	for _, i := range m.Interfaces {
		names = append(names, fmt.Sprintf("%s/%d", i.Name, i.Segment))
	}
	if got := strings.Join(names, " "); got != "ens192/0 ens224/1" {
		t.Errorf("interfaces %s", got)
	}
	c := l.Clusters[0]
	if len(l.Clusters) != 1 || len(c.VIPs()) != 3 || c.VIPs()[2].RouterID != 6 {
		t.Errorf("%+v", l.Clusters)
	}
	if got := fmt.Sprint(c.Listeners); got != "[http://192.0.2.100:80 https://192.0.2.100:443]" {
		t.Errorf("listeners %s", got)
	}
	if trees[0].Keepalived != "/etc/keepalived/keepalived.conf" || !slices.Equal(trees[0].HAProxy, []string{"/etc/haproxy/haproxy.cfg"}) {
		t.Errorf("%+v", trees[0])
	}
	at := slices.IndexFunc(m.Files, func(f engine.File) bool { return f.Path == "/etc/haproxy/site.pem" })
	if at < 0 || string(m.Files[at].Text) != "made: certificate" {
		t.Errorf("the certificate is not made: %+v", m.Files)
	}
	if text, err := json.Marshal(m.Own); err != nil || !strings.Contains(string(text), "site.pem is not here") {
		t.Errorf("that is not said: %s, %v", text, err)
	}
}

// An edited keepalived.conf is another one for keepalived and the same for HAProxy.
func TestMarks(t *testing.T) {
	before, _ := of(t, daemonconf.Place{Files: flat(""), Name: "."})
	after, _ := of(t, daemonconf.Place{Files: flat("# another\n"), Name: "."})
	was, is := before.Machines["lb1"].Marks, after.Machines["lb1"].Marks
	if was[topology.ServiceHAProxy].Daemon != is[topology.ServiceHAProxy].Daemon {
		t.Error("HAProxy would read its files anew")
	}
	if was[topology.ServiceKeepalived].Daemon == is[topology.ServiceKeepalived].Daemon || was[topology.ServiceHAProxy].Whole == is[topology.ServiceHAProxy].Whole {
		t.Error("the edit is not noticed")
	}
}
