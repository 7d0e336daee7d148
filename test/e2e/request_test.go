package e2e

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Both tiers take turns, as the host sees it over its own leg.
func TestHostReachesTheVIP(t *testing.T) {
	lab := Shared(t)
	answers := lab.Serves(t, 20, 5*time.Second)
	for _, node := range []string{"frontend-01", "frontend-02", "backend-01", "backend-02"} {
		if n := answers[node]; n < 5 || n > 15 {
			t.Errorf("%s answered %d of 20: %v", node, n, answers)
		}
	}
}

// The page that people look at says who answered.
func TestPage(t *testing.T) {
	lab := Shared(t)
	page, err := lab.Get("/", 2*time.Second)
	if err != nil || !strings.Contains(strings.ToLower(page), "<!doctype html>") ||
		!strings.Contains(page, "frontend-0") || !strings.Contains(page, "backend-0") {
		t.Errorf("%v\n%s", err, page)
	}
}

// lostToAnApp is how many of 40 requests may fail when one of two apps ends so.
// HAProxy 2.x repeats them at the other app. 1.5 can't repeat what an app took: a
// dead one has a request or two in hand, a hung one gets its half of all until
// the checks call it down.
func lostToAnApp(base, how string) int {
	if base == "centos7" {
		return map[string]int{"kill": 2, "hang": 20}[how]
	}
	return 0
}

// An app that stops, dies or hangs costs no request on HAProxy 2.x, on either
// tier.
func TestAppFaultsCostNoRequest(t *testing.T) {
	for _, target := range []string{"frontend-01", "backend-02"} {
		for _, how := range []string{"stop", "kill", "hang"} {
			t.Run(target+" "+how, func(t *testing.T) {
				lab := Shared(t)
				p := lab.Start(t, "watch", "--json", "--count", "40", "--interval", "50ms")
				Eventually(t, 5*time.Second, "the first answer", func() (bool, string) { return p.Output() != "", p.Output() })
				lab.Run(t, "fail", target, "app", "--how", how)
				r := p.Wait()
				if r.Code != 0 {
					t.Fatal(r)
				}
				all := lines(r.Stdout)
				var last struct {
					Summary struct {
						Requests, Failed int
						MaxMs            float64 `json:"max_ms"`
					}
				}
				if err := json.Unmarshal([]byte(all[len(all)-1]), &last); err != nil {
					t.Fatal(err, r)
				}
				if may := lostToAnApp(lab.Status(t).Base, how); last.Summary.Requests != 40 || last.Summary.Failed > may {
					t.Errorf("%d of %d requests failed:\n%s", last.Summary.Failed, last.Summary.Requests, r.Stdout)
				}
			})
		}
	}
}

func TestCurl(t *testing.T) {
	lab := Shared(t)
	a := decode[Answer](t, lab.Run(t, "curl"))
	if !strings.HasPrefix(a.Frontend, "frontend-0") || a.Backend == nil || !strings.HasPrefix(*a.Backend, "backend-0") {
		t.Errorf("answer %+v", a)
	}
	Says(t, lab.Run(t, "curl", "/"), "<html")
	full := decode[map[string]any](t, lab.Run(t, "curl", "/frontend", "--json"))
	if full["status"] != 200.0 {
		t.Errorf("--json has status %v", full["status"])
	}
	if r := lab.Try(t, "curl", "/nothing-here"); r.Code != 1 || !strings.Contains(r.Stderr, "404") {
		t.Errorf("a page that is not there:\n%s", r)
	}
}

// watch has a line for what changes, and a summary at the end.
func TestWatchTellsWhatChanges(t *testing.T) {
	lab := Shared(t)
	p := lab.Start(t, "watch")
	says := func(what string) {
		t.Helper()
		Eventually(t, 10*time.Second, "watch says "+what, func() (bool, string) {
			return strings.Contains(p.Output(), what), p.Output()
		})
	}
	says("backend-02 answers")
	lab.Run(t, "fail", "backend-02", "app")
	says("backend-02 answers no more")
	lab.Run(t, "restore", "backend-02", "app")
	Eventually(t, 10*time.Second, "backend-02 is back", func() (bool, string) {
		_, after, _ := strings.Cut(p.Output(), "backend-02 answers no more")
		return strings.Contains(after, "backend-02 answers"), p.Output()
	})
	if n := len(lines(p.Output())); n > 15 {
		t.Errorf("%d lines for four changes:\n%s", n, p.Output())
	}
	p.Signal(syscall.SIGINT)
	r := p.Wait()
	if r.Code != 130 {
		t.Errorf("exit code %d after Ctrl-C", r.Code)
	}
	Says(t, r, "requests in", "backend-02 answered")
}

// A cluster that is gone altogether is a failure, said once, and its end too.
func TestWatchTellsOfAnOutage(t *testing.T) {
	lab := Shared(t)
	p := lab.Start(t, "watch", "--timeout", "300ms")
	Eventually(t, 5*time.Second, "the first answer", func() (bool, string) { return p.Output() != "", p.Output() })
	lab.Run(t, "fail", "frontend", "node", "--how", "kill")
	Eventually(t, 5*time.Second, "watch says that requests fail", func() (bool, string) {
		return strings.Contains(p.Output(), "FAILED"), p.Output()
	})
	lab.Run(t, "restore")
	Eventually(t, 10*time.Second, "watch says that it is over", func() (bool, string) {
		return strings.Contains(p.Output(), "answers again after"), p.Output()
	})
	p.Signal(syscall.SIGINT)
	Says(t, p.Wait(), "failed", "longest time without an answer")
}
