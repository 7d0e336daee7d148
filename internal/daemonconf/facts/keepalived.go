package facts

import (
	"net/netip"

	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/source"
)

// Keepalived is one keepalived.
type Keepalived struct {
	Version   Version
	Present   bool // there is a keepalived.conf
	File      string
	Conf      *keepalivedconf.Config
	Global    Global
	Scripts   []Script
	Trackers  []Tracker // files and processes that are followed
	Instances []Instance
	Groups    []Group
	// Ignored are words that can't be what they stand for: keepalived says so in
	// its log and goes on without.
	Ignored []Ignored
	// VirtualServers are read and not judged: the kernel's IP_VS does their work.
	VirtualServers []source.Pos
}

// Ignored is a word that keepalived does not take, and what for.
type Ignored struct {
	Value[string]
	Keyword string
	Instead string // what is in force
}

// Global is global_defs.
type Global struct {
	ScriptUser    Value[string]
	Security      Value[bool] // enable_script_security
	VRRPVersion   Value[int]
	SkipCheckAddr Value[bool] // vrrp_skip_check_adv_addr
	Strict        Value[bool] // vrrp_strict
	StartupDelay  Value[float64]
	NotifyFifo    Value[string]
	Dynamic       bool // dynamic_interfaces: one that is not there may come
}

// Script is a vrrp_script; times in milliseconds.
type Script struct {
	Name       string
	At         source.Pos
	Command    Value[string]
	IntervalMs Value[float64]
	TimeoutMs  Value[float64]
	Fall, Rise Value[int]
	Weight     Value[int]
	User       Value[string]
	InitFail   bool
}

// Tracker is a vrrp_track_file or vrrp_track_process.
type Tracker struct {
	Name, Kind string // Kind is file or process
	At         source.Pos
	Weight     Value[int]
	Path       string
	DelayMs    float64
}

// Tracked is a line of track_script, track_file, track_process or
// track_interface.
type Tracked struct {
	Kind, Name string
	At         source.Pos
	Weight     Value[int]
	Script     *Script // nil: none of that name above
	Tracker    *Tracker
	Below      source.Pos // where it is defined, when that is below the instance
}

// Works says whether keepalived acts on it.
func (t Tracked) Works() bool {
	return t.Kind == "interface" || t.Kind == "bfd" || t.Script != nil || t.Tracker != nil
}

// VIP is an address that an instance moves.
type VIP struct {
	Addr     netip.Addr
	Prefix   int
	Dev      string
	At       source.Pos
	Excluded bool // virtual_ipaddress_excluded: moved, not announced
}

// Notify is a script that is run at a change of state.
type Notify struct {
	Event   string // notify, notify_master, …
	Command Value[string]
}

// Group is a vrrp_sync_group.
type Group struct {
	Name    string
	At      source.Pos
	Members []string
	Notify  []Notify
	Tracked []Tracked
}

// Instance is a vrrp_instance.
type Instance struct {
	Name           string
	At, End        source.Pos
	Interface      Value[string]
	State          Value[string]
	RouterID       Value[int]
	Priority       Value[int]
	Version        Value[int]
	AdvertMs       Value[float64]
	DownAdverts    Value[int]
	NoPreempt      Value[bool]
	PreemptDelayMs Value[float64]
	AuthType       Value[string]
	AuthPass       Value[string]
	Source         Value[netip.Addr] // unicast_src_ip or mcast_src_ip
	UnicastSource  bool              // it is unicast_src_ip
	Unicast        Value[bool]       // unicast_peer stands there, empty or not
	Peers          []Value[netip.Addr]
	VIPs           []VIP
	Tracked        []Tracked
	Notify         []Notify
	SkipCheckAddr  bool
	Strict, Accept bool
	Group          string
}

// keepalived's own values where the file is silent: keepalived.conf(5).
const (
	defaultAdvertMs    = 1000
	defaultPriority    = 100
	defaultDownAdverts = 3
	defaultScriptMs    = 1000
	secondMs           = 1000.0
)

// ReadKeepalived reads what a configuration says.
func ReadKeepalived(conf *keepalivedconf.Config, file string, version Version) Keepalived {
	k := Keepalived{Version: version, Present: true, File: file, Conf: conf}
	k.Global.VRRPVersion = silent(2)
	for _, b := range conf.Root.Inner {
		if b.Name() == "global_defs" {
			k.global(b)
		}
	}
	for _, b := range conf.Root.Inner {
		switch b.Name() {
		case "vrrp_script":
			k.Scripts = append(k.Scripts, k.script(b))
		case "track_file", "vrrp_track_file":
			k.Trackers = append(k.Trackers, tracker("file", b))
		case "track_process", "vrrp_track_process":
			k.Trackers = append(k.Trackers, tracker("process", b))
		case "virtual_server", "virtual_server_group":
			k.VirtualServers = append(k.VirtualServers, b.At())
		}
	}
	for _, b := range conf.Root.Inner {
		switch b.Name() {
		case "vrrp_instance":
			k.Instances = append(k.Instances, k.instance(b))
		case "vrrp_sync_group":
			k.Groups = append(k.Groups, k.group(b))
		}
	}
	for i := range k.Instances {
		for _, g := range k.Groups {
			for _, m := range g.Members {
				if m == k.Instances[i].Name {
					k.Instances[i].Group = g.Name
					k.Instances[i].Tracked = append(k.Instances[i].Tracked, g.Tracked...)
				}
			}
		}
	}
	return k
}

func (k *Keepalived) global(b *keepalivedconf.Block) {
	for _, l := range b.Inner {
		at := at(l, 1)
		switch l.Name() {
		case "script_user":
			k.Global.ScriptUser.put(l.Word(1), at)
		case "enable_script_security":
			k.Global.Security.put(true, l.At())
		case "vrrp_version":
			if n, ok := whole(l.Word(1)); ok && (n == 2 || n == 3) {
				k.Global.VRRPVersion.put(n, at)
			}
		case "vrrp_skip_check_adv_addr":
			k.Global.SkipCheckAddr.put(yes(l.Word(1)), l.At())
		case "dynamic_interfaces":
			k.Global.Dynamic = true
		case "vrrp_strict":
			k.Global.Strict.put(true, l.At())
		case "vrrp_startup_delay":
			if n, ok := number(l.Word(1)); ok {
				k.Global.StartupDelay.put(n*secondMs, at)
			}
		case "vrrp_notify_fifo", "notify_fifo":
			k.Global.NotifyFifo.put(l.Word(1), at)
		}
	}
}

func (k *Keepalived) script(b *keepalivedconf.Block) Script {
	s := Script{Name: b.Word(1), At: at(b, 1), IntervalMs: silent[float64](defaultScriptMs), Fall: silent(1), Rise: silent(1), Weight: silent(0)}
	for _, l := range b.Inner {
		n, isNumber := number(l.Word(1))
		at := at(l, 1)
		switch l.Name() {
		case "script":
			s.Command.put(command(l), at)
		case "interval":
			if isNumber && n > 0 {
				s.IntervalMs.put(k.interval(n), at)
			}
		case "timeout":
			if isNumber && n > 0 {
				s.TimeoutMs.put(n*secondMs, at)
			}
		case "fall":
			put(&s.Fall, n, isNumber && n >= 1, at)
		case "rise":
			put(&s.Rise, n, isNumber && n >= 1, at)
		case "weight":
			put(&s.Weight, n, isNumber && n >= -253 && n <= 253, at)
			reversed(&s.Weight, l, 2)
		case "user":
			s.User.put(l.Word(1), at)
		case "init_fail":
			s.InitFail = true
		}
	}
	if !s.TimeoutMs.Set {
		s.TimeoutMs = silent(s.IntervalMs.V)
	}
	return s
}

// interval is how often a script runs. Before 2.3.2 a fraction of a second is
// dropped, and less than a second is one.
func (k *Keepalived) interval(seconds float64) float64 {
	if k.Version.AtLeast("2.3.2") {
		return seconds * secondMs
	}
	return max(1, float64(int(seconds))) * secondMs
}

func tracker(kind string, b *keepalivedconf.Block) Tracker {
	t := Tracker{Kind: kind, Name: b.Word(1), At: at(b, 1)}
	if kind == "file" {
		t.Weight = silent(1)
	}
	for _, l := range b.Inner {
		n, isNumber := number(l.Word(1))
		switch l.Name() {
		case "weight":
			put(&t.Weight, n, isNumber, at(l, 1))
			reversed(&t.Weight, l, 2)
		case "file", "process":
			t.Path = source.Join(l.Words[1:])
		case "delay", "terminate_delay":
			t.DelayMs = n * secondMs
		}
	}
	return t
}

// Commands are all that keepalived would run.
func (k Keepalived) Commands() []string {
	var list []string
	for _, s := range k.Scripts {
		list = append(list, s.Command.V)
	}
	for _, i := range k.Instances {
		for _, n := range i.Notify {
			list = append(list, n.Command.V)
		}
	}
	for _, g := range k.Groups {
		for _, n := range g.Notify {
			list = append(list, n.Command.V)
		}
	}
	return list
}
