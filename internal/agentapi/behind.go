package agentapi

// CommandBehind is the agent's command that stands for everything behind a lab's
// HAProxies: it listens on the servers' own addresses and answers what their
// checks expect.
const CommandBehind = "behind"

// BehindSocket is where the stand-in takes commands: `halab agent behind set
// SERVER STATE [MILLISECONDS]`, `halab agent behind state`.
const BehindSocket = "/run/halab/behind.sock"

// Behind is what one stand-in answers for.
type Behind struct {
	Listeners []BehindListener `json:"listeners"`
	DNS       *BehindDNS       `json:"dns,omitempty"`
	// Authority signs the certificates: PEM of its own and its key. Empty: each
	// signs itself.
	Authority string `json:"authority,omitempty"`
}

// BehindListener is the address and port of a server, or of several that share it.
type BehindListener struct {
	Address string   `json:"address"` // 198.51.100.11:8080
	Servers []string `json:"servers"` // shop/shop-1
	TLS     bool     `json:"tls,omitempty"`
	Names   []string `json:"names,omitempty"` // of its certificate
	Proxy   bool     `json:"proxy,omitempty"` // connections begin with a PROXY header
	Speaks  string   `json:"speaks"`
	// Answers are those of HTTP to requests that checks make; others get 200.
	Answers []BehindAnswer `json:"answers,omitempty"`
	// Dialogs are what a tcp-check says and expects. What fits none is sent back,
	// so that a connection can be seen to live.
	Dialogs [][]BehindStep `json:"dialogs,omitempty"`
}

// What a listener speaks.
const (
	BehindHTTP  = "http"
	BehindTCP   = "tcp"
	BehindMySQL = "mysql"
	BehindPgSQL = "pgsql"
	BehindRedis = "redis"
	BehindSMTP  = "smtp"
	BehindLDAP  = "ldap"
	BehindAgent = "agent" // of agent-check: it says "up" and closes
)

// BehindAnswer is an answer of HTTP.
type BehindAnswer struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"` // with its query
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// BehindStep is a part of a dialog: what is waited for, then what is said. An
// empty Await is a server that speaks first.
type BehindStep struct {
	Await []byte `json:"await,omitempty"`
	Say   []byte `json:"say,omitempty"`
}

// BehindDNS is a name server for the names in the files.
type BehindDNS struct {
	Listen   []string            `json:"listen"`             // 192.0.2.250:53
	Names    map[string][]string `json:"names"`              // name -> addresses
	Services map[string][]SRV    `json:"services,omitempty"` // _http._tcp.example.org -> servers
}

// SRV is a server of a service.
type SRV struct {
	Target string `json:"target"`
	Port   int    `json:"port"`
}

// What a server behind can be made to do.
const (
	BehindUp    = "up"
	BehindStop  = "stop"  // nothing listens; what is open goes on
	BehindKill  = "kill"  // nothing listens, and what is open is reset
	BehindHang  = "hang"  // connections are taken and nothing is said, on open ones too
	BehindSlow  = "slow"  // each answer comes later
	BehindError = "error" // HTTP 503, a reset elsewhere
)

// BehindOrder is a command to the stand-in, one JSON line.
type BehindOrder struct {
	Server string `json:"server,omitempty"` // a server's name or address; empty asks for the state
	State  string `json:"state,omitempty"`
	Ms     int    `json:"ms,omitempty"` // of slow
}

// BehindReply is what comes back.
type BehindReply struct {
	Error     string        `json:"error,omitempty"`
	Listeners []BehindState `json:"listeners,omitempty"`
}

// BehindState is how a listener is.
type BehindState struct {
	Address string   `json:"address"`
	Servers []string `json:"servers"`
	State   string   `json:"state"`
	Ms      int      `json:"ms,omitempty"`
	Asked   int      `json:"asked"` // connections so far
}
