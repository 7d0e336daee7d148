package predict

import (
	"math"
	"strconv"
	"strings"
)

// VRRP is what of a keepalived.conf decides how long a failover takes. Times are
// milliseconds.
type VRRP struct {
	Found       bool // there is a vrrp_instance
	Version     int  // of VRRP; keepalived's default is 2
	AdvertMs    float64
	Priority    int
	RouterID    int // virtual_router_id
	NoPreempt   bool
	DownAdverts int // down_timer_adverts: adverts that may be missed
	Scripts     []Script
	TrackFiles  bool // a file that takes the instance to FAULT is followed
}

// Script is a vrrp_script that the instance tracks.
type Script struct {
	IntervalMs float64
	Fall       int
	Weight     int // 0: failure takes the instance to FAULT
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
// refers to. It never fails: what it does not understand, or can't be, is as if
// it were not there, as keepalived itself has it.
func ParseKeepalived(text string) VRRP {
	all, _ := blocks(strings.Split(text, "\n"), 0)
	file := block{words: []string{"file"}, inner: all}
	v := VRRP{Version: 2, AdvertMs: defaultAdvertMs, Priority: defaultPriority, DownAdverts: defaultDownAdverts}
	scripts := map[string]Script{}
	files := map[string]bool{}
	for _, b := range file.inner {
		switch b.name() {
		case "global_defs":
			if line, ok := b.find("vrrp_version"); ok && line.word(1) == "3" {
				v.Version = 3
			}
		case "vrrp_script":
			scripts[b.word(1)] = script(b)
		case "track_file", "vrrp_track_file":
			weight, _ := b.find("weight")
			files[b.word(1)] = number(weight.word(1), 0) == 0
		}
	}
	for _, b := range file.inner {
		if b.name() == "vrrp_instance" {
			v.instance(b, scripts, files)
			break
		}
	}
	return v
}

func script(b block) Script {
	s := Script{IntervalMs: defaultScriptMs, Fall: 1}
	if line, ok := b.find("interval"); ok {
		// Fractions are dropped without a word; less than one second is one.
		s.IntervalMs = max(1, math.Floor(bounded(line.word(1), 1, 0, 86400))) * secondMs
	}
	if line, ok := b.find("fall"); ok {
		s.Fall = int(bounded(line.word(1), 1, 1, 1000))
	}
	if line, ok := b.find("weight"); ok {
		s.Weight = int(bounded(line.word(1), 0, -253, 253))
	}
	return s
}

func (v *VRRP) instance(b block, scripts map[string]Script, files map[string]bool) {
	v.Found = true
	if line, ok := b.find("version"); ok && line.word(1) == "3" {
		v.Version = 3
	} else if ok && line.word(1) == "2" {
		v.Version = 2
	}
	if line, ok := b.find("advert_int"); ok {
		v.AdvertMs = bounded(line.word(1), 1, 0.01, 255) * secondMs
	}
	if line, ok := b.find("priority"); ok {
		v.Priority = int(bounded(line.word(1), defaultPriority, 1, maxPriority))
	}
	if line, ok := b.find("virtual_router_id"); ok {
		v.RouterID = int(bounded(line.word(1), 0, 1, 255))
	}
	if line, ok := b.find("down_timer_adverts"); ok {
		v.DownAdverts = int(bounded(line.word(1), defaultDownAdverts, 1, 100))
	}
	_, v.NoPreempt = b.find("nopreempt")
	if tracked, ok := b.find("track_script"); ok {
		for _, line := range tracked.inner {
			if s, found := scripts[line.name()]; found {
				v.Scripts = append(v.Scripts, s)
			}
		}
	}
	if tracked, ok := b.find("track_file"); ok {
		for _, line := range tracked.inner {
			v.TrackFiles = v.TrackFiles || files[line.name()]
		}
	}
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

// SkewMs is the Skew_Time of a backup with this file: the higher its priority,
// the shorter it waits (RFC 5798, section 6.1).
func (v VRRP) SkewMs() float64 { return float64(256-v.Priority) / 256 * v.AdvertMs }

// MasterDownMs is the Master_Down_Interval of a backup with this file: how long
// it hears no advert before it takes over (RFC 5798, section 6.1, with
// keepalived's down_timer_adverts in place of the 3).
func (v VRRP) MasterDownMs() float64 { return float64(v.DownAdverts)*v.AdvertMs + v.SkewMs() }
