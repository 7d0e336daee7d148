// Package agentapi holds what halab and the agent inside a node say to each
// other: the environment a node is made from, the JSON lines that PID 1 of a
// node writes to its standard output, and the names of the agent's commands.
//
// The agent is the halab binary itself, started as `halab agent COMMAND`; it is
// at BinaryPath in every image that needs it.
package agentapi

import (
	"encoding/json"
	"strings"
	"time"

	"halab/internal/problem"
)

// BinaryPath is where the images keep the halab binary.
const BinaryPath = "/usr/local/bin/halab"

// RunDir is a tmpfs that node, haproxy and keepalived of one node share.
const RunDir = "/run/halab"

// Files in RunDir.
const (
	// FaultFile is followed by keepalived's track_file: "0" is healthy, any
	// other number takes the VRRP instance to FAULT.
	FaultFile = RunDir + "/haproxy.fault"
	// NotifyFIFO receives keepalived's state changes.
	NotifyFIFO = RunDir + "/notify.fifo"
	// SlowFile is there once the node has stepped down, and holds SlowTimes.
	SlowFile = RunDir + "/slow"
	// HAProxyConfig and KeepalivedConfig are the files as the node has them:
	// each service writes a copy here before it starts its daemon.
	HAProxyConfig    = RunDir + "/haproxy.cfg"
	KeepalivedConfig = RunDir + "/keepalived.conf"
	// OwnDir may hold the user's own haproxy.cfg and keepalived.conf, which then
	// take the place of the templates.
	OwnDir = "/etc/halab"
)

// Environment variables that make an image a part of a node.
const (
	EnvLab       = "HALAB_LAB"       // lab name
	EnvProfile   = "HALAB_PROFILE"   // fast or classic
	EnvCluster   = "HALAB_CLUSTER"   // cluster name, e.g. frontend
	EnvNode      = "HALAB_NODE"      // node name, e.g. frontend-01
	EnvNodes     = "HALAB_NODES"     // "frontend-01=192.168.99.11 frontend-02=192.168.99.12": the cluster, in order of VRRP rank
	EnvVIP       = "HALAB_VIP"       // "192.168.99.10/24"
	EnvVIPName   = "HALAB_VIP_NAME"  // "frontend-00"
	EnvRouterID  = "HALAB_ROUTER_ID" // virtual_router_id
	EnvInterface = "HALAB_INTERFACE" // default eth0
	EnvUpstream  = "HALAB_UPSTREAM"  // app of a frontend: URL it asks, "http://192.168.99.20/backend"; empty: it is a backend
)

// Event names what a node noticed.
type EventName string

// What PID 1 of a node reports. Every line also carries the whole State after
// the event, so the last line of a node's log is what the node knows now.
const (
	EventStarted        EventName = "started"         // PID 1 is up
	EventStopping       EventName = "stopping"        // PID 1 was asked to end
	EventVIPAdded       EventName = "vip-added"       // Address appeared on the interface (netlink)
	EventVIPRemoved     EventName = "vip-removed"     // Address went from the interface (netlink)
	EventVRRP           EventName = "vrrp"            // keepalived's state changed; From and To are set
	EventHAProxyUp      EventName = "haproxy-up"      // HAProxy answers
	EventHAProxyGone    EventName = "haproxy-gone"    // connection to HAProxy closed or refused
	EventHAProxyHung    EventName = "haproxy-hung"    // no sign of life within the deadline
	EventKeepalivedUp   EventName = "keepalived-up"   // process seen
	EventKeepalivedGone EventName = "keepalived-gone" // process ended
	EventAppUp          EventName = "app-up"
	EventAppGone        EventName = "app-gone"
	EventServers        EventName = "servers" // HAProxy's view of its servers changed
	EventLink           EventName = "link"    // interface went up or down; To is "up" or "down"
	EventFault          EventName = "fault"   // a fault was applied or undone by the agent; Detail says which
	EventSwept          EventName = "swept"   // on a host, what an earlier life of the node left was removed; Detail says what
	EventSlow           EventName = "slow"    // the machine is too slow for the lab's timings: the node steps down; Detail says how
	EventSelf           EventName = "self"    // asked by SIGUSR1: Detail says what PID 1 takes
	EventError          EventName = "error"   // the agent could not do its work; Detail says what
)

// Event is one JSON line of PID 1.
type Event struct {
	// Time is the node's wall clock when the event happened (not when it was
	// written), RFC 3339 with nanoseconds.
	Time time.Time `json:"time"`
	// Mono is CLOCK_MONOTONIC of the node's kernel in nanoseconds at the same
	// moment. On one machine it is the observer's clock too.
	Mono    int64     `json:"mono"`
	Node    string    `json:"node"`
	Name    EventName `json:"event"`
	Address string    `json:"address,omitempty"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	State   State     `json:"state"`
}

// ParseEvent reads a line that PID 1 of a node wrote; ok is false when it is
// something else.
func ParseEvent(line string) (e Event, ok bool) {
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil || e.Name == "" {
		return Event{}, false
	}
	return e, true
}

// State is all that PID 1 knows about its node.
type State struct {
	VRRP string `json:"vrrp"` // MASTER, BACKUP, FAULT or STOP as keepalived prints them; "" when not known
	// Instances are the states of several VRRP instances by name, of which VRRP is the
	// sum; empty where there is one.
	Instances  map[string]string `json:"instances,omitempty"`
	VIPs       []string          `json:"vips"`       // VIPs of the lab that are on the interface
	Link       string            `json:"link"`       // "up" or "down"
	HAProxy    string            `json:"haproxy"`    // "up", "gone" or "hung"
	Keepalived string            `json:"keepalived"` // "up" or "gone"
	App        string            `json:"app"`        // "up" or "gone"
	// Servers is HAProxy's view of each app server: "UP", "DOWN", or as HAProxy
	// prints it ("UP 1/3", "MAINT"); empty when HAProxy does not answer.
	Servers map[string]string `json:"servers"`
	// Faults lists what was done to the node from inside, oldest first.
	Faults []Fault `json:"faults,omitempty"`
	// Slow says how the node stepped down because the machine is too slow; empty
	// where it did not.
	Slow string `json:"slow,omitempty"`
	// MAC is the hardware address of the interface of a node that is a host.
	MAC string `json:"mac,omitempty"`
}

// Commands of `halab agent`. Those marked "exec" are run by halab in a running
// container; they print JSON lines on standard output.
const (
	CommandNode       = "node"       // PID 1 of a node: reap, watch, report
	CommandClient     = "client"     // PID 1 of the client: reap, nothing else
	CommandHAProxy    = "haproxy"    // render, supervise HAProxy
	CommandKeepalived = "keepalived" // render, become keepalived
	CommandConfig     = "config"     // exec: print the file a service has: `config haproxy|keepalived`
	CommandStand      = "stand"      // in scripts: a command that the lab answers: `stand systemctl ARG…`
	CommandKnock      = "knock"      // exec: wait until listeners answer: `knock [--timeout D] URL…`
	CommandGet        = "get"        // exec: requests as JSON lines (Response): `get [--interval D] [--count N] [--timeout D] URL`
	CommandReady      = "ready"      // exec: wait until URL answers through every tier: `ready [--timeout D] URL`
	CommandKill       = "kill"       // exec in node: SIGKILL every process of a service at once: `kill keepalived`
	CommandReload     = "reload"     // exec in node: have a daemon read its file again: `reload haproxy|keepalived`
	CommandVRRP       = "vrrp"       // exec in keepalived's container: print a VRRPDump
	CommandCheck      = "check"      // exec in keepalived's container: run a check as keepalived would, print a CheckRun: `check REQUEST`
	CommandBurn       = "burn"       // keep processors busy: `burn [--for TIME] N`
	CommandNetwork    = "network"    // helper on the host's network: `network up|down|look …`
)

// VRRPDump is what keepalived writes when it is asked by SIGUSR1 and by SIGUSR2.
type VRRPDump struct {
	Data  string `json:"data"`
	Stats string `json:"stats"`
}

// Response is what `halab agent get` prints for each request.
type Response struct {
	Due      time.Time `json:"due"`              // when the request should have been sent
	Sent     time.Time `json:"sent"`             // when it was
	Done     time.Time `json:"done"`             // when the answer was complete or the error known
	Status   int       `json:"status,omitempty"` // HTTP status, 0 when there was none
	Body     string    `json:"body,omitempty"`   // at most 64 KiB
	Error    string    `json:"error,omitempty"`
	Frontend string    `json:"frontend,omitempty"` // parsed from the body where it is the app's JSON
	Backend  string    `json:"backend,omitempty"`
	Type     string    `json:"type,omitempty"` // Content-Type
}

// NetworkRequest is what the helper makes or removes on the engine's host; it
// travels as the JSON argument of `halab agent network up|down|look`.
type NetworkRequest struct {
	Lab    string `json:"lab"`
	Parent string `json:"parent"`         // interface under the macvlan network
	Peer   string `json:"peer,omitempty"` // other end of the veth pair; empty: the parent is somebody else's
	Leg    string `json:"leg,omitempty"`  // macvlan interface that is the host's own leg; empty: none
	LegIP  string `json:"leg_ip,omitempty"`
	// Subnet that must not be in use by another interface or route of the host.
	Subnet string `json:"subnet"`
}

// NetworkReply is the one line the helper prints.
type NetworkReply struct {
	Made    []string `json:"made,omitempty"`    // interfaces made
	Found   []string `json:"found,omitempty"`   // interfaces that were right already
	Removed []string `json:"removed,omitempty"` // interfaces removed
	// Namespace is the network namespace of the engine's host (NetworkNamespace).
	Namespace string `json:"namespace,omitempty"`
	// Problem is what stands in the way. Nothing was made.
	Problem *problem.Problem `json:"problem,omitempty"`
}

// InterfaceAlias is the ifalias by which an interface on the host is known as a
// lab's own (ip-link(8), "alias").
func InterfaceAlias(lab string) string { return "halab.lab=" + lab }
