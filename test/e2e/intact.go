package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// traces prints what any fault that is done inside a node would leave there, a
// line each: records, fillers, what the app is told, processes that are stopped
// or burn, a queue, a link that is down.
const traces = `
ls -A /run/halab/faults | sed 's/^/record /'
ls -A /run/halab | grep -E '^(filled-by|app\.fault)' | sed 's/^/file /'
ps -e -o stat=,args= | grep -E '^T|agent fault burn' | grep -v grep | sed 's/^/process /'
tc qdisc show dev eth0 | grep -E 'netem|tbf' | sed 's/^/queue /'
ip -o link show dev eth0 | grep -v LOWER_UP | sed 's/^/link /'
true`

// Intact asserts that no node has any trace of a fault, looked at from beside
// halab, and that halab lists none.
func (l *Lab) Intact(t testing.TB) {
	t.Helper()
	Eventually(t, 3*time.Second, "no trace of a fault on any node", func() (bool, string) {
		all, ids := l.containers(t), make([]string, len(nodes))
		for i, node := range nodes {
			ids[i] = all[l.Name+"-"+node]
		}
		pids := strings.Fields(command(t, "docker", append([]string{"inspect", "--format", "{{.State.Pid}}"}, ids...)...))
		var found []string
		for i, node := range nodes {
			left, err := inNode(ids[i], pids[i], traces)
			if err != nil {
				return false, err.Error()
			}
			for _, line := range append(lines(left), filterTables(pids[i])...) {
				if line != "" {
					found = append(found, node+": "+line)
				}
			}
		}
		return len(found) == 0, strings.Join(found, "\n")
	})
	Says(t, l.Run(t, "faults"), "nothing is broken")
}

var nodes = []string{"frontend-01", "frontend-02", "backend-01", "backend-02"}

// fromOutside says whether the tests may enter a container without the engine.
func fromOutside() bool { return os.Geteuid() == 0 && os.Getenv("DOCKER_HOST") == "" }

// inNode runs a script in a node, by the shorter way where that is open.
func inNode(id, pid, script string) (string, error) {
	if fromOutside() {
		return tryCommand("nsenter", "-t", pid, "-m", "-u", "-i", "-n", "-p", "sh", "-c", script)
	}
	return tryCommand("docker", "exec", id, "sh", "-c", script)
}

// filterTables lists the tables that halab has in the node's packet filter, from
// outside (the engine has some of its own there). It takes root and nft(8) on the
// engine's host.
func filterTables(pid string) []string {
	if !fromOutside() {
		return nil
	}
	out, err := tryCommand("nsenter", "-t", pid, "-n", "nft", "list", "tables")
	if err != nil && !strings.Contains(err.Error(), "No such file") {
		return []string{fmt.Sprint("packet filter: ", err)}
	}
	return slices.DeleteFunc(lines(out), func(line string) bool { return !strings.Contains(line, "halab") })
}

// activeFault is what `halab faults --json` says of one.
type activeFault struct {
	Node, Service, Fault string
	Since, Until         *time.Time
}

// Faults lists what is broken.
func (l *Lab) Faults(t testing.TB) []activeFault {
	t.Helper()
	return decode[struct{ Faults []activeFault }](t, l.Run(t, "faults", "--json")).Faults
}
