package report

import (
	"strings"
	"testing"
)

// Where nothing can be predicted, every report says that, and why: a reader must not
// take an empty place for a range that was kept.
func TestNoPredictionIsSaid(t *testing.T) {
	t.Parallel()
	const why = "which frames are lost or late is chance"
	r := drilled()
	r.Scenarios = r.Scenarios[:1]
	r.Scenarios[0].Predictions, r.Scenarios[0].NoPrediction = nil, why
	for name, write := range map[string]func(*strings.Builder) error{
		"text":     func(b *strings.Builder) error { return Text(b, r, TextOptions{}) },
		"markdown": func(b *strings.Builder) error { return Markdown(b, r) },
		"html":     func(b *strings.Builder) error { return HTML(b, r) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(b.String()), " ")
		if !strings.Contains(words, "nothing is predicted: "+why) || !strings.Contains(words, "none") {
			t.Errorf("%s does not say that nothing is predicted:\n%s", name, words)
		}
	}
	for _, row := range rows(r.Scenarios[0]) {
		if want := map[bool]string{true: "none"}[row.Metric == "edge.outage"]; row.Range() != want {
			t.Errorf("%s is predicted as %q, not %q", row.Metric, row.Range(), want)
		}
	}
}
