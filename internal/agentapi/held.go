package agentapi

// HeldSpec is a connection that the observer holds: opened before a fault, and never
// dialled again because of it. What becomes of it is told by the client's own socket.
type HeldSpec struct {
	Name string `json:"name"` // HeldBusy or HeldIdle
	VIP  string `json:"vip"`  // address that it leads to, as reports name it
	// URL as of a StreamSpec: http:// holds a connection by keep-alive, tcp:// and
	// tls:// hold a plain or an encrypted one.
	URL        string `json:"url"`
	ServerName string `json:"server_name,omitempty"`
	// Say is what the client sends over tcp or tls; the server is to answer something. A
	// connection without it has nothing to be busy with, and is tried by the kernel's
	// keep-alive alone.
	Say string `json:"say,omitempty"`
	// EveryMs is the time from one use to the next; 0: idle.
	EveryMs int `json:"every_ms,omitempty"`
	// EndsMs is when the server ends one that is idle by itself, as its files have it, and
	// EndsBy the timeout that does; 0: nothing does. The observer doesn't care, but
	// whoever reads what it saw must not blame the fault.
	EndsMs float64 `json:"ends_ms,omitempty"`
	EndsBy string  `json:"ends_by,omitempty"`
}

// HeldPeriodMs is the time from one request on a busy connection to the next.
const HeldPeriodMs = 100

// Names of the held connections of a VIP.
const (
	HeldBusy = "busy" // a request every 100 ms, the next only when the last was answered
	HeldIdle = "idle" // one request, then silence, as in a client's pool
)

// HeldEvent is a moment of a held connection.
type HeldEvent struct {
	At     int64  `json:"at"`     // ns
	Name   string `json:"name"`   // of its HeldSpec
	VIP    string `json:"vip"`    // of its HeldSpec
	Number int    `json:"number"` // how many times it was opened
	What   string `json:"what"`   // HeldOpened, …
	// How it ended: "fin", "rst", or the error's own words, such as those of a kernel that
	// gave up.
	How string `json:"how,omitempty"`
	// Sent: the kernel had sent what HeldLeft found unanswered so many times again, and
	// nobody had acknowledged it. A process that hangs has a kernel that does.
	Sent int `json:"sent,omitempty"`
}

// What happens to a held connection.
const (
	HeldOpened   = "opened"   // connected
	HeldAsked    = "asked"    // a request was sent
	HeldAnswered = "answered" // its answer was whole
	HeldEnded    = "ended"    // the socket said that it is over
	HeldLeft     = "left"     // the observer let go of it while it waited for an answer
)
