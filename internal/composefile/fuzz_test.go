package composefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/problem"
)

// smallest is a lab of one node, to break in short ways.
const smallest = `
x-halab:
  network: lab
  client: c
  host: 10.9.9.1
  clusters:
    a:
      vip: {name: a-00, address: 10.9.9.10, router_id: 10}
      nodes:
        a-01: {node: n, app: n-app, haproxy: n-h, keepalived: n-k}
services:
  c: &c {image: "halab/node:${B:-b}", networks: {lab: {ipv4_address: 10.9.9.2}}}
  n: {<<: *c, networks: {lab: {ipv4_address: 10.9.9.11}}}
  n-app: &j {image: "halab/app:b", network_mode: "service:n", pid: "service:n"}
  n-h: {<<: *j, image: "halab/haproxy:b"}
  n-k: {<<: *j, image: "halab/keepalived:b"}
networks:
  lab: {driver: macvlan, driver_opts: {parent: eth7}, ipam: {config: [{subnet: 10.9.9.0/24}]}}
`

// FuzzLoad feeds descriptions of all kinds to the loader. Whatever they are, it
// must end in a lab whose topology has no fault, or in problems that name a file;
// never in a panic, not even one of compose-go.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(smallest))
	for _, pattern := range []string{"testdata/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, change := range [][2]string{
		{"router_id: 10", "router_id: 99999999999999999999"},
		{"10.9.9.0/24", "::/0"},
		{"10.9.9.0/24", "10.9.9.0/33"},
		{"a-01: {", "? [a, b] : {"},
		{"clusters:", "clusters: !!binary"},
		{"vip: {name", "vip: !reset {name"},
		{"network: lab", "network: &n lab\n  client: *n"},
		{"services:", "services: !override"},
		{"a-00", "\\u0000"},
	} {
		f.Add([]byte(strings.Replace(smallest, change[0], change[1], 1)))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		// Files that a description names are none of this test's business.
		for _, word := range []string{"include", "extends", "env_file", "label_file", "file"} {
			if strings.Contains(string(data), word) {
				t.Skip()
			}
		}
		l := newLoader(Options{Env: map[string]string{"SET": "yes"}}, dir)
		l.add("fuzz.yaml", data)
		p, err := l.load(t.Context())
		if err == nil {
			if problems := p.Lab.Validate(); len(problems) > 0 {
				t.Errorf("a lab with problems came through: %v", problems)
			}
			return
		}
		var all problem.List
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("error %v is no list of problems", err)
		}
		for _, p := range all {
			if at, what, _ := strings.Cut(p.What, ": "); at == "" || strings.TrimSpace(what) == "" {
				t.Errorf("a problem without place or subject: %#v", p)
			}
			if strings.Contains(p.What, gaveUp) {
				t.Logf("compose-go panicked: %s", p)
			}
		}
	})
}

func TestSmallest(t *testing.T) {
	t.Parallel()
	l := newLoader(Options{}, t.TempDir())
	l.add("small.yaml", []byte(smallest))
	p, err := l.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Lab.Nodes(); len(n) != 1 || len(p.Containers) != 5 {
		t.Errorf("nodes %v, %d containers", n, len(p.Containers))
	}
}
