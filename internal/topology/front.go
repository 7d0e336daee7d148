package topology

import (
	"net/url"
	"slices"
)

// Front is the cluster that requests from outside go to: the first one that no
// other asks. Of frontend and backend that is the frontend, in whatever order they
// stand; of one cluster, that one; where all ask each other, the first. A lab
// without clusters has none.
func (l *Lab) Front() (Cluster, bool) {
	if len(l.Clusters) == 0 {
		return Cluster{}, false
	}
	for _, c := range l.Clusters {
		asked := func(other Cluster) bool { return other.Name != c.Name && other.asks(c) }
		if !slices.ContainsFunc(l.Clusters, asked) {
			return c, true
		}
	}
	return l.Clusters[0], true
}

// asks says whether the apps of the cluster ask another one: at its VIP or at one
// of its nodes, by address or by name.
func (c Cluster) asks(other Cluster) bool {
	u, err := url.Parse(c.Upstream)
	if err != nil || u.Hostname() == "" {
		return false
	}
	host := u.Hostname()
	return host == other.VIP.Name || host == other.VIP.Address.String() ||
		slices.ContainsFunc(other.Nodes, func(n Node) bool { return host == n.Name || host == n.Address.String() })
}

// Path is what the apps of the cluster answer with their names: one that asks
// another tier calls itself a frontend, one that asks nobody a backend
// (images/app). Of a cluster with listeners of its own nothing is known but "/".
func (c Cluster) Path() string {
	if len(c.Listeners) > 0 {
		return "/"
	}
	if c.Upstream != "" {
		return "/frontend"
	}
	return "/backend"
}

// URL is the path at the cluster's VIP: where it has listeners, at the first that
// speaks HTTP, or, where none does, the first as it is.
func (c Cluster) URL(path string) string {
	for _, l := range c.Listeners {
		if l.Speaks == "http" || l.Speaks == "https" {
			return l.String() + path
		}
	}
	if len(c.Listeners) > 0 {
		return c.Listeners[0].String()
	}
	return "http://" + c.VIP.Address.String() + path
}
