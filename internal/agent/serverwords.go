package agent

import (
	"bytes"
	"io"
)

// serverKind begins the line by which HAProxy's supervisor tells process 1 of the
// node that HAProxy has something new to say of its servers.
const serverKind = "SERVERS"

// serverWords passes on what HAProxy says and tells process 1 whenever a server
// may have gone or come: "Server app/frontend-02 is DOWN, reason: …". What is new
// HAProxy's statistics say, in one form for all versions.
type serverWords struct {
	to  io.Writer
	say func()
}

// sayServers tells process 1 of the node. Where that can't be told it is no worse
// than late: process 1 looks every second anyway.
func sayServers() { _ = sayNotify(serverKind, "haproxy", "CHANGED") }

// Write passes on and reads along. A line that comes in two pieces is cut in the
// middle once in a long while, and then the next look comes a second later.
func (w *serverWords) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("Server ")) {
		w.say()
	}
	return w.to.Write(p)
}
