package drill

import (
	"context"

	"halab/internal/effect"
	"halab/internal/lab"
	"halab/internal/predict"
)

// Outlook is what any fault would cost a lab, from its daemons' files.
type Outlook struct{ forecast *forecast }

// Outlook reads the files as the nodes have them.
func (d *Drill) Outlook(ctx context.Context, status *lab.State) (*Outlook, error) {
	f, err := d.readConfigs(ctx, status)
	if err != nil {
		return nil, err
	}
	return &Outlook{f}, nil
}

// Of says what to expect of an effect on a node of a cluster while holder, the same
// node or another, has the VIP.
func (o *Outlook) Of(e effect.Effect, cluster, target, holder string) (predict.Expected, error) {
	return o.forecast.predict(Scenario{Effect: e, Cluster: cluster}, target, holder)
}
