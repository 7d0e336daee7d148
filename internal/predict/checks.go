package predict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"halab/internal/agentapi"
)

// Check is something that an instance tracks: a vrrp_script, or a file.
type Check struct {
	Name       string
	Script     string // the command; empty for a file
	File       string // the path; empty for a script
	IntervalMs float64
	Fall       int
	Weight     int // 0: failure takes the instance to FAULT
}

// looksForProcess says whether the check only asks whether there is a process.
func (c Check) looksForProcess() bool {
	for _, word := range []string{"pgrep", "pidof", "killall", "kill -0", "is-active", "ps "} {
		if strings.Contains(c.Script, word) {
			return true
		}
	}
	return false
}

// failing is how long a script takes to be called failed: the first failing
// run begins up to an interval after the death, and fall of them are needed.
func (c Check) failing() span {
	rest := float64(c.Fall-1) * c.IntervalMs
	return between(rest, rest+c.IntervalMs, fmt.Sprintf(
		"check every %g, %d failures: %g–%g", c.IntervalMs, c.Fall, rest, rest+c.IntervalMs))
}

// standing is the effective priority of an instance whose checks are well but
// for some. A positive weight is added while the script is well, a negative one
// while it fails; a file counts its weight times what it says, which is 1 here.
func (v VRRP) standing(failed []Check) int {
	if v.Priority == maxPriority {
		return v.Priority // the owner of the address keeps it
	}
	sum := v.Priority
	for _, c := range v.Checks {
		bad := slices.Contains(failed, c)
		if bad && (c.Weight < 0 || c.File != "") || !bad && c.Weight > 0 && c.File == "" {
			sum += c.Weight
		}
	}
	return min(max(sum, 1), maxPriority-1)
}

// scripts are the checks of the holder that fail when HAProxy is gone. Which
// ones do is not in the file: those that name HAProxy, or all where none does
// ("chk", "check_apiserver.sh").
func (m model) scripts() []Check {
	var all, named []Check
	for _, c := range m.holder.Checks {
		if c.Script == "" {
			continue
		}
		all = append(all, c)
		if strings.Contains(strings.ToLower(c.Name+" "+c.Script), "haproxy") {
			named = append(named, c)
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// follows says whether the holder's keepalived gives the VIP away when a file of
// process 1 says so.
func (m model) follows(path string) bool {
	return m.acts && (m.holder.Old || slices.ContainsFunc(m.holder.Checks, func(c Check) bool {
		return c.File == path && c.Weight == 0
	}))
}

// sign is a check with the time until it has failed.
type sign struct {
	check Check
	after span
}

// noticed is the outage when HAProxy is gone and these scripts fail; process 1,
// where it acts, has told keepalived after toldAfter.
func (m model) noticed(scripts []Check, toldAfter span) span {
	if len(m.backups) == 0 {
		return never(alone)
	}
	var signs []sign
	for _, c := range scripts {
		after := c.failing()
		if m.holder.Old {
			after = after.plus(between(0, m.holder.AdvertMs, fmt.Sprintf(
				"looked at with the next advert before keepalived 2.0: 0–%g", m.holder.AdvertMs)))
		}
		signs = append(signs, sign{c, after})
	}
	for _, c := range m.holder.Checks {
		if m.acts && c.File == agentapi.FaultFile {
			signs = append(signs, sign{c, toldAfter})
		}
	}
	var outcomes []span
	if m.acts && m.holder.Old { // the supervisor ends keepalived
		outcomes = append(outcomes, toldAfter.plus(m.resigned()))
	}
	var weighted []sign
	for _, s := range signs {
		if s.check.Weight != 0 {
			weighted = append(weighted, s)
			continue
		}
		outcomes = append(outcomes, s.after.plus(m.resigned()))
	}
	lost := m.outweighed(weighted)
	if !lost.never {
		outcomes = append(outcomes, lost)
	}
	if len(outcomes) == 0 {
		return lost
	}
	return slices.MinFunc(outcomes, func(a, b span) int { return cmp.Compare(a.mean, b.mean) })
}

// outweighed is the outage when failed checks lower the holder's priority, which
// never makes FAULT: the holder keeps the VIP, without a HAProxy, until a backup
// that is now the better one takes it away. Checks fail one after the other; the
// first that makes a backup better decides.
func (m model) outweighed(signs []sign) span {
	if len(signs) == 0 {
		return never("keepalived.conf tracks nothing that fails when HAProxy does not answer")
	}
	slices.SortStableFunc(signs, func(a, b sign) int { return cmp.Compare(a.after.high, b.after.high) })
	var failed []Check
	before, lowered, best := m.holder.standing(nil), 0, 0
	stays := false
	for _, s := range signs {
		failed = append(failed, s.check)
		lowered = m.holder.standing(failed)
		var better []VRRP
		for _, b := range m.backups {
			best = max(best, b.standing(nil))
			if b.standing(nil) > lowered {
				stays = stays || b.NoPreempt
				if !b.NoPreempt {
					better = append(better, b)
				}
			}
		}
		if b, found := m.first(better, m.masterDown); found {
			return s.after.plus(m.overtaken(b, before, lowered))
		}
	}
	if stays {
		return never(fmt.Sprintf("weights take the priority from %d to %d, below the %d of a backup with nopreempt, which heeds weaker adverts, too", before, lowered, best))
	}
	return never(fmt.Sprintf("weights take the priority from %d to %d, and the best backup has %d: it takes over from a lower one only", before, lowered, best))
}

// overtaken is how long a backup needs to take the VIP from a holder whose
// adverts have become weaker than itself: it drops them and lets its timer run
// out. Before keepalived 2.0 it forces an election at the first one; that comes
// an advert after the holder has looked at its priority.
func (m model) overtaken(b VRRP, before, lowered int) span {
	how := fmt.Sprintf("priority %d → %d, and the backup with %d heeds it no more: ", before, lowered, b.standing(nil))
	if !b.Old {
		s := m.masterDown(b)
		s.formula = how + s.formula
		return s
	}
	first := between(0, m.holder.AdvertMs, fmt.Sprintf("%sfirst weaker advert 0–%g", how, m.holder.AdvertMs))
	return first.plus(forced(b))
}
