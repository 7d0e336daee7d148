package fault

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/effect"
	"halab/test/golden"
)

// The table of docs/faults.md is made from the catalogue (go test -update writes it
// anew), and what its examples say can be parsed.
func TestCatalogueIsDocumented(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/faults.md", "\n| fault |", "\n\nUnits:"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no table from %q to %q", path, begin, end)
	}
	golden.File(t, path, before+"\n"+table()+end+after)
	listed := map[string]bool{}
	for _, k := range Catalogue() {
		if listed[k.Name] || k.Summary == "" || seen(k) == "" || k.Man == "" {
			t.Errorf("%s is there twice, or does not say what it does, what one sees and where to read on", k.Name)
		}
		listed[k.Name] = true
		if k.how {
			continue
		}
		words := strings.Fields(k.Name)
		for _, a := range k.Args {
			words = append(words, a.Example)
		}
		if o, err := Parse(words); err != nil || o.Kind.Name != k.Name {
			t.Errorf("its example %q: %v, %v", words, o.Kind.Name, err)
		}
	}
}

// table is the catalogue as docs/faults.md has it.
func table() string {
	var b strings.Builder
	b.WriteString("| fault | on | what it does | what an operator sees | in a drill | more |\n|:--|:--|:--|:--|:--|:--|\n")
	for _, k := range Catalogue() {
		var on, drills []string
		for _, s := range k.On {
			on = append(on, string(s))
			if name := (Order{Kind: k, Service: s}).Drill(); !slices.Contains(drills, "`"+name+"`") {
				drills = append(drills, "`"+name+"`")
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", k.Usage(), strings.Join(on, ", "), k.Summary, seen(k), strings.Join(drills, ", "), k.Man)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// seen is what an operator sees, of all that a fault can be done to; "" where one of
// them is not told.
func seen(k Kind) string {
	var list []string
	for _, s := range k.On {
		text := k.SeenOn(s)
		if text == "" || text == k.Sees {
			return text
		}
		list = append(list, string(s)+": "+text)
	}
	return strings.Join(list, "<br>")
}

// Each fault has one name in drills, whichever way it was asked for.
func TestDrillNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ words, name, slug string }{
		{"haproxy kill", "haproxy-kill", "haproxy-kill"},
		{"app", "app-stop", "app-stop"},
		{"node kill", "node-crash", "node-crash"},
		{"crash", "node-crash", "node-crash"},
		{"node stop", "node-shutdown", "node-shutdown"},
		{"shutdown", "node-shutdown", "node-shutdown"},
		{"node hang", "node-freeze", "node-freeze"},
		{"freeze", "node-freeze", "node-freeze"},
		{"node poweroff", "node-poweroff", "node-poweroff"},
		{"haproxy reload", "haproxy-reload", "haproxy-reload"},
		{"node restart", "node-restart", "node-restart"},
		{"link down", "link-down", "link-down"},
		{"loss 30% in", "loss", "loss-30-in"},
		{"drop vrrp", "drop-vrrp", "drop-vrrp"},
	} {
		o, err := Parse(strings.Fields(c.words))
		if err != nil || o.Drill() != c.name || o.Slug() != c.slug {
			t.Errorf("%q is %s, %s, not %s, %s; %v", c.words, o.Drill(), o.Slug(), c.name, c.slug, err)
		}
	}
	seen := map[string]bool{}
	for _, o := range Drills("client") {
		if seen[o.Drill()] {
			t.Errorf("%s is there twice", o.Drill())
		}
		seen[o.Drill()] = true
	}
}

// The same done by two names means the same.
func TestEffects(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"node kill": "crash", "node stop": "shutdown", "node hang": "freeze", "node poweroff": "crash"} {
		x, _ := Parse(strings.Fields(a))
		y, _ := Parse(strings.Fields(b))
		if x.Effect() != y.Effect() || !x.Effect().Moves {
			t.Errorf("%s means %+v, %s %+v", a, x.Effect(), b, y.Effect())
		}
	}
	for words, want := range map[string]effect.Effect{
		"haproxy stop":      {On: effect.HAProxy, Ends: true, Resigns: true, Moves: true},
		"keepalived kill":   {On: effect.Keepalived, Ends: true, Keeps: true, Moves: true},
		"keepalived hang":   {On: effect.Keepalived, Silent: true, Keeps: true, Moves: true},
		"app kill":          {On: effect.App, Ends: true},
		"keepalived reload": {On: effect.Keepalived, Reloads: true},
		"node restart":      {On: effect.Node, Ends: true, Resigns: true, Moves: true, Returns: true},
		"link down":         {On: effect.Link, Silent: true, Moves: true},
		"partition backend": {On: effect.Link, Splits: true},
		"partition client":  {On: effect.Client, Silent: true},
		"loss 30":           {On: effect.Link, Disturbs: true},
		"slow 1s":           {On: effect.App},
		"disk":              {},
	} {
		if o, err := Parse(strings.Fields(words)); err != nil || o.Effect() != want {
			t.Errorf("%s means %+v, not %+v; %v", words, o.Effect(), want, err)
		}
	}
}

// What was done is said as one says it.
func TestDoneInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done Done
		want string
	}{
		{Done{Node: "a", Service: "haproxy", Fault: "stop"}, "stopped haproxy on a"},
		{Done{Node: "a", Service: "node", Fault: "kill"}, "killed a"},
		{Done{Node: "a", Service: "node", Fault: "shutdown"}, "shut down a"},
		{Done{Node: "a", Service: "node", Fault: "loss", Words: []string{"30", "in"}}, "applied loss 30 in to a"},
		{Done{Node: "a", Service: "app", Fault: "slow", Words: []string{"1s"}}, "applied slow 1s to app on a"},
	} {
		if got := c.done.Text(); got != c.want {
			t.Errorf("%+v is told as %q, not %q", c.done, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ words, want, mistake string }{
		{"haproxy", "stop haproxy", ""},
		{"haproxy kill", "kill haproxy", ""},
		{"link down", "link down", ""},
		{"loss 30", "loss 30", ""},
		{"loss 30% in", "loss 30% in", ""},
		{"delay 50ms 10ms", "delay 50ms 10ms", ""},
		{"", "", "name a fault"},
		{"haprxy", "", "did you mean \"haproxy\""},
		{"haproxy explode", "", "no fault \"explode\""},
		{"haproxy kill now", "", "one word too many"},
		{"link up", "", "no fault or service \"link up\""},
		{"loss", "", "loss needs PCT"},
		{"loss 0", "", "is no share"},
		{"loss NaN", "", "is no share"},
		{"loss 30 sideways", "", "no direction"},
		{"rate 1mbps", "", "is no rate"},
		{"slow -1s", "", "is no time"},
		{"memory 1KB", "", "no amount of memory"},
		{"cpu 1000", "", "busy loops"},
		{"stop", "", "say what to stop"},
		{"disk now", "", "one word too many"},
	} {
		o, err := Parse(strings.Fields(c.words))
		switch {
		case c.mistake == "" && (err != nil || o.Text() != c.want):
			t.Errorf("%q is %q, %v", c.words, o.Text(), err)
		case c.mistake != "" && (err == nil || !strings.Contains(err.Error(), c.mistake)):
			t.Errorf("%q: %v, want %q", c.words, err, c.mistake)
		}
	}
}

// Whoever is cut off is cut off on the side that hears, so that multicasts are
// too; one way, only the second side stops hearing.
func TestSides(t *testing.T) {
	t.Parallel()
	all := map[string]string{"a": "mac-a", "b": "mac-b", "client": "mac-c"}
	a, b := agentapi.FaultPeer{Name: "a", MAC: "mac-a", In: true}, agentapi.FaultPeer{Name: "b", MAC: "mac-b", In: true}
	both := sides([]string{"a"}, []string{"b"}, false, all)
	if !slices.Equal(both["a"], []agentapi.FaultPeer{b}) || !slices.Equal(both["b"], []agentapi.FaultPeer{a}) {
		t.Errorf("both ways: %v", both)
	}
	one := sides([]string{"a"}, []string{"b"}, true, all)
	if len(one["a"]) != 0 || !slices.Equal(one["b"], []agentapi.FaultPeer{a}) {
		t.Errorf("one way: %v", one)
	}
	client := sides([]string{"a"}, []string{"client"}, false, all)
	if len(client) != 1 || !slices.Equal(client["a"], []agentapi.FaultPeer{{Name: "client", MAC: "mac-c", In: true, Out: true}}) {
		t.Errorf("the client: %v", client)
	}
	if self := sides([]string{"a"}, []string{"a"}, false, all); len(self) != 0 {
		t.Errorf("a node from itself: %v", self)
	}
}

// FuzzParse: no words make the parser panic or give a value out of its range.
func FuzzParse(f *testing.F) {
	for _, k := range Catalogue() {
		words := k.Name
		for _, a := range k.Args {
			words += " " + a.Example
		}
		f.Add(words)
	}
	f.Add("loss 1e309")
	f.Add("rate 99999999999gbit")
	f.Fuzz(func(t *testing.T, words string) {
		o, err := Parse(strings.Fields(words))
		if err != nil {
			return
		}
		r := o.request
		if r.Percent < 0 || r.Percent > 100 || r.Delay < 0 || r.Delay > maxTime || r.Jitter < 0 || r.Bytes < 0 || r.Count < 0 || r.Rate > maxRate {
			t.Errorf("%q: %+v", words, r)
		}
	})
}
