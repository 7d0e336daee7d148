package effect

import "testing"

// What follows from an effect: each rule once where it holds, and its neighbours
// where it does not.
func TestWhatFollows(t *testing.T) {
	for _, c := range []struct {
		name                                     string
		of                                       Effect
		endsNode, stopsNode, stopsVRRP, unserves bool
	}{
		{"a node crashes", Kill(Node), true, false, false, false},
		{"a node shuts down", Stop(Node), true, false, false, false},
		{"a node freezes", Hang(Node), false, true, true, true},
		{"keepalived hangs", Hang(Keepalived), false, false, true, false},
		{"keepalived dies", Kill(Keepalived), false, false, false, false},
		{"HAProxy hangs", Hang(HAProxy), false, false, false, true},
		{"HAProxy is stopped", Stop(HAProxy), false, false, false, true},
		{"an app hangs", Hang(App), false, false, false, false},
		{"the link is down", Effect{On: Link, Silent: true, Moves: true}, false, false, false, false},
		{"a node restarts", Restart(Node), false, false, false, false},
		{"HAProxy is reloaded", Reload(HAProxy), false, false, false, false},
		{"HAProxy restarts", Restart(HAProxy), false, false, false, true},
		{"all nodes start at once", Start(), false, false, false, true},
		{"steps of a file", Steps(), false, false, false, true},
		{"nothing", Effect{}, false, false, false, false},
	} {
		e := c.of
		if e.EndsNode() != c.endsNode || e.StopsNode() != c.stopsNode || e.StopsVRRP() != c.stopsVRRP || e.Unserves() != c.unserves {
			t.Errorf("%s: ends node %v, stops node %v, stops VRRP %v, unserves %v", c.name, e.EndsNode(), e.StopsNode(), e.StopsVRRP(), e.Unserves())
		}
	}
}

// Only what is not an app's moves the VIP, and only what runs no keepalived and
// keeps its interface keeps it.
func TestMovesAndKeeps(t *testing.T) {
	for _, on := range []Part{App, HAProxy, Keepalived, Node} {
		for name, e := range map[string]Effect{"stop": Stop(on), "kill": Kill(on), "hang": Hang(on)} {
			if e.Moves != (on != App) {
				t.Errorf("%s of %s moves: %v", name, on, e.Moves)
			}
			keeps := name == "kill" && on == Keepalived || name == "hang" && (on == Keepalived || on == Node)
			if e.Keeps != keeps {
				t.Errorf("%s of %s keeps: %v", name, on, e.Keeps)
			}
			if e.Resigns != (name == "stop" && on != App) {
				t.Errorf("%s of %s resigns: %v", name, on, e.Resigns)
			}
		}
	}
}
