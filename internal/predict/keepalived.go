package predict

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// VRRP is what of a keepalived.conf decides how long a failover takes. Times are
// milliseconds.
type VRRP struct {
	Found       bool // there is a vrrp_instance
	Old         bool // read by a keepalived before 2.0
	Version     int  // of VRRP; keepalived's default is 2
	AdvertMs    float64
	Priority    int  // as the file has it, without weights
	Master      bool // "state MASTER"
	RouterID    int  // virtual_router_id
	NoPreempt   bool
	DownAdverts int // down_timer_adverts: adverts that may be missed
	Checks      []Check
}

// keepalived's own values where the file is silent: keepalived.conf(5).
const (
	defaultAdvertMs    = 1000
	defaultPriority    = 100
	defaultDownAdverts = 3
	defaultScriptMs    = 1000
	maxPriority        = 255
	secondMs           = 1000.0
)

// block is a keyword with its words and, where braces follow, what they hold.
type block struct {
	words []string
	inner []block
}

func (b block) name() string { return b.words[0] }

func (b block) word(i int) string {
	if i < len(b.words) {
		return b.words[i]
	}
	return ""
}

// find gives the first inner line with a name; ok says whether there is one.
func (b block) find(name string) (block, bool) {
	for _, in := range b.inner {
		if in.name() == name {
			return in, true
		}
	}
	return block{words: []string{name}}, false
}

// maxDepth bounds the braces that are followed inside each other.
const maxDepth = 16

// blocks reads keepalived.conf's form: a keyword and its words in a line, with
// braces around what belongs to it. Comments begin with # or !.
func blocks(lines []string, depth int) (out []block, rest []string) {
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		if i := strings.IndexAny(line, "#!"); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(line, "{", " { "), "}", " } "))
		for len(words) > 0 {
			end := 0
			for end < len(words) && words[end] != "{" && words[end] != "}" {
				end++
			}
			if end > 0 {
				out = append(out, block{words: words[:end]})
			}
			if end == len(words) {
				break
			}
			closing := words[end] == "}"
			after := append([]string{strings.Join(words[end+1:], " ")}, lines...)
			if closing && depth > 0 {
				return out, after
			}
			if closing { // one too many
				lines = after
				break
			}
			if depth >= maxDepth {
				return out, nil
			}
			var inner []block
			inner, lines = blocks(after, depth+1)
			if len(out) == 0 {
				out = append(out, block{words: []string{"{"}})
			}
			out[len(out)-1].inner = inner
			break
		}
	}
	return out, nil
}

// ParseKeepalived reads the first vrrp_instance of a keepalived.conf and what it
// refers to, as the keepalived of that version does. It never fails: what it
// does not understand, or can't be, is as if it were not there, as keepalived
// itself has it.
func ParseKeepalived(text, version string) VRRP {
	all, _ := blocks(strings.Split(text, "\n"), 0)
	v := VRRP{
		Old: before(version, 2, 0, 0), Version: 2,
		AdvertMs: defaultAdvertMs, Priority: defaultPriority, DownAdverts: defaultDownAdverts,
	}
	scripts, files := map[string]Check{}, map[string]Check{}
	for _, b := range all {
		switch b.name() {
		case "global_defs":
			if line, ok := b.find("vrrp_version"); ok && line.word(1) == "3" {
				v.Version = 3
			}
		case "vrrp_script":
			scripts[b.word(1)] = script(b, version)
		case "track_file", "vrrp_track_file":
			files[b.word(1)] = trackFile(b)
		case "vrrp_instance":
			// What is defined below is not found: names are looked up while the
			// file is read.
			v.instance(b, scripts, files)
			return v
		}
	}
	return v
}

func script(b block, version string) Check {
	s := Check{Name: b.word(1), IntervalMs: defaultScriptMs, Fall: 1}
	if line, ok := b.find("script"); ok {
		s.Script = strings.Trim(strings.Join(line.words[1:], " "), `"'`)
	}
	if line, ok := b.find("interval"); ok {
		s.IntervalMs = interval(line.word(1), version) * secondMs
	}
	if line, ok := b.find("fall"); ok {
		s.Fall = int(bounded(line.word(1), 1, 1, 1000))
	}
	s.Weight = weight(b, 0)
	return s
}

// interval is that of a script in seconds. Before 2.3.2 it is whole: 2.x takes
// "2.5" for no number and stays at 1, older ones read the 2; 0 is 1.
func interval(text, version string) float64 {
	n := bounded(text, 1, 0, 86400)
	switch {
	case !before(version, 2, 3, 2) && n > 0:
		return n
	case n != math.Floor(n) && !before(version, 2, 0, 0):
		return 1
	}
	return max(1, math.Floor(n))
}

func trackFile(b block) Check {
	c := Check{Name: b.word(1), Weight: weight(b, 1)} // "weight defaults to 1", unlike that of a script
	if line, ok := b.find("file"); ok {
		c.File = strings.Trim(line.word(1), `"'`)
	}
	return c
}

func weight(b block, silent float64) int {
	line, ok := b.find("weight")
	if !ok {
		return int(silent)
	}
	return int(bounded(line.word(1), silent, -faultWeight, faultWeight))
}

func (v *VRRP) instance(b block, scripts, files map[string]Check) {
	v.Found = true
	if v.Old {
		b = b.asOld()
	}
	if line, ok := b.find("version"); ok && line.word(1) == "3" {
		v.Version = 3
	} else if ok && line.word(1) == "2" {
		v.Version = 2
	}
	if line, ok := b.find("advert_int"); ok {
		v.AdvertMs = bounded(line.word(1), 1, 0.01, 255) * secondMs
	}
	if v.Version == 2 { // whole seconds alone
		v.AdvertMs = max(1, math.Round(v.AdvertMs/secondMs)) * secondMs
	}
	if line, ok := b.find("priority"); ok {
		v.Priority = int(bounded(line.word(1), defaultPriority, 1, maxPriority))
	}
	if line, ok := b.find("virtual_router_id"); ok {
		v.RouterID = int(bounded(line.word(1), 0, 1, 255))
	}
	if line, ok := b.find("down_timer_adverts"); ok && !v.Old {
		v.DownAdverts = int(bounded(line.word(1), defaultDownAdverts, 1, 100))
	}
	state, _ := b.find("state")
	v.Master = state.word(1) == "MASTER"
	_, v.NoPreempt = b.find("nopreempt")
	v.NoPreempt = v.NoPreempt && !v.Master // which keepalived ignores then
	v.track(b, "track_script", scripts)
	v.track(b, "track_file", files)
}

// asOld cuts off what keepalived before 2.0 does not get to see: a block that it
// does not know ends the instance there.
func (b block) asOld() block {
	for i, in := range b.inner {
		if in.name() == "track_file" || in.name() == "track_process" {
			b.inner = b.inner[:i]
			break
		}
	}
	return b
}

// faultWeight is as far as a weight goes. A file that says 1 and weighs −254
// takes the instance to FAULT, as one of weight 0 does.
const faultWeight = 254

// track takes up what the instance tracks, with the weight that it gives it. A
// check that is told "reverse" is well when it fails, and says nothing here.
func (v *VRRP) track(b block, name string, known map[string]Check) {
	tracked, _ := b.find(name)
	for _, line := range tracked.inner {
		c, found := known[line.name()]
		if !found || slices.Contains(line.words, "reverse") {
			continue
		}
		if at := slices.Index(line.words, "weight"); at > 0 {
			c.Weight = int(bounded(line.word(at+1), float64(c.Weight), -faultWeight, faultWeight))
		}
		if c.File != "" && c.Weight == -faultWeight {
			c.Weight = 0
		}
		v.Checks = append(v.Checks, c)
	}
}

// before says whether a daemon's version is known and before another.
func before(version string, than ...int) bool {
	parts := strings.Split(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	for i, limit := range than {
		n := 0
		if i < len(parts) {
			var err error
			if n, err = strconv.Atoi(parts[i]); err != nil {
				return false
			}
		}
		if n != limit {
			return n < limit
		}
	}
	return false
}

// bounded reads a number; what is none, or outside its bounds, is the default.
func bounded(text string, silent, low, high float64) float64 {
	n := number(text, silent)
	if n < low || n > high {
		return silent
	}
	return n
}

func number(text string, silent float64) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return silent
	}
	return n
}
