package agentapi

import "net/netip"

// OwnFile is where each container of a lab with files of the user's own has what
// those files need around them.
const OwnFile = OwnDir + "/own.json"

// BehindFile is where the container that stands for the servers has what it
// answers for.
const BehindFile = OwnDir + "/behind.json"

// EnvOwn is the hash of a machine as the user's files want it. A container has it so
// that it is made anew when that changes; its files alone are written anew.
const EnvOwn = "HALAB_OWN"

// Own is a machine as the user's files want it.
type Own struct {
	Name       string         `json:"name"`
	Interfaces []OwnInterface `json:"interfaces"`
	Routes     []OwnRoute     `json:"routes,omitempty"`
	VIPs       []netip.Addr   `json:"vips,omitempty"` // that it may come to hold
	Resolver   netip.Addr     `json:"resolver,omitzero"`
	HAProxy    *OwnDaemon     `json:"haproxy,omitempty"`
	Keepalived *OwnDaemon     `json:"keepalived,omitempty"`
	Accounts   []string       `json:"accounts,omitempty"` // users and groups that the files name
	Folders    []string       `json:"folders,omitempty"`  // for sockets, state and chroot
	Owners     []OwnOwner     `json:"owners,omitempty"`
	Local      *Behind        `json:"local,omitempty"` // what stands for servers on the machine itself
	// Commands are programs that scripts call and a lab answers by itself.
	Commands []string `json:"commands,omitempty"`

	Adapted []string `json:"adapted,omitempty"` // how it differs from the real one, in words
	Unmet   []string `json:"unmet,omitempty"`   // what the files ask for and a lab can't give
}

// OwnInterface is a network interface with the name that the files have for it.
type OwnInterface struct {
	Name string `json:"name"`
	// Segment is the network that it is on: 0 is the engine's own. Further ones run on
	// that as VXLANs of their number (RFC 7348), so that each is an Ethernet of its own.
	Segment   int            `json:"segment,omitempty"`
	Addresses []netip.Prefix `json:"addresses"`
}

// OwnRoute leads to an address that is in no network's subnet, on the link.
type OwnRoute struct {
	To        netip.Addr `json:"to"`
	Interface string     `json:"interface"`
}

// OwnDaemon is how a daemon is started.
type OwnDaemon struct {
	Files  []string `json:"files"`            // of its configuration, as it reads them
	Folder string   `json:"folder,omitempty"` // that it works in
	ID     string   `json:"id,omitempty"`     // keepalived's --config-id
	Chroot string   `json:"chroot,omitempty"`
}

// OwnOwner is whom a file belongs to.
type OwnOwner struct {
	Path  string `json:"path"`
	Owner string `json:"owner"`
	Group string `json:"group"`
}

// Knock is what `halab agent knock` prints for each listener.
type Knock struct {
	URL   string `json:"url"`
	Error string `json:"error,omitempty"` // why it does not answer
}
