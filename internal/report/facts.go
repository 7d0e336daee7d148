package report

import (
	"fmt"
	"sort"
	"strings"

	"halab/internal/outage"
)

// budgets lists every verdict of a result: the command line's first, then each
// scenario's own.
func budgets(r *outage.Result) []outage.BudgetVerdict {
	var out []outage.BudgetVerdict
	if r.Budget != nil {
		out = append(out, *r.Budget)
	}
	for _, s := range r.Scenarios {
		if s.Budget != nil {
			out = append(out, *s.Budget)
		}
	}
	return out
}

// checkText is the verdict of one budget check in a sentence.
func checkText(c outage.BudgetCheck) string {
	if c.Text != "" {
		return plain(c.Text)
	}
	t := fmt.Sprintf("%s: %s, measured %s", plain(c.Scenario), plain(c.Condition), withUnit(c.Measured, c.Unit))
	if !c.Held {
		t += ", beyond it by " + withUnit(c.By, c.Unit)
		if c.Run > 0 {
			t += fmt.Sprintf(" (run %d)", c.Run)
		}
	}
	return t
}

// facts are the circumstances of a drill, in the order to read them.
func facts(r *outage.Result) [][2]string {
	f := [][2]string{
		{"lab", fmt.Sprintf("%s, %s on %s", plain(r.Lab), plain(r.Profile), plain(r.Base))},
	}
	var daemons []string
	for name := range r.Daemons {
		daemons = append(daemons, name)
	}
	sort.Strings(daemons)
	for i, name := range daemons {
		daemons[i] = plain(name + " " + strings.TrimPrefix(r.Daemons[name], name+" "))
	}
	if len(daemons) > 0 {
		f = append(f, [2]string{"daemons", strings.Join(daemons, ", ")})
	}
	m := r.Machine
	return append(f,
		[2]string{"machine", fmt.Sprintf("%s, %s, %d MiB, kernel %s, engine %s, cgroup v%s",
			plain(m.System), plural(m.CPUs, "CPU"), m.MemoryMiB, plain(m.Kernel), plain(m.Engine), plain(m.Cgroup))},
		[2]string{"date", r.Date.Format("2006-01-02 15:04:05 MST")},
		[2]string{"seed", fmt.Sprint(r.Seed)},
		[2]string{"floor", fmt.Sprintf("%s ms: the edge cannot see a shorter outage, and one that it sees is off by at most this", number(r.FloorMs))},
	)
}
