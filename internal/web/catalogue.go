package web

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"halab/internal/app"
	"halab/internal/fault"
	"halab/internal/topology"
)

// offer is one thing that can be broken, as the page makes a form of it.
type offer struct {
	Words   []string   `json:"words"`             // what begins the words of `halab fail`
	Service string     `json:"service,omitempty"` // of what is done to any service
	Name    string     `json:"name"`
	Summary string     `json:"summary"`
	Sees    string     `json:"sees"`
	OneWay  bool       `json:"one_way,omitempty"`
	Args    []argument `json:"args"`
}

type argument struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Unit    string   `json:"unit"`
	Default string   `json:"default,omitempty"`
	Example string   `json:"example"`
	Values  []string `json:"values,omitempty"`
	Target  bool     `json:"target,omitempty"`
}

// catalogue answers GET /api/catalogue: every fault, from the list that the command
// line reads.
func (s *Server) catalogue(w http.ResponseWriter, _ *http.Request) {
	answer(w, offers(s.lab.Powered()), nil)
}

// offers lists what can be broken; powered: nodes can be switched off.
func offers(powered bool) []offer {
	var list []offer
	for _, k := range fault.Catalogue() {
		o := offer{Words: []string{k.Name}, Name: k.Name, Summary: k.Summary, Sees: k.Sees, OneWay: k.OneWay, Args: []argument{}}
		if (fault.Order{Kind: k}).TakesPower() && !powered {
			continue
		}
		for _, a := range k.Args {
			o.Args = append(o.Args, argument{a.Name, a.Type, a.Unit, a.Default, a.Example, a.Values, a.Target})
		}
		if !slices.Contains(fault.Hows(), k.Name) {
			list = append(list, o)
			continue
		}
		for _, service := range k.On {
			done := o
			done.Service, done.Words = string(service), []string{string(service), k.Name}
			done.Sees = k.SeenOn(service)
			list = append(list, done)
		}
	}
	return list
}

// outlook keeps what faults would cost: reading it asks every daemon of the lab.
type outlook struct {
	mu   sync.Mutex
	read time.Time
	of   *app.Outlook
}

// fresh is how long what was read counts: a daemon may be given another file.
const fresh = 10 * time.Second

// forecast answers GET /api/forecast?target=…&word=…&word=…&one_way: what a fault is
// expected to cost, before it is done.
func (s *Server) forecast(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	oneWay, _ := strconv.ParseBool(q.Get("one_way"))
	o := order{Target: q.Get("target"), Words: q["word"], OneWay: oneWay}
	f, err := o.parse()
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.outlook.mu.Lock()
	defer s.outlook.mu.Unlock()
	if s.outlook.of == nil || time.Since(s.outlook.read) > fresh {
		if s.outlook.of, err = s.lab.Outlook(r.Context()); err != nil {
			answer(w, nil, err)
			return
		}
		s.outlook.read = time.Now()
	}
	foreseen, err := s.outlook.of.Of(r.Context(), o.Target, f)
	answer(w, foreseen, err)
}

// about answers GET /api/about: what the page is to be.
func (s *Server) about(w http.ResponseWriter, _ *http.Request) {
	var services []string
	for _, v := range topology.Services() {
		services = append(services, string(v))
	}
	answer(w, map[string]any{"read_only": s.options.ReadOnly, "replay": s.options.Replay != nil, "services": services, "probes_per_second": probeRate}, nil)
}
