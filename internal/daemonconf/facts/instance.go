package facts

import (
	"math"
	"net/netip"
	"strings"

	"halab/internal/daemonconf/keepalivedconf"
	"halab/internal/daemonconf/source"
)

func (k *Keepalived) instance(b *keepalivedconf.Block) Instance {
	i := Instance{
		Name: b.Word(1), At: at(b, 1), End: b.End, State: silent("BACKUP"), Priority: silent(defaultPriority),
		Version: k.Global.VRRPVersion, AdvertMs: silent[float64](defaultAdvertMs), DownAdverts: silent(defaultDownAdverts),
	}
	i.Version.Set = false
	i.SkipCheckAddr, i.Strict = k.Global.SkipCheckAddr.V, k.Global.Strict.V
	for _, l := range b.Inner {
		k.line(&i, l)
	}
	k.settle(&i)
	return i
}

func (k *Keepalived) line(i *Instance, l *keepalivedconf.Block) {
	word, at := l.Word(1), at(l, 1)
	n, isNumber := number(word)
	switch l.Name() {
	case "interface":
		i.Interface.put(word, at)
	case "state":
		i.State.put(word, at)
	case "virtual_router_id":
		if !isNumber || n < 1 || n > 255 {
			k.ignore(l.Name(), word, at, "no instance")
		}
		put(&i.RouterID, n, isNumber && n >= 1 && n <= 255, at)
	case "priority":
		if !isNumber || n < 1 || n > 255 {
			k.ignore(l.Name(), word, at, "100")
		}
		put(&i.Priority, n, isNumber && n >= 1 && n <= 255, at)
	case "version":
		put(&i.Version, n, n == 2 || n == 3, at)
	case "advert_int":
		if !isNumber || n <= 0 {
			k.ignore(l.Name(), word, at, "1")
			break
		}
		i.AdvertMs.put(n*secondMs, at)
	case "down_timer_adverts":
		put(&i.DownAdverts, n, isNumber && n >= 1 && n <= 100, at)
	case "nopreempt", "preempt":
		i.NoPreempt.put(l.Name() == "nopreempt", l.At())
	case "preempt_delay":
		if isNumber {
			i.PreemptDelayMs.put(n*secondMs, at)
		}
	case "strict_mode":
		i.Strict = yes(word)
	case "accept":
		i.Accept = true
	case "skip_check_adv_addr":
		i.SkipCheckAddr = yes(word)
	case "authentication", "unicast_src_ip", "mcast_src_ip", "unicast_peer":
		i.talk(l)
	case "virtual_ipaddress", "virtual_ipaddress_excluded":
		for _, v := range l.Inner {
			vip, ok := readVIP(v, l.Name() != "virtual_ipaddress")
			if !ok {
				k.ignore("virtual_ipaddress", v.Name(), v.At(), "no address")
				continue
			}
			i.VIPs = append(i.VIPs, vip)
		}
	case "track_script", "track_file", "track_process", "track_interface", "track_bfd":
		i.Tracked = append(i.Tracked, k.tracked(strings.TrimPrefix(l.Name(), "track_"), l)...)
	default:
		if strings.HasPrefix(l.Name(), "notify") {
			i.Notify = append(i.Notify, Notify{l.Name(), Value[string]{command(l), at, true}})
		}
	}
}

func (k *Keepalived) ignore(keyword, word string, at source.Pos, instead string) {
	k.Ignored = append(k.Ignored, Ignored{Value[string]{word, at, true}, keyword, instead})
}

// talk takes how an instance speaks to the others, and as whom.
func (i *Instance) talk(l *keepalivedconf.Block) {
	switch l.Name() {
	case "authentication":
		for _, a := range l.Inner {
			switch a.Name() {
			case "auth_type":
				if word := a.Word(1); word == "PASS" || word == "AH" {
					i.AuthType.put(word, at(a, 1))
				}
			case "auth_pass":
				i.AuthPass.put(a.Word(1), at(a, 1))
			}
		}
	case "unicast_src_ip", "mcast_src_ip":
		if a, err := netip.ParseAddr(l.Word(1)); err == nil {
			i.Source.put(a, at(l, 1))
			i.UnicastSource = l.Name() == "unicast_src_ip"
		}
	case "unicast_peer":
		i.Unicast.put(true, l.At())
		for _, p := range l.Inner {
			if a, err := netip.ParseAddr(p.Name()); err == nil {
				i.Peers = append(i.Peers, Value[netip.Addr]{a, p.At(), true})
			}
		}
	}
}

// settle fills in what depends on more than one line.
func (k *Keepalived) settle(i *Instance) {
	for n := range i.VIPs {
		if i.VIPs[n].Dev == "" {
			i.VIPs[n].Dev = i.Interface.V
		}
		if i.VIPs[n].Addr.Is6() && !i.VIPs[n].Excluded && n == 0 {
			i.Version.V = 3 // IPv6 has no VRRPv2
		}
	}
	// A state that keepalived does not know, master in small letters too, becomes
	// BACKUP.
	if i.State.V != "MASTER" && i.State.V != "BACKUP" {
		k.ignore("state", i.State.V, i.State.At, "BACKUP")
		i.State.V = "BACKUP"
	}
	if i.State.V == "MASTER" && i.State.Set {
		i.NoPreempt.V = false // ignored with this state
	}
	// VRRPv2 counts in whole seconds, to which keepalived rounds; below a hundredth 2.x
	// takes one second.
	switch {
	case i.Version.V == 2:
		i.AdvertMs.V = max(1, math.Round(i.AdvertMs.V/secondMs)) * secondMs
	case i.AdvertMs.V < 10 && k.Version.AtLeast("2"):
		i.AdvertMs.V = secondMs
	}
	if !k.Version.AtLeast("2") {
		i.AdvertMs.V = max(i.AdvertMs.V, 10)
	}
	if !k.Version.AtLeast("2.2") { // 2.1.5 says "Unknown keyword 'down_timer_adverts'"
		i.DownAdverts = silent(defaultDownAdverts)
	}
}

// readVIP reads "192.0.2.10/24 brd + dev eth0 label eth0:1".
func readVIP(b *keepalivedconf.Block, excluded bool) (VIP, bool) {
	v := VIP{At: b.At(), Excluded: excluded}
	text, bits, hasBits := strings.Cut(b.Name(), "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return v, false
	}
	v.Addr, v.Prefix = addr, addr.BitLen()
	if hasBits {
		n, ok := whole(bits)
		if !ok || n > addr.BitLen() {
			return v, false
		}
		v.Prefix = n
	}
	for n, w := range b.Words {
		if w.Text == "dev" {
			v.Dev = b.Word(n + 1)
		}
	}
	return v, true
}

// tracked reads the lines of a track_… block. What is defined below the instance
// is not found: keepalived looks it up while it reads.
func (k *Keepalived) tracked(kind string, b *keepalivedconf.Block) []Tracked {
	var list []Tracked
	for _, l := range b.Inner {
		t := Tracked{Kind: kind, Name: l.Name(), At: l.At()}
		below := func(at source.Pos) bool {
			if at.File == t.At.File && at.Line > t.At.Line {
				t.Below = at
				return true
			}
			return false
		}
		for n := range k.Scripts {
			if s := &k.Scripts[n]; kind == "script" && s.Name == t.Name && !below(s.At) {
				t.Script, t.Weight = s, s.Weight
			}
		}
		for n := range k.Trackers {
			if s := &k.Trackers[n]; s.Kind == kind && s.Name == t.Name && !below(s.At) {
				t.Tracker, t.Weight = s, s.Weight
			}
		}
		for n, w := range l.Words {
			if w.Text == "weight" {
				v, ok := number(l.Word(n + 1))
				put(&t.Weight, v, ok, at(l, n+1))
				reversed(&t.Weight, l, n+2)
			}
		}
		list = append(list, t)
	}
	return list
}

func (k *Keepalived) group(b *keepalivedconf.Block) Group {
	g := Group{Name: b.Word(1), At: at(b, 1)}
	for _, l := range b.Inner {
		switch {
		case l.Name() == "group":
			for _, m := range l.Inner {
				g.Members = append(g.Members, source.Texts(m.Words)...)
			}
		case strings.HasPrefix(l.Name(), "track_"):
			g.Tracked = append(g.Tracked, k.tracked(strings.TrimPrefix(l.Name(), "track_"), l)...)
		case strings.HasPrefix(l.Name(), "notify"):
			g.Notify = append(g.Notify, Notify{l.Name(), Value[string]{command(l), at(l, 1), true}})
		}
	}
	return g
}
