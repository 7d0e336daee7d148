package adapt

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"halab/internal/agentapi"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/facts"
	"halab/internal/daemonconf/inventory"
	"halab/test/golden"
)

// fixture reads a file that holds a folder: "-- lb1/haproxy.cfg --" begins each of
// its files.
func fixture(t *testing.T, path string) fstest.MapFS {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, current := fstest.MapFS{}, ""
	for line := range strings.Lines(string(text)) {
		if head, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(head, " --") {
			current = strings.TrimSuffix(head, " --")
			files[current] = &fstest.MapFile{Mode: 0o644}
			continue
		}
		files[current].Data = append(files[current].Data, line...)
	}
	return files
}

func load(t *testing.T, files fstest.MapFS) []facts.Node {
	t.Helper()
	v, _ := daemonconf.BaseVersions("debian12")
	nodes, err := daemonconf.Load([]daemonconf.Place{{Files: files, Name: ".", Label: "lb1"}}, v)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// has says what files were handed in.
func has(files fstest.MapFS) func(node, path string) bool {
	return func(node, path string) bool { _, ok := files[node+"/"+inventory.Local(path)]; return ok }
}

func of(t *testing.T, files fstest.MapFS) Lab {
	t.Helper()
	return Of(load(t, files), Options{Has: has(files), HAProxy: "2.6.12", Keepalived: "2.2.7"})
}

// text writes a lab for a golden file.
func text(l Lab) string {
	var b strings.Builder
	for _, n := range l.Networks {
		fmt.Fprintf(&b, "%s %v\n", n.Name, n.Prefixes)
	}
	for _, v := range l.VIPs {
		fmt.Fprintf(&b, "VIP %s on %s of %v, ports %v\n", v.Address, v.Network, v.Nodes, v.Ports)
	}
	for _, n := range l.Nodes {
		fmt.Fprintf(&b, "node %s (%s)\n", n.Name, n.Hostname)
		for _, i := range n.Interfaces {
			fmt.Fprintf(&b, "  %s on %s %v\n", i.Name, i.Network, i.Addresses)
		}
		for _, r := range n.Routes {
			fmt.Fprintf(&b, "  route to %s by %s\n", r.To, r.Interface)
		}
		for _, s := range n.Scripts {
			fmt.Fprintf(&b, "  runs %s as %s, calls %v, file %q\n", s.Command, s.User, s.Calls, s.File)
		}
		stand(&b, "  here", n.Local)
	}
	stand(&b, "behind", l.Behind)
	for _, f := range l.Files {
		fmt.Fprintf(&b, "made: %s on %s, a %s %v\n", f.Path, f.Node, f.Kind, f.Names)
	}
	for _, n := range l.Adapted {
		fmt.Fprintf(&b, "adapted, %s: %s\n", orAll(n.Node), n.Text)
	}
	for _, n := range l.Unmet {
		fmt.Fprintf(&b, "unmet, %s: %s\n", orAll(n.Node), n.Text)
	}
	return b.String()
}

func orAll(node string) string {
	if node == "" {
		return "all"
	}
	return node
}

func stand(b *strings.Builder, label string, s Stand) {
	for _, network := range slices.Sorted(maps.Keys(s.Addresses)) {
		fmt.Fprintf(b, "%s has %v on %s\n", label, s.Addresses[network], network)
	}
	for _, l := range s.Listeners {
		fmt.Fprintf(b, "%s %s %v speaks %s", label, l.Address, l.Servers, l.Speaks)
		if l.TLS {
			fmt.Fprintf(b, " in TLS %v", l.Names)
		}
		if l.Proxy {
			b.WriteString(" after PROXY")
		}
		for _, a := range l.Answers {
			fmt.Fprintf(b, "; %s %s → %d %v %q", a.Method, a.Path, a.Status, a.Headers, a.Body)
		}
		for _, d := range l.Dialogs {
			b.WriteString(";")
			for _, s := range d {
				fmt.Fprintf(b, " %q→%q", s.Await, s.Say)
			}
		}
		b.WriteString("\n")
	}
	if s.DNS != nil {
		fmt.Fprintf(b, "%s resolves at %v %v %v\n", label, s.DNS.Listen, s.DNS.Names, s.DNS.Services)
	}
}

// fixtures are those of lint, and this package's own.
func fixtures(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../lint/testdata/sound/*.txt", "../lint/testdata/cases/*.txt", "testdata/*.txt"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			if !strings.Contains(name, "/28") { // templates
				all[strings.TrimSuffix(filepath.Base(name), ".txt")] = name
			}
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, path := range fixtures(t) {
		if strings.Contains(path, "/sound/") || !strings.Contains(path, "/lint/") {
			t.Run(name, func(t *testing.T) {
				golden.File(t, filepath.Join("testdata", name+".golden"), text(of(t, fixture(t, path))))
			})
		}
	}
}

// Whatever the files are, a lab can be made of what is said: every node has an
// interface with an address of its own, no two things have one address, each
// server has an answer, and nothing that was chosen goes unsaid.
func TestEveryLabHolds(t *testing.T) {
	for name, path := range fixtures(t) {
		files := fixture(t, path)
		l := of(t, files)
		used := map[string]string{}
		claim := func(address, who string) {
			if other, ok := used[address]; ok {
				t.Errorf("%s: %s belongs to %s and to %s", name, address, other, who)
			}
			used[address] = who
		}
		for _, v := range l.VIPs {
			claim(v.Address.Addr().String(), "a VIP")
		}
		for _, n := range l.Nodes {
			if len(n.Interfaces) == 0 {
				t.Errorf("%s: %s has no interface", name, n.Name)
			}
			for _, i := range n.Interfaces {
				for _, a := range i.Addresses {
					claim(a.Addr().String(), n.Name)
					if !inFiles(files, a.Addr().String()) && !said(l, a.String()) {
						t.Errorf("%s: that %s has %s is not said", name, n.Name, a)
					}
				}
			}
		}
		for _, addresses := range l.Behind.Addresses {
			for _, a := range addresses {
				claim(a.Addr().String(), "what is behind")
			}
		}
		checkServers(t, name, load(t, files), l)
	}
}

func inFiles(files fstest.MapFS, word string) bool {
	for _, f := range files {
		if strings.Contains(string(f.Data), word) {
			return true
		}
	}
	return false
}

func said(l Lab, words string) bool {
	return slices.ContainsFunc(append(slices.Clone(l.Adapted), l.Unmet...), func(n Note) bool { return strings.Contains(n.Text, words) })
}

// checkServers finds each server of the files in what is stood for, or in words.
func checkServers(t *testing.T, name string, nodes []facts.Node, l Lab) {
	t.Helper()
	var all []agentapi.BehindListener
	all = append(all, l.Behind.Listeners...)
	for _, n := range l.Nodes {
		all = append(all, n.Local.Listeners...)
	}
	for _, n := range nodes {
		for _, p := range n.HAProxy.Proxies {
			for _, s := range p.Servers {
				for _, server := range serverNames(&p, &s) {
					stood := slices.ContainsFunc(all, func(l agentapi.BehindListener) bool { return slices.Contains(l.Servers, server) })
					own := slices.ContainsFunc(l.VIPs, func(v VIP) bool { return v.Address.Addr() == s.Addr })
					itself := s.Addr.IsLoopback() && slices.ContainsFunc(n.HAProxy.Proxies, func(q facts.Proxy) bool {
						return slices.ContainsFunc(q.Binds, func(b facts.Bind) bool { return b.Low == s.Port })
					})
					if !stood && !own && !itself && !said(l, server) {
						t.Errorf("%s: nothing stands for %s of %s", name, server, n.Name)
					}
				}
			}
		}
	}
}
