package e2e

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// appCases make an app be neither alive nor dead.
func appCases() []faultCase {
	return []faultCase{
		{name: "slow", words: "slow 1s", lists: []listed{{"", "app", "slow 1s"}}, see: func(t *testing.T, lab *Lab, at place) {
			code, took := lab.asksApp(t, at.node)
			if code != http.StatusOK || took < time.Second || took > 3*time.Second {
				t.Errorf("the app of %s answered %d after %s", at.node, code, took)
			}
			// Slower than its check allows: it is out, the VIP stays, and the other
			// app serves.
			Eventually(t, 5*time.Second, "HAProxy takes the slow server out", func() (bool, string) {
				has := lab.Status(t).Node(at.node).Servers
				return !strings.HasPrefix(has[at.node], "UP"), fmt.Sprint(has)
			})
			lab.checkFate(t, "frontend", at.holder, stays)
			for name := range lab.Serves(t, 8, 3*time.Second) {
				if name == at.node {
					t.Errorf("%s still gets requests", name)
				}
			}
		}},
		{name: "error", words: "error 50", lists: []listed{{"", "app", "error 50"}}, see: func(t *testing.T, lab *Lab, at place) {
			const n = 200
			failed := 0
			for range n {
				if code, _ := lab.asksApp(t, at.node); code == http.StatusServiceUnavailable {
					failed++
				}
			}
			t.Logf("%d of %d answers were 503", failed, n)
			if !within6σ(float64(failed)/n, 0.5, n) {
				t.Errorf("%d of %d answers were 503, not half of them", failed, n)
			}
			lab.checkFate(t, "frontend", at.holder, stays)
		}},
	}
}

// asksApp asks the app of a node itself, past HAProxy, bound to the host's leg.
func (l *Lab) asksApp(t testing.TB, node string) (code int, took time.Duration) {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(l.hostLeg())}}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	begin := time.Now()
	answer, err := client.Get(fmt.Sprintf("http://%s:5000/healthz", l.Address(number(node))))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // its status is all that counts
	return answer.StatusCode, time.Since(begin)
}

// resourceCases take what a node's services need.
func resourceCases() []faultCase {
	return []faultCase{
		{name: "cpu", words: "cpu 4", lists: []listed{{"", "node", "cpu 4"}}, see: burns},
		{name: "memory", words: "memory 150MB", lists: []listed{{"", "node", "memory 150MB"}}, see: func(t *testing.T, lab *Lab, at place) {
			const ask = "ps -e -o rss=,args= | grep 'agent fault burn' | grep -v grep"
			fields := strings.Fields(lab.Run(t, "shell", at.node, "--", "sh", "-c", ask).Stdout)
			if len(fields) == 0 {
				t.Fatal("nothing on the node takes memory")
			}
			kb, err := strconv.Atoi(fields[0])
			if err != nil || kb < 150<<10 || kb > 250<<10 {
				t.Errorf("%s kB are taken, not those of 150 MB (%v)", fields[0], err)
			}
			lab.Serves(t, 4, 2*time.Second)
		}},
		{name: "disk", words: "disk", lists: []listed{{"", "node", "disk"}}, see: func(t *testing.T, lab *Lab, at place) {
			r := lab.Try(t, "shell", at.node, "--", "cp", "/etc/hostname", "/run/halab/more")
			if r.Code == 0 || !strings.Contains(r.All(), "No space left") {
				t.Errorf("there is room on a full disk:\n%s", r)
			}
			_ = lab.Try(t, "shell", at.node, "--", "rm", "-f", "/run/halab/more")
			lab.checkFate(t, "frontend", at.holder, stays)
			lab.Serves(t, 4, 2*time.Second)
		}},
	}
}

// burns: the loops take most of the machine's processors, but leave a part, so
// that the lab can still be asked and mended; and who holds a VIP keeps it.
func burns(t *testing.T, lab *Lab, at place) {
	idle := lab.burned(t, at.node)
	time.Sleep(2 * time.Second) // what is measured is a rate
	used := (lab.burned(t, at.node) - idle).Seconds() / 2 / float64(runtime.NumCPU())
	begin := time.Now()
	lab.Run(t, "status")
	status := time.Since(begin)
	t.Logf("4 busy loops took %.0f %% of %d processors; halab status took %s", 100*used, runtime.NumCPU(), status.Round(time.Millisecond))
	if used < 0.3 || used > 0.85 {
		t.Errorf("the loops took %.0f %% of the machine's processors, not about three quarters", 100*used)
	}
	if status > 3*time.Second {
		t.Errorf("halab status took %s: the whole machine stands still", status)
	}
	lab.checkFate(t, "frontend", at.holder, stays)
	lab.Serves(t, 4, 5*time.Second)
}

// burned is the processor time that the busy loops on a node have had
// (proc_pid_stat(5), utime and stime, in hundredths of a second).
func (l *Lab) burned(t testing.TB, node string) time.Duration {
	t.Helper()
	const ask = `for p in $(pgrep -f 'agent fault burn'); do cat /proc/$p/stat 2>/dev/null; done`
	var ticks float64
	for _, line := range lines(l.Run(t, "shell", node, "--", "sh", "-c", ask).Stdout) {
		if _, rest, found := strings.Cut(line, ") "); found && strings.Contains(line, "(halab)") {
			f := strings.Fields(rest)
			user, _ := strconv.ParseFloat(f[11], 64)
			system, _ := strconv.ParseFloat(f[12], 64)
			ticks = math.Max(ticks, user+system)
		}
	}
	return time.Duration(ticks * float64(10*time.Millisecond))
}

// What a client sees of a starved processor: answers are late, hardly one is
// lost, and the VIP stays where it is.
func TestStarvedProcessor(t *testing.T) {
	lab := Shared(t)
	holder := lab.HolderOf(t, "frontend")
	before := lab.waits(t, 50)
	lab.Run(t, "fail", holder, "cpu", "4")
	during := lab.waits(t, 50)
	lab.checkFate(t, "frontend", holder, stays)
	lab.Run(t, "restore")
	t.Logf("50 requests through both tiers: median %s and worst %s before, %s and %s under 4 busy loops",
		before[25].Round(time.Millisecond), before[49].Round(time.Millisecond), during[25].Round(time.Millisecond), during[49].Round(time.Millisecond))
}

// waits are the times of n requests through both tiers, sorted. One in five may
// find no backend in time: an app waits a quarter of a second for it.
func (l *Lab) waits(t testing.TB, n int) []time.Duration {
	t.Helper()
	var list []time.Duration
	var lost []error
	for range n {
		begin := time.Now()
		if _, _, err := l.GetFrontend(2 * time.Second); err != nil {
			lost = append(lost, err)
		}
		list = append(list, time.Since(begin))
	}
	if len(lost) > n/5 {
		t.Errorf("%d of %d requests were lost; the first: %v", len(lost), n, lost[0])
	}
	slices.Sort(list)
	return list
}
