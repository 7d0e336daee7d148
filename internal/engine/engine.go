// Package engine holds our words for what a container engine has and does:
// containers, networks, volumes, images, exec and logs. It knows no SDK.
package engine

import (
	"errors"
	"io"
	"net/netip"
	"time"
)

// Errors that adapters wrap, so that callers can tell them apart.
var (
	ErrNotFound     = errors.New("not found")
	ErrConflict     = errors.New("conflict")
	ErrUnreachable  = errors.New("engine not reachable")
	ErrNoPermission = errors.New("no permission to use the engine")
	ErrTooOld       = errors.New("engine too old")
	ErrNoSpace      = errors.New("no space left")
)

// Labels that everything halab makes carries. LabelLab alone says what `down`
// may remove.
const (
	LabelLab     = "halab.lab"     // the lab's name
	LabelNode    = "halab.node"    // node name, on the four containers of a node
	LabelService = "halab.service" // app, haproxy, keepalived, node, client or helper
	LabelCluster = "halab.cluster" // cluster name
	LabelConfig  = "halab.config"  // hash of the ContainerSpec it was made from
	LabelBase    = "halab.base"    // base family of the images
	LabelProfile = "halab.profile" // timing profile
	LabelAddress = "halab.address" // of a node, "192.168.99.11"
	LabelVIP     = "halab.vip"     // of a node's cluster, "frontend-00=192.168.99.10"; of several, with spaces between
	LabelRank    = "halab.rank"    // place of a node in the description, from 0

	// LabelServices are the services of a node that does not have all of them,
	// "haproxy keepalived".
	LabelServices = "halab.services"
	// LabelListeners are what clients can ask of a node's cluster,
	// "https://192.0.2.10:443 tcp://192.0.2.10:3306"; absent where that is the
	// path of its apps at the VIP.
	LabelListeners = "halab.listeners"

	// LabelUpstream is what the apps of a node's cluster ask,
	// "http://192.168.99.20/backend"; absent where they ask nobody.
	LabelUpstream = "halab.upstream"
	// LabelNamespace is the network namespace of the engine's host, on the lab's
	// network (agentapi.NetworkNamespace).
	LabelNamespace = "halab.namespace"
)

// State is what a container is doing.
type State string

// The states an engine reports.
const (
	StateCreated    State = "created"
	StateRunning    State = "running"
	StatePaused     State = "paused"
	StateRestarting State = "restarting"
	StateRemoving   State = "removing"
	StateExited     State = "exited"
	StateDead       State = "dead"
)

// Info describes an engine.
type Info struct {
	Version       string
	APIVersion    string
	OS, Arch      string
	Kernel        string
	CPUs          int
	Memory        int64 // bytes
	DataRoot      string
	CgroupVersion string
	// RootCgroup is the cgroup parent under which a container's CPU shares count
	// against all that runs on the engine's host; empty where there is none.
	// Elsewhere they count among the engine's containers only, which together
	// weigh no more than one process of the host.
	RootCgroup string
	Name       string // host name of the engine
	// NetworkDrivers are those the engine has, empty where it does not tell.
	NetworkDrivers []string
	// SystemTime is the clock of the engine's host, zero where it does not tell.
	SystemTime time.Time
}

// Container is a container as the engine has it.
type Container struct {
	ID       string
	Name     string // without the leading slash
	Image    string
	ImageID  string
	State    State
	Labels   map[string]string
	MAC      string    // of its one address on a network; empty when it has none now
	Joins    string    // ID of the container whose network it joined; empty: none
	ExitCode int       // filled by Inspect
	Started  time.Time // filled by Inspect
	Finished time.Time // filled by Inspect
	PID      int       // in the engine's host; filled by Inspect

	// Endpoint is that of the engine it is on, where there are several.
	Endpoint string
}

// ContainerSpec is a container as it is wanted.
type ContainerSpec struct {
	Name        string
	Image       string
	Entrypoint  []string
	Command     []string
	Env         []string // KEY=value, sorted
	Labels      map[string]string
	Hostname    string
	User        string
	NetworkMode string // network name, "host", "none" or "container:NAME"
	PIDMode     string // "", "host" or "container:NAME"
	Address     netip.Addr
	MAC         string
	ExtraHosts  []string // NAME:ADDRESS
	CapAdd      []string
	CapDrop     []string
	SecurityOpt []string
	Sysctls     map[string]string
	ReadOnly    bool
	Init        bool
	Tmpfs       map[string]string // path -> mount options
	Mounts      []Mount
	CPUShares   int64

	CgroupParent string // empty: the engine's default
	// RealtimeUs is the processor time, in microseconds a second, that the
	// container may run with a real-time policy where the kernel gives groups
	// budgets of it (CONFIG_RT_GROUP_SCHED); 0: none.
	RealtimeUs int64
	Memory     int64 // bytes, 0: no limit
	PidsLimit  int64
	StopSignal string
	StopGrace  time.Duration // 0: the engine's default
	LogDriver  string
	LogOpts    map[string]string
	AutoRemove bool
	TTY        bool

	// Endpoint of the engine it is made on; empty: the default engine.
	Endpoint string `json:",omitempty"`

	// Files are written into it before it starts; nil: none. They are no part of
	// what a container is made anew for.
	Files *Files `json:"-"`
}

// Mount attaches a named volume, or a path of the engine's host.
type Mount struct {
	Type     string // "volume" or "bind"
	Source   string
	Target   string
	ReadOnly bool
}

// Network is a network as the engine has it, or as it is wanted.
type Network struct {
	ID      string
	Name    string
	Driver  string
	Options map[string]string
	Labels  map[string]string
	Subnets []netip.Prefix
	Gateway netip.Addr // optional

	// Internal keeps containers from having a default route: they reach the
	// network's own segment and nothing else.
	Internal bool

	// Endpoint of the engine it is on; empty: the default engine.
	Endpoint string `json:",omitempty"`
}

// Volume is a named volume.
type Volume struct {
	ID      string // what to remove it by; empty: its name
	Name    string
	Driver  string
	Options map[string]string
	Labels  map[string]string

	// Endpoint of the engine it is on; empty: the default engine.
	Endpoint string `json:",omitempty"`
}

// Image is an image as the engine has it.
type Image struct {
	ID     string
	Tags   []string
	Labels map[string]string
	Size   int64 // bytes
}

// BuildSpec says what to build.
type BuildSpec struct {
	Tags        []string
	Dockerfile  string // path inside the context
	Args        map[string]string
	Labels      map[string]string
	NetworkMode string    // "host": the engine's own network
	Context     io.Reader // a tar stream
}

// ExecSpec is a command to run in a container.
type ExecSpec struct {
	Command []string
	Env     []string
	User    string
	TTY     bool
	Stdin   io.Reader // nil: none
	Stdout  io.Writer // nil: discarded
	Stderr  io.Writer // nil: discarded
	// Resize carries terminal sizes (columns, rows) while a TTY exec runs.
	Resize <-chan [2]uint
}

// LogOptions selects log lines.
type LogOptions struct {
	Follow bool
	Since  time.Time
	Tail   int // lines; negative: all
}

// LogLine is one line that a container wrote.
type LogLine struct {
	Time   time.Time
	Stderr bool
	Text   string // without the newline
}

// Event says that something happened to a container.
type Event struct {
	Time      time.Time
	Container string // ID
	Action    string // start, die, kill, pause, unpause, destroy …
	Labels    map[string]string
}

// Filter selects by labels; an empty value matches any value of that label.
type Filter map[string]string
