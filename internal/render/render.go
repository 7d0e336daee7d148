package render

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"halab/internal/agentapi"
	"halab/internal/topology"
)

//go:embed templates
var templates embed.FS

// Ports that every node listens on.
const (
	AppPort   = 5000 // the app
	WebPort   = 80   // HAProxy, to the apps of its cluster
	StatsPort = 8080 // HAProxy's statistics: a page at /, CSV at /;csv
)

// AlivePath is answered by HAProxy itself on WebPort.
const AlivePath = "/haproxy-alive"

// Timings of HAProxy in the fast profile, in milliseconds. They nest: the
// backend tier gives up on a hung app and asks the other one well before a
// frontend app gives up on the backend VIP (250 ms), and a frontend's HAProxy
// waits longer than that before it gives up on the frontend app. So with HAProxy
// 2.x a hung app costs one server timeout and no request, in either tier.
const (
	LastTierServerMs  = 120 // an app that asks nobody
	UpperTierServerMs = 300 // an app that asks another cluster
	// On HAProxy before 2.0 nothing can be tried again once it was sent, so a
	// timeout is a lost request and comes late.
	LegacyServerMs = 1000
	ConnectMs      = 75
	CheckInterMs   = 200
	CheckFastMs    = 100
	CheckTimeoutMs = 400
)

// advertMs is the time between two adverts of the fast profile.
const advertMs = 10

// times is a time as it is on this node.
func (in Input) times(ms int) int {
	if in.Slow {
		return ms * agentapi.SlowTimes
	}
	return ms
}

// haproxyData is what the template of haproxy.cfg sees.
type haproxyData struct {
	Input
	Version                       Version
	Fast                          bool
	Retry                         bool // layer 7 retries: HAProxy 2.0 and later
	Threads                       bool // nbthread: 1.8 and later
	AppPort, WebPort, StatsPort   int
	AlivePath                     string
	ConnectMs, ServerMs           int
	InterMs, FastMs, CheckLimitMs int
}

// HAProxy renders haproxy.cfg.
func HAProxy(in Input, v Version) (string, error) {
	data := haproxyData{
		Input: in, Version: v,
		Fast:    in.Profile == topology.ProfileFast,
		Retry:   v.AtLeast(2, 0),
		Threads: v.AtLeast(1, 8),
		AppPort: AppPort, WebPort: WebPort, StatsPort: StatsPort,
		AlivePath: AlivePath,
		ConnectMs: in.times(ConnectMs), ServerMs: LegacyServerMs,
		InterMs: in.times(CheckInterMs), FastMs: in.times(CheckFastMs), CheckLimitMs: in.times(CheckTimeoutMs),
	}
	if data.Retry {
		data.ServerMs = LastTierServerMs
		if in.Upstream != "" {
			data.ServerMs = UpperTierServerMs
		}
	}
	data.ServerMs = in.times(data.ServerMs)
	return execute("haproxy.cfg.tmpl", data)
}

// keepalivedData is what the template of keepalived.conf sees.
type keepalivedData struct {
	Input
	Version                             Version
	Fast, Modern                        bool
	Early                               bool // down_timer_adverts: 2.2 and later
	Priority                            int
	Advert                              float64 // seconds
	FaultFile, HandoverFile, NotifyFIFO string
}

// Follows says whether this keepalived follows files and writes its state to a
// FIFO by itself. An older one needs a supervisor that stops and starts it.
func Follows(v Version) bool { return v.AtLeast(2, 1) }

// Keepalived renders keepalived.conf.
func Keepalived(in Input, v Version) (string, error) {
	if in.Rank() < 0 {
		return "", fmt.Errorf("node %s is not in its cluster %s: add it to %s", in.Node, in.Cluster, agentapi.EnvNodes)
	}
	data := keepalivedData{
		Input: in, Version: v,
		Fast:      in.Profile == topology.ProfileFast,
		Modern:    Follows(v),
		Early:     v.AtLeast(2, 2),
		FaultFile: agentapi.FaultFile, HandoverFile: agentapi.HandoverFile,
		NotifyFIFO: agentapi.NotifyFIFO,
	}
	data.Priority, data.Advert = in.Priority(), float64(in.times(advertMs))/1000
	return execute("keepalived.conf.tmpl", data)
}

// Priorities of VRRP.
const (
	fastest = 254 // 255 is for who owns the address
	slowest = 1
	// apart is how far the priorities of neighbours are apart where the cluster
	// is small enough: with adverts of 10 ms, 51/256 of that is 2 ms.
	apart = 51
)

// Priority is the VRRP priority of the node. A backup waits, beyond the adverts
// that it misses, its skew: (256 - priority)/256 of an advert (RFC 5798, section
// 6.1).
//
// In the fast profile an advert is 10 ms. Where two backups wait for the same
// holder, theirs must differ by more than a scheduler lets either of them wait;
// with 253 and 252 they are 39 µs apart, and both take the VIP. All that can be
// shared out is one advert:
//
//	step     = min(51, 253/(nodes - 1))
//	priority = 254 - step·rank
//	skew     = (2 + step·rank)/256 · 10 ms
//
// Three nodes have 254, 203, 152: skews of 0.08, 2.07 and 4.06 ms. From six
// nodes on the differences shrink: 1.6 ms with seven (a step of 42), 0.4 ms
// with 25 (10), 39 µs with 200 (1). Two nodes have 254 and 253: there is one
// backup, and it may be quick.
//
// In the classic profile the skews of neighbours are 1/256 of a second apart.
func (in Input) Priority() int {
	rank, nodes := max(0, in.Rank()), len(in.Nodes)
	if in.Profile != topology.ProfileFast {
		return max(100, nodes) - rank
	}
	step := 1
	if nodes > 2 {
		step = min(apart, (fastest-slowest)/(nodes-1))
	}
	return fastest - step*rank
}

func execute(name string, data any) (string, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	var out strings.Builder
	if err := t.Execute(&out, data); err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	return out.String(), nil
}

// headline begins every file that is rendered here, and names the version.
const headline = "# %s of %s for %s %d.%d.%d,"

// Slower is a file that halab rendered as it is on a node that has stepped down.
// A file that somebody else wrote, or changed, is not ours and stays: who has
// "advert_int 0.01" in a keepalived.conf of his own wants an advert every 10 ms.
func Slower(text string, in Input, file func(Input, Version) (string, error)) (slower string, ours bool) {
	var v Version
	var name, node, daemon string
	if _, err := fmt.Sscanf(text, headline, &name, &node, &daemon, &v.Major, &v.Minor, &v.Patch); err != nil {
		return "", false
	}
	in.Slow = false
	ordinary, err := file(in, v)
	in.Slow = true
	slower, slowErr := file(in, v)
	return slower, err == nil && slowErr == nil && (text == ordinary || text == slower)
}
