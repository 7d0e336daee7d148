package fault

import (
	"os"
	"slices"
	"strings"
	"testing"

	"halab/internal/agentapi"
)

// Every fault is explained in docs/faults.md, and its examples can be parsed.
func TestCatalogueIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range Catalogue() {
		if seen[k.Name] {
			t.Errorf("%s is there twice", k.Name)
		}
		seen[k.Name] = true
		if !strings.Contains(string(text), "| `"+k.Usage()+"`") {
			t.Errorf("docs/faults.md does not list `%s`", k.Usage())
		}
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

func TestParse(t *testing.T) {
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
