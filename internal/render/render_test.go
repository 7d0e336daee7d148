package render

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/base"
	"halab/internal/topology"
	"halab/test/golden"
)

func lab(cluster string, rank int, profile topology.Profile) Input {
	third, id, upstream := 1, 10, "http://192.168.99.20/backend"
	if cluster == "backend" {
		third, id, upstream = 2, 20, ""
	}
	in := Input{
		Lab: "halab", Profile: profile, Cluster: cluster,
		Node:      fmt.Sprintf("%s-%02d", cluster, rank+1),
		VIP:       netip.MustParsePrefix(fmt.Sprintf("192.168.99.%d0/24", third)),
		VIPName:   cluster + "-00",
		RouterID:  id,
		Interface: "eth0",
		Upstream:  upstream,
		Shared:    true,
	}
	for n := 1; n <= 2; n++ {
		in.Nodes = append(in.Nodes, Member{
			Name:    fmt.Sprintf("%s-%02d", cluster, n),
			Address: netip.MustParseAddr(fmt.Sprintf("192.168.99.%d%d", third, n)),
		})
	}
	return in
}

// each calls f for every node of the default lab, with every base and profile.
func each(t *testing.T, f func(t *testing.T, base string, in Input)) {
	t.Helper()
	for _, base := range base.IDs() {
		for _, profile := range []topology.Profile{topology.ProfileClassic, topology.ProfileFast} {
			for _, cluster := range []string{"frontend", "backend"} {
				for rank := range 2 {
					in := lab(cluster, rank, profile)
					t.Run(fmt.Sprintf("%s-%s-%s", base, profile, in.Node), func(t *testing.T) { f(t, base, in) })
				}
			}
		}
	}
}

func renderBoth(t *testing.T, base string, in Input) map[string]string {
	t.Helper()
	hv, kv, err := Versions(base)
	if err != nil {
		t.Fatal(err)
	}
	h, err := HAProxy(in, hv)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Keepalived(in, kv)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"haproxy.cfg": h, "keepalived.conf": k}
}

// The files of each base are there to be read; where they differ from Debian 12's in
// the version alone, those of one node.
func TestGolden(t *testing.T) {
	each(t, func(t *testing.T, of string, in Input) {
		if (of == "debian13" || of == "debiansid") && in.Node != "frontend-01" {
			t.Skip("as those of Debian 12, but for the version")
		}
		for name, got := range renderBoth(t, of, in) {
			golden.File(t, filepath.Join("testdata", fmt.Sprintf("%s-%s-%s-%s", of, in.Profile, in.Node, name)), got)
		}
	})
}

// TestOldDaemonsGetNoNewWords holds what only newer daemons know out of the
// files for the old ones, which would drop it, or refuse to start.
func TestOldDaemonsGetNoNewWords(t *testing.T) {
	words := []string{"retry-on", "disable-l7-retry", "nbthread", "redispatch 1", "http-request return",
		"track_file", "notify_fifo", "down_timer_adverts", "init_file"}
	each(t, func(t *testing.T, base string, in Input) {
		if base != "centos7" {
			t.Skip("newer daemons")
		}
		for name, text := range renderBoth(t, base, in) {
			for _, word := range words {
				if strings.Contains(text, word) {
					t.Errorf("%s has %q", name, word)
				}
			}
		}
	})
}

// TestDebian11GetsNoWordOf22 holds out of its files what keepalived 2.1.5 calls an
// unknown keyword. It follows files, as the newer ones do.
func TestDebian11GetsNoWordOf22(t *testing.T) {
	k := renderBoth(t, "debian11", lab("frontend", 0, topology.ProfileFast))["keepalived.conf"]
	if strings.Contains(k, "down_timer_adverts") || !strings.Contains(k, "track_file") || !strings.Contains(k, "vrrp_notify_fifo") {
		t.Errorf("keepalived.conf of debian11 is\n%s", k)
	}
}

// TestClassicKeepsItsTimings holds everything out of classic that the
// configuration of 2015 did not have.
func TestClassicKeepsItsTimings(t *testing.T) {
	each(t, func(t *testing.T, base string, in Input) {
		if in.Profile != topology.ProfileClassic {
			t.Skip("another profile")
		}
		files := renderBoth(t, base, in)
		for _, word := range []string{"timeout", "inter ", "redispatch", "retries", "retry"} {
			if strings.Contains(files["haproxy.cfg"], word) {
				t.Errorf("haproxy.cfg has %q", word)
			}
		}
		for _, word := range []string{"nopreempt", "track_file", "0.01", "weight"} {
			if strings.Contains(files["keepalived.conf"], word) {
				t.Errorf("keepalived.conf has %q", word)
			}
		}
		want := fmt.Sprintf("priority %d\n", 100-in.Rank())
		for _, line := range []string{want, "advert_int 1\n", "version 2\n", "interval 2\n", "pgrep -x haproxy"} {
			if !strings.Contains(files["keepalived.conf"], line) {
				t.Errorf("keepalived.conf lacks %q", line)
			}
		}
	})
}

// TestPriorities holds that each node of a cluster has a priority of its own, in
// order of rank, and that the skews of two backups of the fast profile, adverts
// of 10 ms, differ by what there is to share out.
func TestPriorities(t *testing.T) {
	for nodes := 2; nodes <= 200; nodes++ {
		for _, profile := range []topology.Profile{topology.ProfileFast, topology.ProfileClassic} {
			in := Input{Profile: profile}
			for n := range nodes {
				in.Nodes = append(in.Nodes, Member{Name: fmt.Sprint(n)})
			}
			before := 255
			for rank := range nodes {
				in.Node = fmt.Sprint(rank)
				got := in.Priority()
				if got < 1 || got >= before {
					t.Fatalf("%s, %d nodes: rank %d has %d, the one before %d", profile, nodes, rank, got, before)
				}
				apartMs := float64(before-got) / 256 * 10
				least := min(1.9, 9.8/float64(nodes-1)-10.0/256)
				if profile == topology.ProfileFast && nodes > 2 && rank > 0 && apartMs < least {
					t.Errorf("%d nodes: ranks %d and %d wait %.2f ms apart, which should be %.2f", nodes, rank-1, rank, apartMs, least)
				}
				before = got
			}
		}
	}
	three := Input{Profile: topology.ProfileFast, Nodes: []Member{{Name: "a"}, {Name: "b"}, {Name: "c"}}, Node: "c"}
	if got := three.Priority(); got != 152 {
		t.Errorf("the third of three has %d", got)
	}
}

// TestTimeoutsNest holds the order that makes a hung app cost no request with
// HAProxy 2.x (1.5 repeats none that an app took): backend tier, then the frontend app's own patience (250 ms), then the
// frontend tier, and all of it below 400 ms.
func TestTimeoutsNest(t *testing.T) {
	const patience = 250
	if 2*LastTierServerMs > patience {
		t.Errorf("two server timeouts of the last tier, %d ms, exceed the frontend app's %d ms", 2*LastTierServerMs, patience)
	}
	if UpperTierServerMs <= patience || UpperTierServerMs+ConnectMs >= 400 {
		t.Errorf("the upper tier's server timeout, %d ms, must be above %d ms and leave a retry below 400 ms", UpperTierServerMs, patience)
	}
}

func TestFilesWithoutRunDirFollowNothing(t *testing.T) {
	in := lab("frontend", 0, topology.ProfileFast)
	in.Shared = false
	for _, base := range base.IDs() {
		if k := renderBoth(t, base, in)["keepalived.conf"]; strings.Contains(k, agentapi.RunDir) || strings.Contains(k, "notify") {
			t.Errorf("%s: keepalived.conf names files that are not there:\n%s", base, k)
		}
	}
}

func TestKeepalivedOfAStranger(t *testing.T) {
	in := lab("frontend", 0, topology.ProfileFast)
	in.Node = "frontend-09"
	if _, err := Keepalived(in, Version{2, 2, 7}); err == nil || !strings.Contains(err.Error(), "frontend-09") {
		t.Errorf("got %v", err)
	}
}

// TestDaemonsAccept asks the daemons themselves, where they are installed.
func TestDaemonsAccept(t *testing.T) {
	for _, daemon := range []struct{ name, file, flag string }{
		{"haproxy", "haproxy.cfg", "-c"}, {"keepalived", "keepalived.conf", "-t"},
	} {
		t.Run(daemon.name, func(t *testing.T) {
			binary, err := exec.LookPath(daemon.name)
			if err != nil {
				t.Skipf("%s is not installed here", daemon.name)
			}
			out, _ := exec.Command(binary, "-v").CombinedOutput()
			v, err := ParseVersion(string(out))
			if err != nil {
				t.Fatal(err)
			}
			if v.Major < 2 {
				t.Skipf("%s %s is not Debian's", daemon.name, v)
			}
			each(t, func(t *testing.T, base string, in Input) {
				if base != "debian12" {
					t.Skip("another version")
				}
				in.Interface, in.Shared = notLoopback(t), false
				path := filepath.Join(t.TempDir(), daemon.file)
				if err := os.WriteFile(path, []byte(renderBoth(t, base, in)[daemon.file]), 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command(binary, daemon.flag, "-f", path).CombinedOutput(); err != nil {
					t.Errorf("%s %s: %v\n%s", binary, daemon.flag, err, out)
				}
			})
		})
	}
}

// notLoopback is an interface of this machine that VRRP may run on: keepalived
// takes no loopback, and none without multicast.
func notLoopback(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagMulticast != 0 })
	if at < 0 {
		t.Skip("this machine has no interface with multicast")
	}
	return all[at].Name
}

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		text string
		want Version
	}{
		{"HA-Proxy version 1.5.18 2016/05/10\nCopyright 2000-2016 Willy Tarreau <willy@haproxy.org>\n", Version{1, 5, 18}},
		{"HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term", Version{2, 6, 12}},
		{"HAProxy version 3.0-dev 2024/01/01", Version{3, 0, 0}},
		{"Keepalived v1.3.5 (03/19,2017), git commit v1.3.5-6-g6fa32f2\n", Version{1, 3, 5}},
		{"Keepalived v2.2.7 (01/16,2022)\n\nCopyright(C) 2001-2022", Version{2, 2, 7}},
	} {
		got, err := ParseVersion(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "haproxy: not found", "version x.y", "version 99999999999999999999.1"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q: %v, want an error", text, v)
		}
	}
}

func TestVersionsOfUnknownBase(t *testing.T) {
	if _, _, err := Versions("centos8"); err == nil {
		t.Error("centos8 has versions")
	}
}

// A node that has stepped down has halab's own files with longer times, and nothing
// else of them changes. A file with one word of somebody else's is not touched.
func TestSlower(t *testing.T) {
	in := lab("frontend", 1, topology.ProfileFast)
	for _, c := range []struct {
		file    func(Input, Version) (string, error)
		version Version
		changes []string // old and new, in turn
	}{
		{Keepalived, Version{2, 2, 7}, []string{"advert_int 0.01", "advert_int 0.2"}},
		{Keepalived, Version{1, 3, 5}, []string{"advert_int 0.01", "advert_int 0.2"}},
		{HAProxy, Version{2, 6, 12}, []string{"timeout connect 75ms", "timeout connect 1500ms", "timeout server 300ms", "timeout server 6000ms",
			"timeout check 400ms", "timeout check 8000ms", " inter 200ms fastinter 100ms downinter 100ms", " inter 4000ms fastinter 2000ms downinter 2000ms"}},
	} {
		text, err := c.file(in, c.version)
		if err != nil {
			t.Fatal(err)
		}
		slower, ours := Slower(text, in, c.file)
		if want := strings.NewReplacer(c.changes...).Replace(text); !ours || slower != want {
			t.Errorf("ours %v:\n%s\nnot\n%s", ours, slower, want)
		}
		if again, ours := Slower(slower, in, c.file); !ours || again != slower {
			t.Errorf("once more, ours %v:\n%s", ours, again)
		}
		for _, own := range []string{"", text + "\n", strings.Replace(text, "ms", "s", 1) + "# mine", strings.Join(strings.SplitAfter(text, "\n")[1:], "")} {
			if _, ours := Slower(own, in, c.file); ours {
				t.Errorf("this is taken for halab's own:\n%s", own)
			}
		}
	}
}
