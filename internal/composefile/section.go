package composefile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"halab/internal/topology"
)

// extension is the section of a Compose file for what Compose has no words for.
const extension = "x-halab"

// section is an x-halab section as it was written, in the order in which it
// was written; names and addresses are not looked up yet.
type section struct {
	network  string
	client   string
	host     string
	subnet   string // of hosts, where there is no network to make
	at       string // endpoint of the client
	clusters []sectionCluster
}

type sectionCluster struct {
	name     string
	vip      string
	address  string
	routerID int
	nodes    []sectionNode
}

type sectionNode struct {
	name      string
	services  map[topology.Service]string
	address   string
	endpoint  string
	netdevice string
	vagrant   string
}

// readSection reads the merged x-halab section and notes what is wrong with its
// form: unknown fields, and values of another kind than they should be.
func (l *loader) readSection(value any) section {
	path := []string{extension}
	m := l.mapping(path, value, "network", "client", "client_docker", "host", "subnet", "clusters")
	x := section{network: m.text("network"), client: m.text("client"), host: m.text("host"), subnet: m.text("subnet"), at: m.text("client_docker")}
	clusters := l.mapping(m.at("clusters"), m.values["clusters"])
	for _, name := range l.inOrder(clusters) {
		x.clusters = append(x.clusters, l.readCluster(name, clusters))
	}
	return x
}

func (l *loader) readCluster(name string, clusters fields) sectionCluster {
	m := l.mapping(clusters.at(name), clusters.values[name], "vip", "nodes")
	vip := l.mapping(m.at("vip"), m.values["vip"], "name", "address", "router_id")
	c := sectionCluster{name: name, vip: vip.text("name"), address: vip.text("address"), routerID: vip.number("router_id")}
	nodes := l.mapping(m.at("nodes"), m.values["nodes"])
	for _, node := range l.inOrder(nodes) {
		c.nodes = append(c.nodes, l.readNode(node, nodes))
	}
	return c
}

func (l *loader) readNode(name string, nodes fields) sectionNode {
	known := []string{"address", "docker", "interface", "vagrant"}
	for _, s := range topology.Services() {
		known = append(known, string(s))
	}
	m := l.mapping(nodes.at(name), nodes.values[name], known...)
	n := sectionNode{name: name, services: map[topology.Service]string{}, address: m.text("address"), endpoint: m.text("docker"), netdevice: m.text("interface"), vagrant: m.text("vagrant")}
	for _, s := range topology.Services() {
		if service := m.text(string(s)); service != "" {
			n.services[s] = service
		}
	}
	return n
}

// fields is a mapping of the section, with the place where it stands.
type fields struct {
	loader *loader
	path   []string
	values map[string]any
}

// at is the path of one of the fields.
func (f fields) at(key string) []string { return append(slices.Clone(f.path), key) }

// mapping takes a value as a mapping. With known fields given, others are
// findings.
func (l *loader) mapping(path []string, value any, known ...string) fields {
	f := fields{loader: l, path: path}
	if value == nil {
		return f
	}
	m, ok := value.(map[string]any)
	if !ok {
		l.wrong(path, fmt.Sprintf("%s is %s", strings.Join(path, "."), describe(value)), "it must be a mapping of names to values", "see compose/compose.yaml for its form")
		l.hush(path)
		return f
	}
	f.values = m
	if len(known) == 0 {
		return f
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(known, key) || strings.HasPrefix(key, "x-") {
			continue
		}
		cure := "there are: " + strings.Join(known, ", ")
		if close := suggestField(key, known); close != "" {
			cure = "did you mean " + close + "?"
		}
		l.wrong(f.at(key), fmt.Sprintf("%s has an unknown field %q", strings.Join(path, "."), key), "halab knows no such field there", cure)
		l.hush(f.at(key))
	}
	return f
}

// hush keeps later findings off a line that has one.
func (l *loader) hush(path []string) { l.quiet.add(l.sources.at(path)) }

// text is a field's value as text, "" when there is none.
func (f fields) text(key string) string {
	switch v := f.values[key].(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	default:
		f.loader.wrong(f.at(key), fmt.Sprintf("%s is %s", strings.Join(f.at(key), "."), describe(v)), "it must be a text", "put it in quotes, or write what is meant")
		f.loader.hush(f.at(key))
		return ""
	}
}

// number is a field's value as a whole number, 0 when there is none. Text of
// digits counts: a variable's value is text.
func (f fields) number(key string) int {
	switch v := f.values[key].(type) {
	case nil:
		return 0
	case int:
		return v
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n
		}
	}
	f.loader.wrong(f.at(key), fmt.Sprintf("%s is %s", strings.Join(f.at(key), "."), describe(f.values[key])), "it must be a whole number", "write digits alone")
	f.loader.hush(f.at(key))
	return 0
}

// describe says what a value is, shortly enough for a message.
func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %.40q", v)
	}
	return fmt.Sprintf("%v", v)
}

// inOrder lists the keys of a mapping in the order in which the files have
// them. That order is the nodes' rank.
func (l *loader) inOrder(f fields) []string {
	keys := slices.Sorted(maps.Keys(f.values))
	slices.SortStableFunc(keys, func(a, b string) int {
		fileA, posA, _ := l.sources.first(f.at(a))
		fileB, posB, _ := l.sources.first(f.at(b))
		return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(posA.line, posB.line), cmp.Compare(posA.column, posB.column))
	})
	return keys
}
