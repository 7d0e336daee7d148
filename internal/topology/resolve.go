package topology

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors that tell why a target could not be resolved.
var (
	ErrUnknown    = errors.New("unknown name")
	ErrNoHolder   = errors.New("nobody holds the VIP")
	ErrTwoHolders = errors.New("more than one node holds the VIP")
)

// UnknownError says that a name on the command line names nothing here. It is
// ErrUnknown.
type UnknownError struct {
	Name  string
	Wants string   // what it should have been: "a node, a VIP or a cluster"
	Close []string // what may have been meant
	Known []string // all there is
}

// Error says what was found, what may have been meant, and what there is.
func (e *UnknownError) Error() string {
	guess := ""
	if len(e.Close) > 0 {
		guess = fmt.Sprintf("did you mean %s? ", either(e.Close))
	}
	return fmt.Sprintf("%q is not %s of this lab; %sThere are: %s", e.Name, e.Wants, guess, strings.Join(e.Known, ", "))
}

// Unwrap makes it ErrUnknown.
func (e *UnknownError) Unwrap() error { return ErrUnknown }

// HolderError says that a VIP's name does not mean one node now. It is
// ErrNoHolder or ErrTwoHolders.
type HolderError struct {
	VIP     VIP
	Cluster Cluster
	Holders []string
}

// Error says who holds the VIP, and what to type instead.
func (e *HolderError) Error() string {
	var all []string
	for _, n := range e.Cluster.Nodes {
		all = append(all, n.Name)
	}
	if len(e.Holders) == 0 {
		return fmt.Sprintf("nobody holds %s (%s) now, so it names no node; name one of them (%s), or mend the cluster: halab restore %s",
			e.VIP.Name, e.VIP.Address, strings.Join(all, ", "), e.Cluster.Name)
	}
	return fmt.Sprintf("%s hold %s (%s) at once, so it does not name one node; name the one you mean, or mend the cluster: halab restore %s",
		strings.Join(e.Holders, " and "), e.VIP.Name, e.VIP.Address, e.Cluster.Name)
}

// Unwrap makes it ErrNoHolder or ErrTwoHolders.
func (e *HolderError) Unwrap() error {
	if len(e.Holders) == 0 {
		return ErrNoHolder
	}
	return ErrTwoHolders
}

// Holders tells, for each VIP by its name, the nodes that have its address on
// their interface now.
type Holders map[string][]string

// Resolve turns a target into nodes: a node's name is that node, a VIP's name
// the node that holds it now, a cluster's name all its nodes. It calls holders
// only for a VIP's name. An unknown name is an *UnknownError, a VIP that is not
// held by exactly one node a *HolderError.
func (l *Lab) Resolve(target string, holders func() (Holders, error)) ([]Node, error) {
	if n, ok := l.Node(target); ok {
		return []Node{n}, nil
	}
	if c, ok := l.Cluster(target); ok {
		return c.Nodes, nil
	}
	for _, c := range l.Clusters {
		for _, v := range c.VIPs() {
			if v.Name != target {
				continue
			}
			held, err := holders()
			if err != nil {
				return nil, fmt.Errorf("who holds %s: %w", target, err)
			}
			return c.holder(v, held[target])
		}
	}
	return nil, unknown(target, "a node, a VIP or a cluster", l.Targets())
}

// holder finds the node of c that holds a VIP.
func (c Cluster) holder(v VIP, names []string) ([]Node, error) {
	if len(names) == 1 {
		for _, n := range c.Nodes {
			if n.Name == names[0] {
				return []Node{n}, nil
			}
		}
	}
	return nil, &HolderError{VIP: v, Cluster: c, Holders: names}
}

// ResolveCluster finds a cluster by its name or by its VIP's name.
func (l *Lab) ResolveCluster(name string) (Cluster, error) {
	var known []string
	for _, c := range l.Clusters {
		if c.Name == name || slices.ContainsFunc(c.VIPs(), func(v VIP) bool { return v.Name == name }) {
			return c, nil
		}
		known = append(known, c.Name)
	}
	return Cluster{}, unknown(name, "a cluster", known)
}

// ResolveNode finds a node of the lab by its name.
func (l *Lab) ResolveNode(name string) (Node, error) {
	if n, ok := l.Node(name); ok {
		return n, nil
	}
	var known []string
	for _, n := range l.Nodes() {
		known = append(known, n.Name)
	}
	return Node{}, unknown(name, "a node", known)
}

// Targets lists every name that Resolve knows: per cluster its own, its VIP's
// and its nodes'.
func (l *Lab) Targets() []string {
	var all []string
	for _, c := range l.Clusters {
		all = append(all, c.Name)
		for _, v := range c.VIPs() {
			all = append(all, v.Name)
		}
		for _, n := range c.Nodes {
			all = append(all, n.Name)
		}
	}
	return all
}

// ResolveService turns a word into a service.
func ResolveService(name string) (Service, error) {
	var known []string
	for _, s := range Services() {
		if string(s) == name {
			return s, nil
		}
		known = append(known, string(s))
	}
	e := unknown(name, "a service", known)
	return "", e
}

func unknown(name, wants string, known []string) error {
	return &UnknownError{Name: name, Wants: wants, Close: Suggest(name, known), Known: known}
}

// either joins words as a question does: "a", "b" or "c".
func either(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
