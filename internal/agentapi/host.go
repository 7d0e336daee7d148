package agentapi

import "time"

// CommandHost looks at a host for `halab doctor`: `host JSON`, a HostRequest. A
// short-lived container on the host's network runs it; it changes nothing.
const CommandHost = "host"

// HostRequest says what to look at.
type HostRequest struct {
	Interface string        `json:"interface"`
	Listen    time.Duration `json:"listen"`          // how long to listen to VRRP
	Ports     []int         `json:"ports,omitempty"` // TCP ports that should be free
}

// HostReply is what was found, one line of JSON.
type HostReply struct {
	Found     bool     `json:"found"` // there is such an interface
	Up        bool     `json:"up"`
	Addresses []string `json:"addresses"` // IPv4, of the interface
	// Problem is why the interface can't be used or listened on.
	Problem string  `json:"problem,omitempty"`
	Heard   []Heard `json:"heard"`
	Taken   []int   `json:"taken,omitempty"` // the ports that are not free
}

// Heard is a sender of VRRP packets, for one router ID.
type Heard struct {
	From     string `json:"from"`
	RouterID int    `json:"router_id"`
}
