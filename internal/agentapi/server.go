package agentapi

import "strings"

// Unchecked is what a server is called that HAProxy has not looked at yet: at its
// own start it takes every server for up, also one that is not there.
const Unchecked = "UP not checked yet"

// ServerUp says whether a state of a server, as HAProxy prints it, lets it
// serve: "UP", "UP 1/3" (going down) or, where its line has no check, "no check".
func ServerUp(state string) bool {
	return state == "no check" || state == "UP" || ServerWavers(state)
}

// ServerWavers says whether a server that is up may be down after the next check:
// "UP 1/3", or one that was never looked at.
func ServerWavers(state string) bool { return strings.HasPrefix(state, "UP ") }
