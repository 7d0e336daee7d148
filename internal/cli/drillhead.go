package cli

import (
	"context"
	"runtime/debug"
	"time"

	"halab/internal/outage"
	"halab/internal/report"
)

// head is a result without its scenarios: what was measured on.
func (s *session) head(ctx context.Context) (*outage.Result, error) {
	st, err := s.status(ctx)
	if err != nil {
		return nil, err
	}
	info, err := s.Engine.Info(ctx)
	if err != nil {
		return nil, err
	}
	return &outage.Result{
		Schema: outage.Schema, Halab: builtFrom(debug.ReadBuildInfo()).Halab, Date: time.Now().UTC().Truncate(time.Second),
		Machine: outage.Machine{
			Kernel: info.Kernel, CPUs: info.CPUs, MemoryMiB: info.Memory >> 20,
			Engine: info.Version, System: info.OS, Cgroup: info.CgroupVersion,
		},
		Lab: st.Lab, Base: st.Base, Profile: st.Profile, Scenarios: []outage.ScenarioResult{},
	}, nil
}

// paint is the report's style: nil where nothing is to be painted.
func (s *session) paint() report.Style { return s.out.Style }

// frontCluster is the one that clients meet first.
func (s *session) frontCluster(ctx context.Context) string {
	st, err := s.Lab.Status(ctx)
	if err != nil {
		return "frontend" // what is asked for it next says what is wrong
	}
	front, _ := st.Topology().Front()
	return front.Name
}
