package live

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/event"
	"halab/internal/lab"
	"halab/internal/outage"
	"halab/internal/topology"
)

// timeoutMs is when a probe is given up. A VIP that moves answers its next probe; one
// that nobody holds answers none.
const timeoutMs = 200

// target is what is to be probed, and from where. The zero value is nothing.
type target struct {
	client   string // container
	spec     agentapi.ObserverSpec
	clusters map[string]string // VIP -> cluster
	holders  map[string]string // VIP -> node that alone held it
	text     string            // client and spec, to compare
}

// targetOf is what a lab gives to probe: every VIP, by its HAProxy alone. The engine
// forgets the hardware address of a node that is down, so those that were known count
// on: else each crash would begin another observer, amid the outage.
func targetOf(st *lab.State, rate float64, macs map[string]string) target {
	client, found := st.Client()
	if !found || client.State != engine.StateRunning || rate <= 0 || len(st.Clusters) == 0 {
		return target{}
	}
	t := target{client: client.ID, spec: agentapi.ObserverSpec{Interface: "eth0"},
		clusters: map[string]string{}, holders: map[string]string{}}
	for _, c := range st.Clusters {
		t.clusters[c.VIP.Address] = c.Name
		if len(c.VIP.Holders) == 1 {
			t.holders[c.VIP.Address] = c.VIP.Holders[0]
		}
		if c.EdgeURL() == "" {
			continue // nothing of it can be asked
		}
		t.spec.VIPs = append(t.spec.VIPs, c.VIP.Address)
		t.spec.Streams = append(t.spec.Streams, agentapi.StreamSpec{
			Name: c.VIP.Address, URL: c.EdgeURL(), AnyStatus: true, // a user's own file may answer 404 there
			Rate: rate, TimeoutMs: timeoutMs, MaxInFlight: int(rate*timeoutMs/1000*3/2) + 2,
		})
	}
	for node, mac := range st.Hardware() {
		if node != topology.Client {
			macs[mac] = node
		}
	}
	t.spec.MACs = maps.Clone(macs)
	text, _ := json.Marshal(t.spec) // of strings and numbers
	t.text = t.client + string(text)
	return t
}

// probes keep an observer at work in the client as long as there is one.
type probes struct {
	run     *run
	told    string            // of the target that was told last
	macs    map[string]string // hardware address -> node, all that were known
	targets chan target       // the newest one alone
}

// at takes in the lab as it is now.
func (p *probes) at(st *lab.State) {
	t := targetOf(st, p.run.feed.options.Rate, p.macs)
	if t.text == p.told {
		return
	}
	p.told = t.text
	select {
	case <-p.targets:
	default:
	}
	p.targets <- t
}

// work runs an observer for the present target until ctx ends.
func (p *probes) work(ctx context.Context) {
	var t target
	complained := "" // of last; the same trouble is told once
	for {
		if t.client == "" {
			select {
			case t = <-p.targets:
			case <-ctx.Done():
				return
			}
			continue
		}
		observing, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- p.observe(observing, t) }()
		select {
		case next := <-p.targets:
			stop()
			<-ended
			t = next
		case err := <-ended:
			stop()
			if ctx.Err() != nil {
				return
			}
			if err.Error() != complained {
				complained = err.Error()
				p.complain(complained + "; the VIPs are not probed meanwhile")
			}
			if lab.Pause(ctx, againEvery) != nil {
				return
			}
		}
	}
}

func (p *probes) complain(text string) {
	p.run.feed.Tell(event.Event{Time: time.Now(), Subject: topology.Client, Status: event.Warn, Text: text})
}

// observe runs one observer until it or ctx ends.
func (p *probes) observe(ctx context.Context, t target) error {
	s := &sight{target: t, emit: p.run.emit, probed: p.run.feed.options.Probed, vips: map[string]*stream{}, heard: maps.Clone(t.holders)}
	ended := make(chan error, 1)
	o, err := lab.Observe(ctx, p.run.feed.engine, t.client, t.spec, lab.Observation{
		Line: func(l agentapi.ObserverLine) {
			if l.Error != "" {
				p.complain(l.Error)
			}
			s.line(l)
		},
		Odd: p.complain, Ended: func(err error) { ended <- err },
	})
	if err != nil {
		return err
	}
	defer o.Close()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sight makes events of what one observer says.
type sight struct {
	target target
	emit   func(Event)
	probed func(Probe) // nil: nobody asks for each
	zero   int64       // Unix ns of the observer's clock at 0
	vips   map[string]*stream
	heard  map[string]string // VIP -> node that sent the last gratuitous ARP for it
}

func (s *sight) line(l agentapi.ObserverLine) {
	switch {
	case l.Hello != nil:
		s.zero = l.Hello.Wall - l.Hello.Mono
	case l.Wire != nil && l.Wire.Kind == "garp":
		s.announced(*l.Wire)
	case l.Sample != nil:
		s.sample(*l.Sample)
	}
}

// announced takes in a gratuitous ARP. keepalived sends five in a row and repeats them
// every 10 s: the first of another node is what moves the VIP for its neighbours.
func (s *sight) announced(w agentapi.WireEvent) {
	node := s.target.spec.MACs[w.MAC]
	if node == "" {
		node = w.MAC
	}
	if s.heard[w.VIP] == node {
		return
	}
	s.heard[w.VIP] = node
	s.emit(Event{Time: s.wall(w.At), Kind: ARP, Cluster: s.target.clusters[w.VIP], Node: node, Address: w.VIP, Detail: w.MAC})
}

func (s *sight) wall(at int64) time.Time { return time.Unix(0, s.zero+at) }

func (s *sight) sample(p agentapi.Sample) {
	if s.probed != nil {
		s.probed(Probe{VIP: p.Stream, Due: s.wall(p.Due), Took: time.Duration(p.Done - p.Due), Node: p.Node, Error: p.Error})
	}
	vip := s.vips[p.Stream]
	if vip == nil {
		vip = &stream{interval: int64(float64(time.Second) / s.target.spec.Streams[0].Rate)}
		s.vips[p.Stream] = vip
	}
	for _, p := range vip.add(p) {
		was := vip.outage.Failed
		from, failed, ended := vip.outage.Add(p)
		e := Event{Kind: Outage, Cluster: s.target.clusters[p.Stream], Address: p.Stream, Time: s.wall(p.Due)}
		switch {
		case ended:
			e.Action, e.OutageMs, e.Failed, e.Node = Ended, outage.Ms(p.Due-from), failed, p.Node
			s.emit(e)
		case was == 0 && vip.outage.Failed > 0:
			e.Action, e.Detail = Began, p.Error
			s.emit(e)
		}
	}
}

// stream puts the samples of one VIP into the order in which they were due: one that
// fails by its timeout comes after those that were sent later and answered.
//
//	due       0    20    40    60 …
//	comes   200    21    41    61     20 to 180 wait for 0
type stream struct {
	interval int64
	next     int64 // when the next sample is due
	held     []agentapi.Sample
	outage   outage.Finder
}

// add takes a sample in, and gives those whose turn it is. One that never comes (the
// prober had too many under way) is waited for no longer than its timeout. One that is
// due before the first that came is left out.
func (s *stream) add(p agentapi.Sample) []agentapi.Sample {
	if s.next > 0 && p.Due < s.next-s.interval/2 {
		return nil
	}
	at, _ := slices.BinarySearchFunc(s.held, p, func(a, b agentapi.Sample) int { return int(a.Due - b.Due) })
	s.held = slices.Insert(s.held, at, p)
	n := 0
	for _, h := range s.held {
		if h.Due > s.next+s.interval/2 && s.next > 0 && h.Due+timeoutMs*int64(time.Millisecond) > p.Done {
			break
		}
		s.next = h.Due + s.interval
		n++
	}
	due := slices.Clone(s.held[:n])
	s.held = slices.Delete(s.held, 0, n)
	return due
}
