package outage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Budget is what a drill must keep within: conditions that all must hold.
//
//	budget    = condition { "," condition }
//	condition = [ scenario ":" ] metric [ "." statistic ] op number [ unit ]
//	op        = "<=" | "<" | ">=" | ">" | "==" | "!="
//	unit      = "ms" | "s" | "us"
//
// Metrics are those of Metrics, with "fault." or "failback." before them where
// a phase is meant. Statistics are min, median, mean, p95 and max; without one
// every run must hold. A scenario is a full name (frontend/node-crash) or a
// kind (node-crash); without one the condition is for all.
type Budget struct {
	Text       string
	Conditions []Condition
}

// Condition is one condition of a budget.
type Condition struct {
	Text      string
	Scenario  string // "" for all
	Metric    string
	Statistic string // "" for every run
	Op        string
	Limit     float64 // ms, or a count
}

// BudgetError is a fault in a budget's text.
type BudgetError struct {
	Position int // bytes from the start of the text, from 1
	Problem  string
}

// Error says where the fault is and what it is.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("at position %d: %s", e.Position, e.Problem)
}

func statistics() []string { return []string{"min", "median", "mean", "p95", "max"} }

// operators, the longer of two that begin alike first.
func operators() []string { return []string{"<=", ">=", "==", "!=", "<", ">", "="} }

// ParseBudget reads a budget; its errors are *BudgetError.
func ParseBudget(text string) (Budget, error) {
	b := Budget{Text: text}
	at := 0
	for part := range strings.SplitSeq(text, ",") {
		c, err := parseCondition(part, at)
		if err != nil {
			return Budget{}, err
		}
		b.Conditions = append(b.Conditions, c)
		at += len(part) + 1
	}
	return b, nil
}

// parseCondition reads one condition that begins offset bytes into the budget.
func parseCondition(part string, offset int) (Condition, error) {
	fail := func(at int, format string, args ...any) (Condition, error) {
		return Condition{}, &BudgetError{Position: offset + at + 1, Problem: fmt.Sprintf(format, args...)}
	}
	lead := len(part) - len(strings.TrimLeft(part, " \t"))
	if strings.TrimSpace(part) == "" {
		return fail(lead, "a condition is missing, such as edge.outage.p95<=50ms")
	}
	c := Condition{Text: strings.TrimSpace(part)}
	opAt, op := -1, ""
	for _, o := range operators() {
		if i := strings.Index(part, o); i >= 0 && (opAt < 0 || i < opAt) {
			opAt, op = i, o
		}
	}
	if opAt < 0 {
		return fail(len(strings.TrimRight(part, " \t")), "%q compares nothing: put one of %s and a number after it",
			c.Text, strings.Join(operators(), " "))
	}
	if c.Op = op; op == "=" {
		c.Op = "=="
	}
	name, nameAt := part[lead:opAt], lead
	if scenario, rest, found := strings.Cut(name, ":"); found {
		c.Scenario = strings.TrimSpace(scenario)
		if c.Scenario == "" {
			return fail(lead, "a scenario's name is missing before the colon")
		}
		nameAt += len(scenario) + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
		name = rest
	}
	if problem := c.name(strings.TrimSpace(name)); problem != "" {
		return fail(nameAt, "%s", problem)
	}
	value := part[opAt+len(op):]
	valueAt := opAt + len(op) + len(value) - len(strings.TrimLeft(value, " \t"))
	if problem := c.limit(strings.TrimSpace(value)); problem != "" {
		return fail(valueAt, "%s", problem)
	}
	return c, nil
}

// name takes a metric's name apart.
func (c *Condition) name(text string) (problem string) {
	c.Metric = text
	if i := strings.LastIndex(text, "."); i >= 0 && slices.Contains(statistics(), text[i+1:]) {
		c.Metric, c.Statistic = text[:i], text[i+1:]
	}
	plain := strings.TrimPrefix(strings.TrimPrefix(c.Metric, prefixFault), prefixFailback)
	if slices.Contains(Metrics(), plain) {
		return ""
	}
	if text == "" {
		return "a metric's name is missing, such as edge.outage.p95"
	}
	if i := strings.LastIndex(plain, "."); i >= 0 && slices.Contains(Metrics(), plain[:i]) {
		return fmt.Sprintf("there is no statistic %q%s (%s)", plain[i+1:], meant(plain[i+1:], statistics()), strings.Join(statistics(), ", "))
	}
	return fmt.Sprintf("there is no metric %q%s", plain, meant(plain, Metrics()))
}

// limit reads the number and its unit.
func (c *Condition) limit(text string) (problem string) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ% ")
	unit := strings.TrimSpace(text[len(digits):])
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil || number != number || number < -1e15 || number > 1e15 {
		return fmt.Sprintf("%q is no number", text)
	}
	count := Unit(c.Metric) == UnitCount
	switch {
	case unit == "":
	case count:
		return fmt.Sprintf("%s is a count and takes no unit, but has %q", c.Metric, unit)
	case unit == "ms":
	case unit == "s":
		number *= 1e3
	case unit == "us", unit == "µs":
		number /= 1e3
	default:
		return fmt.Sprintf("there is no unit %q: ms, s or us", unit)
	}
	c.Limit = number
	return ""
}

// meant suggests the name that is nearest to one that does not exist.
func meant(name string, known []string) string {
	best, least := "", len(name)/2+1
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many bytes must be put in, taken out or changed to make b of
// a (Levenshtein).
func distance(a, b string) int {
	if len(a) > 80 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
