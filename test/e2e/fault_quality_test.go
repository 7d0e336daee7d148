package e2e

import (
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// within6σ says whether a share of n throws is that of a die of probability p:
// within six standard deviations of a binomial distribution.
func within6σ(share, p float64, n int) bool {
	return math.Abs(share-p) <= 6*math.Sqrt(p*(1-p)/float64(n))
}

// qualityCases make a node's way to others worse.
func qualityCases() []faultCase {
	losing := func(want float64) func(t *testing.T, lab *Lab, at place) {
		return func(t *testing.T, lab *Lab, at place) {
			const n = 1000
			e := lab.echo(t, number(at.node), n, 64)
			t.Logf("%d of %d echo requests were answered, median %s; %.0f %% were to be", e.came, n, e.median(), 100*want)
			if !within6σ(e.share(), want, n) {
				t.Errorf("%.1f %% came back, not %.0f %%", 100*e.share(), 100*want)
			}
		}
	}
	return []faultCase{
		{name: "loss", words: "loss 30 in", lists: []listed{{"", "node", "loss 30 in"}}, see: losing(0.7)},
		{name: "loss", words: "loss 30", lists: []listed{{"", "node", "loss 30"}}, see: losing(0.7 * 0.7)},
		{name: "delay", backup: true, words: "delay 50ms", see: late},
		// Adverts of the holder would be lost in the queue: the backup sends none.
		{name: "rate", backup: true, words: "rate 1mbit", lists: []listed{{"", "node", "rate 1mbit"}}, see: bounded},
	}
}

// kernelHasNetem finds out without halab, in a namespace of its own.
func kernelHasNetem(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("whether the kernel has netem is seen by root alone")
	}
	out, err := exec.Command("unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms").CombinedOutput()
	if err != nil && !strings.Contains(string(out), "kind is unknown") && !strings.Contains(string(out), "No such file") {
		t.Skipf("whether the kernel has netem can't be seen: %v: %s", err, out)
	}
	return err == nil
}

// late: where the kernel has netem, answers are late by the time that was asked
// for; where it has none, that is said, and nothing is changed.
func late(t *testing.T, lab *Lab, at place) {
	before := lab.echo(t, number(at.node), 100, 64).median()
	if !kernelHasNetem(t) {
		lab.Refuse(t, 1, []string{"has no netem", "nothing was changed"}, "fail", at.node, "delay", "50ms")
		lab.Intact(t)
		t.Logf("this kernel has no netem: the delay was refused")
		return
	}
	lab.Run(t, "fail", at.node, "delay", "50ms")
	with := lab.echo(t, number(at.node), 100, 64).median()
	t.Logf("echo requests: median %s before, %s with a delay of 50 ms", before, with)
	if late := with - before; late < 49*time.Millisecond || late > 80*time.Millisecond {
		t.Errorf("answers are %s later, not 50 ms", late)
	}
}

// bounded: of 1428 bytes a millisecond, 11.4 Mbit/s, what comes back is the rate
// that was set.
func bounded(t *testing.T, lab *Lab, at place) {
	const size, n = 1400, 2000
	onWire := 8 * (size + 8 + 20 + 14.0) // ICMP, IPv4 and Ethernet headers
	e := lab.echo(t, number(at.node), n, size)
	rate := float64(e.came-1) * onWire / e.took.Seconds()
	t.Logf("%d of %d answers came within %s: %.2f Mbit/s", e.came, n, e.took.Round(time.Millisecond), rate/1e6)
	if rate > 1.1e6 || rate < 0.6e6 {
		t.Errorf("%.2f Mbit/s came through a rate of 1 Mbit/s", rate/1e6)
	}
	lab.checkFate(t, "frontend", at.holder, stays)
}
