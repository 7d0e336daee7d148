package topology

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	down := errors.New("engine not reachable")
	held := func(h Holders) func() (Holders, error) { return func() (Holders, error) { return h, nil } }
	never := func() (Holders, error) { t.Error("asked who holds a VIP for a name that is none"); return nil, nil }
	tests := []struct {
		name, target string
		holders      func() (Holders, error)
		want         []string
		err          error
		says         string
	}{
		{name: "node", target: "backend-02", holders: never, want: []string{"backend-02"}},
		{name: "cluster", target: "frontend", holders: never, want: []string{"frontend-01", "frontend-02"}},
		{name: "VIP", target: "frontend-00", holders: held(Holders{"frontend-00": {"frontend-02"}}), want: []string{"frontend-02"}},
		{name: "VIP held by nobody", target: "frontend-00", holders: held(nil), err: ErrNoHolder, says: "halab restore frontend"},
		{name: "VIP held twice", target: "backend-00", holders: held(Holders{"backend-00": {"backend-01", "backend-02"}}), err: ErrTwoHolders, says: "backend-01 and backend-02 hold backend-00 (10.1.2.20) at once"},
		{name: "VIP and no answer", target: "frontend-00", holders: func() (Holders, error) { return nil, down }, err: down, says: "who holds frontend-00"},
		{name: "letter swapped", target: "frotnend-01", holders: never, err: ErrUnknown, says: `did you mean "frontend-01"?`},
		{name: "letter missing", target: "backnd", holders: never, err: ErrUnknown, says: `did you mean "backend"?`},
		{name: "nothing like it", target: "xyzzy", holders: never, err: ErrUnknown, says: "There are: frontend, frontend-00, frontend-01, frontend-02, backend,"},
		{name: "empty", target: "", holders: never, err: ErrUnknown, says: "There are:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes, err := lab().Resolve(tt.target, tt.holders)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			var got []string
			for _, n := range nodes {
				got = append(got, n.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("nodes %v, want %v", got, tt.want)
			}
		})
	}
}

func TestResolveService(t *testing.T) {
	for _, s := range Services() {
		if got, err := ResolveService(string(s)); got != s || err != nil {
			t.Errorf("ResolveService(%q) = %q, %v", s, got, err)
		}
	}
	_, err := ResolveService("haprxy")
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), `did you mean "haproxy"?`) {
		t.Errorf("error %v", err)
	}
}

func TestResolveClusterAndNode(t *testing.T) {
	l := lab()
	for _, name := range []string{"backend", "backend-00"} {
		if c, err := l.ResolveCluster(name); err != nil || c.Name != "backend" {
			t.Errorf("ResolveCluster(%q) = %q, %v", name, c.Name, err)
		}
	}
	if _, err := l.ResolveCluster("backend-01"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a node passed for a cluster: %v", err)
	}
	if n, err := l.ResolveNode("backend-01"); err != nil || n.Name != "backend-01" {
		t.Errorf("ResolveNode = %q, %v", n.Name, err)
	}
	if _, err := l.ResolveNode("backend"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a cluster passed for a node: %v", err)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"frontend", "frontend-00", "frontend-01", "frontend-02", "backend", "app", "haproxy"}
	tests := []struct {
		word string
		want []string
	}{
		{"frontend-1", []string{"frontend-01"}},
		{"Frontend-01", []string{"frontend-01"}},
		{"frontend-03", []string{"frontend-00", "frontend-01", "frontend-02"}},
		{"ap", []string{"app"}},
		{"hproxy", []string{"haproxy"}},
		{"zzz", nil},
		{"", nil},
	}
	for _, tt := range tests {
		if got := Suggest(tt.word, known); !slices.Equal(got, tt.want) {
			t.Errorf("Suggest(%q) = %v, want %v", tt.word, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"node", "node", 0}}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
