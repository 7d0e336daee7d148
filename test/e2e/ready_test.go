package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// When up returns the lab is whole: the next requests are answered by all four
// nodes in turns, and status agrees.
func TestUpReturnsAWholeLab(t *testing.T) {
	for _, profile := range []string{"fast", "classic"} {
		t.Run(profile, func(t *testing.T) {
			lab := Spare(t)
			lab.Run(t, "up", "--profile", profile)
			answers := map[string]int{}
			for range 8 {
				front, back, err := lab.GetFrontend(time.Second)
				if err != nil {
					t.Errorf("right after up: %v", err)
				}
				answers[front]++
				answers[back]++
			}
			s := lab.Try(t, "status")
			for _, node := range nodes {
				if answers[node] == 0 {
					t.Errorf("%s answered none of 8 requests: %v", node, answers)
				}
			}
			if !strings.Contains(s.Stdout, ": ready") {
				t.Errorf("up returned, and\n%s", s)
			}
		})
	}
}

// A lab with one cluster is a lab: it comes up, is asked, watched, drilled, broken
// and mended.
func TestOneCluster(t *testing.T) {
	lab := Spare(t)
	lab.Flags = []string{"-f", filepath.Join("..", "..", "examples", "one-cluster.yaml")}
	r := lab.Run(t, "up")
	Says(t, r, "curl http://"+lab.backendVIP()+"/backend")
	if body, err := lab.getFrom(lab.backendVIP(), "/backend", time.Second); err != nil || !strings.Contains(body, `"backend":"backend-0`) {
		t.Errorf("%q, %v", body, err)
	}
	Says(t, lab.Run(t, "status"), "ready")
	Says(t, lab.Run(t, "curl"), `"backend":"backend-0`)
	Says(t, lab.Run(t, "watch", "--count", "20", "--interval", "20ms"), "none failed", "backend backend-01 answered 10", "backend backend-02 answered 10")
	holder := lab.HolderOf(t, "backend")
	Says(t, lab.Run(t, "fail", "backend-00", "haproxy", "--how", "kill"), "now held by "+Other(holder))
	Says(t, lab.Run(t, "restore"), "healthy")
	drilled := lab.Run(t, "drill", "backend/app-kill", "--repeat", "1", "--attempts", tries)
	Says(t, drilled, "edge", "stack")
}

// A service that can't run with the file it was given is named at once, in its own
// words, and nobody waits until patience runs out.
func TestUpNamesAServiceThatEnds(t *testing.T) {
	lab := Spare(t)
	dir := t.TempDir() // files that a service mounts are in the Compose file's own folder
	t.Cleanup(func() { lab.Flags = nil })
	whole := filepath.Join(dir, "compose.yaml")
	command(t, "cp", filepath.Join("..", "..", "compose", "compose.yaml"), whole)
	for _, c := range []struct{ service, file, text, says string }{
		{"keepalived", "keepalived.conf", "vrrp_instance v {\n\tinterface eth7\n\tvirtual_router_id 9\n\tvirtual_ipaddress {\n\t\t" + lab.frontendVIP() + "/24\n\t}\n}\n", "eth7"},
		{"haproxy", "haproxy.cfg", "listen nothing\n\tbnid :80\n", "haproxy.cfg"},
	} {
		service, file := c.service, c.file
		t.Run(service, func(t *testing.T) {
			over := filepath.Join(dir, service+".yaml")
			text := "services:\n  frontend-02-" + service + ":\n    volumes: [\"./" + file + ":/etc/halab/" + file + ":ro\"]\n"
			for name, text := range map[string]string{filepath.Join(dir, file): c.text, over: text} {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			lab.Flags = []string{"-f", whole, "-f", over}
			r := lab.Try(t, "up", "--timeout", "5m")
			if r.Code != 1 || r.Took > 2*time.Minute {
				t.Errorf("exit code %d after %s", r.Code, r.Took)
			}
			Says(t, r, service+" on frontend-02 must run, and ended with exit code", "halab logs --file", " frontend-02 "+service+"\n")
			if !slices.ContainsFunc(lines(r.Stderr), func(l string) bool { return strings.HasPrefix(l, "  | ") && strings.Contains(l, c.says) }) {
				t.Errorf("its own words are missing:\n%s", r)
			}
		})
	}
}
