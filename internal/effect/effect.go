// Package effect says what a fault means to those who watch it, whatever it is
// called: the analysis of a drill, its prediction, and what `halab fail` waits for
// and says. A fault has its effect in the catalogue (package fault); nobody asks
// for a fault's name.
package effect

// Part is what a fault is done to.
type Part string

// The parts. Link is a node's way to everybody else, VRRP the adverts on it, VIP
// the address on its interface, Client the way between a node and the lab's client.
const (
	App        Part = "app"
	HAProxy    Part = "haproxy"
	Keepalived Part = "keepalived"
	Node       Part = "node"
	Link       Part = "link"
	VRRP       Part = "vrrp"
	VIP        Part = "vip"
	Client     Part = "client"
)

// Effect is what a fault means. The zero Effect is that of a fault which neither
// ends nor silences anything: a full disk, a busy processor.
type Effect struct {
	On Part `json:"on,omitempty"`
	// Ends: it is gone. Silent: it is there, and nobody hears from it.
	Ends   bool `json:"ends,omitempty"`
	Silent bool `json:"silent,omitempty"`
	// Resigns: it is asked to end, and whoever holds the VIP gives it away before.
	// The others need not miss adverts first.
	Resigns bool `json:"resigns,omitempty"`
	// Keeps: the VIP stays on the interface of a holder that is hit although
	// another node takes it, and no keepalived is there to remove it.
	Keeps bool `json:"keeps,omitempty"`
	// Splits: adverts don't pass, so that two keepalived may be master, both well.
	Splits bool `json:"splits,omitempty"`
	// Disturbs: adverts are lost or late by chance. The VIP may move, and back.
	Disturbs bool `json:"disturbs,omitempty"`
	// Moves: the VIP of a holder that is hit is to be expected on another node.
	Moves bool `json:"moves,omitempty"`
	// Reloads: it reads its file again and goes on; nothing may be lost by it.
	Reloads bool `json:"reloads,omitempty"`
	// Returns: what it ends starts again by itself.
	Returns bool `json:"returns,omitempty"`
	// All: it is done to all nodes of the cluster at once.
	All bool `json:"all,omitempty"`
	// Anything: several steps, one after the other; what comes of them is their
	// author's to say.
	Anything bool `json:"anything,omitempty"`
}

// Stop is what the end in order of a part means.
func Stop(on Part) Effect {
	return Effect{On: on, Ends: true, Resigns: on != App, Moves: on != App}
}

// Kill is what the sudden end of a part means. A keepalived that is killed with its
// children leaves the VIP on the interface; with a node its interface goes.
func Kill(on Part) Effect {
	return Effect{On: on, Ends: true, Keeps: on == Keepalived, Moves: on != App}
}

// Hang is what it means that a part is frozen. What nobody runs removes no VIP.
func Hang(on Part) Effect {
	return Effect{On: on, Silent: true, Keeps: on == Keepalived || on == Node, Moves: on != App}
}

// Start is what it means that all nodes of a cluster boot at once.
func Start() Effect {
	e := Restart(Node)
	e.All = true
	return e
}

// Rolling is what it means that both daemons of each node read their files again, one
// node after the other.
func Rolling() Effect { return Effect{Reloads: true} }

// Reload is what it means that a daemon is asked to read its file again.
func Reload(on Part) Effect { return Effect{On: on, Reloads: true} }

// Restart is what it means that a part ends in order and starts again.
func Restart(on Part) Effect {
	e := Stop(on)
	e.Returns = true
	return e
}

// Unlink is what it means that nothing passes between a node and everybody else:
// keepalived sees its interface go down.
func Unlink() Effect { return Effect{On: Link, Silent: true, Moves: true} }

// Handover is what it means that the holder gives its VIP away on purpose.
func Handover() Effect { return Effect{Resigns: true, Moves: true} }

// Steps is the effect of a scenario's own steps.
func Steps() Effect { return Effect{Anything: true} }

// EndsNode says whether a node that is hit holds nothing from then on: its
// processes and its interface are gone.
func (e Effect) EndsNode() bool { return e.On == Node && e.Ends && !e.Returns }

// Passes says whether it is over once it was done: nothing is left that could be
// undone or that ends.
func (e Effect) Passes() bool { return e.Reloads || e.Returns }

// StopsNode says whether a node that is hit is there, with all that it had, and
// does nothing.
func (e Effect) StopsNode() bool { return e.On == Node && e.Silent }

// StopsVRRP says whether no keepalived runs on a node that is hit, though it has
// not ended.
func (e Effect) StopsVRRP() bool { return e.Silent && (e.On == Node || e.On == Keepalived) }

// Unserves says whether a node that is hit may hold the VIP without a HAProxy that
// answers.
func (e Effect) Unserves() bool {
	return e.Anything || e.All || e.On == HAProxy && (e.Ends || e.Silent) || e.StopsNode()
}
