package agentapi

// The observer is `halab agent observe SPEC`, run by halab in the lab's client
// container. It prints ObserverLine objects, one a line, and reads
// ObserverCommand objects from standard input. All its times are
// CLOCK_MONOTONIC nanoseconds of one kernel.

// CommandObserve runs the observer; its argument is an ObserverSpec as JSON.
const CommandObserve = "observe"

// Names of the probe streams.
const (
	StreamEdge      = "edge"      // new connection to /haproxy-alive of a VIP
	StreamStack     = "stack"     // new connection, through every tier
	StreamKeepalive = "keepalive" // one connection held open, re-dialled when it breaks
)

// ObserverSpec says what to probe and what to listen to.
type ObserverSpec struct {
	Interface string       `json:"interface"` // e.g. eth0
	Streams   []StreamSpec `json:"streams"`
	Held      []HeldSpec   `json:"held,omitempty"`
	VIPs      []string     `json:"vips"`  // addresses whose gratuitous ARPs count
	Stats     []string     `json:"stats"` // HAProxy CSV URLs read at every "stats" command
	// MACs gives the node's name for each MAC address (lower case, colons): by
	// it a sample says who accepted its connection.
	MACs map[string]string `json:"macs,omitempty"`
}

// StreamSpec is one open-loop stream of probes.
type StreamSpec struct {
	Name string `json:"name"`
	// URL says what a probe is: http://HOST/PATH asks for a page, which must come with
	// status 200; tcp://HOST:PORT connects; tls://HOST:PORT begins a handshake, and the
	// server's side of it must come, whatever its certificate says.
	URL string `json:"url"`
	// AnyStatus (http): any whole answer will do. A page of a user's own may be a 301.
	AnyStatus bool `json:"any_status,omitempty"`
	// FirstByte (tcp): the server must say something, as that of SMTP or MySQL does
	// unasked. A connection alone tells of the kernel, which also accepts for a
	// process that hangs.
	FirstByte bool `json:"first_byte,omitempty"`
	// ServerName (tls) is the name that the client asks for (SNI); empty: none.
	ServerName string `json:"server_name,omitempty"`

	Rate        float64 `json:"rate"`          // probes a second
	TimeoutMs   int     `json:"timeout_ms"`    // from due to given up
	MaxInFlight int     `json:"max_in_flight"` // a probe due beyond it is counted as Dropped and makes the run invalid
	Held        bool    `json:"held"`          // one connection for all probes
}

// ObserverCommand is what halab tells the observer.
type ObserverCommand struct {
	Command string `json:"command"` // "mark", "stats", "block" or "stop"
	Mark    string `json:"mark,omitempty"`
	// Try says that before the mark is set the held connections are tried: an idle one
	// is used once, since nothing else tells whether it still leads anywhere, and what
	// ended or hangs is opened anew, for what follows the mark.
	Try bool `json:"try,omitempty"`
	// Ms is how long "block" drops what the observer sends to the VIPs, in
	// milliseconds. It sets the marks "fault" and "restore" when the packet
	// filter had the rule and had it no more.
	Ms float64 `json:"ms,omitempty"`
}

// ObserverLine is one line of the observer: exactly one field besides Kind is
// set.
type ObserverLine struct {
	Kind   string          `json:"kind"` // "hello", "sample", "held", "wire", "mark", "stats", "lag", "error" or "bye"
	Hello  *ObserverHello  `json:"hello,omitempty"`
	Sample *Sample         `json:"sample,omitempty"`
	Held   *HeldEvent      `json:"held,omitempty"`
	Wire   *WireEvent      `json:"wire,omitempty"`
	Mark   *ObserverMark   `json:"mark,omitempty"`
	Stats  []HAProxyTotals `json:"stats,omitempty"`
	Lag    *ProberLag      `json:"lag,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// ObserverHello is the first line: the clock and the machine.
type ObserverHello struct {
	Mono int64  `json:"mono"` // CLOCK_MONOTONIC, ns
	Wall int64  `json:"wall"` // the same moment as Unix ns
	MAC  string `json:"mac"`  // of the observer's interface
}

// Sample is one probe.
type Sample struct {
	Stream  string `json:"stream"`
	Due     int64  `json:"due"`  // when it should have been sent, ns
	Sent    int64  `json:"sent"` // when it was
	Done    int64  `json:"done"` // when the answer was complete or the error known
	Status  int    `json:"status,omitempty"`
	Error   string `json:"error,omitempty"`   // "timeout", "silent" (connected, then not a byte), "refused", "reset", "eof", "dial", "status", "body", "alert"
	Node    string `json:"node,omitempty"`    // who answered: frontend of the JSON, or the VIP holder's name where known
	Backend string `json:"backend,omitempty"` // backend of the JSON
	Dialled bool   `json:"dialled,omitempty"` // held streams: this probe had to open a connection
}

// OK says whether the probe got what it asked for: of a page status 200, or any where
// any will do, and on the stack stream a backend.
func (s Sample) OK() bool { return s.Error == "" }

// WireEvent is a frame that passed the observer's interface.
type WireEvent struct {
	At       int64  `json:"at"`                 // kernel's receive time on the observer's clock, ns
	Kind     string `json:"kind"`               // "advert" or "garp"
	Source   string `json:"source"`             // IPv4 source (advert) or sender MAC (garp)
	MAC      string `json:"mac"`                // Ethernet source
	RouterID int    `json:"router_id"`          // adverts
	Priority int    `json:"priority"`           // adverts; 0: the master resigns
	Version  int    `json:"version,omitempty"`  // VRRP version
	Interval int    `json:"interval,omitempty"` // centiseconds (v3) or seconds·100 (v2)
	VIP      string `json:"vip,omitempty"`      // garp
}

// ObserverMark echoes a mark with the moment the observer read it.
type ObserverMark struct {
	Name string `json:"name"`
	At   int64  `json:"at"`
}

// HAProxyTotals are counters of one HAProxy, summed over its app servers.
type HAProxyTotals struct {
	URL        string `json:"url"`
	Retries    int64  `json:"retries"`    // wretr
	Redispatch int64  `json:"redispatch"` // wredis
	Errors     int64  `json:"errors"`     // econ + eresp
	Failed     string `json:"failed,omitempty"`
}

// ProberLag is how far the prober itself fell behind; a run in which it did is
// not a measurement.
type ProberLag struct {
	Stream    string `json:"stream"`
	MaxNs     int64  `json:"max_ns"`  // largest sent − due since the last lag line
	Dropped   int64  `json:"dropped"` // probes not sent because MaxInFlight was reached
	SinceMono int64  `json:"since"`
}
