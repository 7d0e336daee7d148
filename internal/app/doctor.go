package app

import (
	"context"

	"halab/internal/composefile"
	"halab/internal/event"
	"halab/internal/preflight"
)

// Checkup is what doctor found; its JSON form is public (docs/json.md).
type Checkup struct {
	Well     bool                `json:"well"` // no finding is a failure
	Findings []preflight.Finding `json:"findings"`
}

// Doctor looks at what a lab needs, and changes nothing. An engine that can't be
// used and a description that can't be read are findings.
func (w World) Doctor(ctx context.Context, set Setting, sink event.Sink) (Checkup, error) {
	var findings []preflight.Finding
	project, err := set.Load(ctx, set.AnyBase())
	if err != nil {
		findings = preflight.Of("description", err)
	}
	s, err := Open(ctx, w, set, sink)
	if err != nil {
		findings = append(findings, preflight.Evaluate(preflight.Facts{EngineError: err})...)
	} else {
		defer s.Close()
		findings = append(findings, making{s, set}.checkup(ctx, project)...)
	}
	return Checkup{Well: !preflight.Failed(findings), Findings: findings}, ctx.Err()
}

// checkup looks at the engine and the hosts; nil: the description can't be read.
func (m making) checkup(ctx context.Context, project *composefile.Project) []preflight.Finding {
	if project == nil {
		return nil
	}
	facts := m.facts(ctx, project)
	m.locate(ctx, project, &facts)
	findings := preflight.Evaluate(facts)
	if f, several := severalHosts(m.s.engine); several {
		for _, h := range examineHosts(ctx, f, &project.Lab, listenTime) {
			findings = append(findings, h.findings...)
		}
	}
	return findings
}
