package cli

import (
	"context"
	"fmt"
	"strings"

	"halab/internal/composefile"
	"halab/internal/preflight"
	"halab/internal/ui"
)

func (p *program) doctorSpec() spec {
	return spec{
		name:    "doctor",
		summary: "check the engine and the host, each finding with its cure",
		about: `
Looks at what a lab needs: the engine and its API, macvlan, whether anybody else
uses the subnet or the lab's names, the parent interface, the disk, where images
can come from, what is left of an earlier lab, and whether the engine's host can
be reached from here. Of a lab on hosts it looks at
each host: its engine, clock, interface and address, and the VRRP packets that
arrive there. Changes nothing. "halab up" does the same first.`,
		examples: []string{"halab doctor", "halab doctor --subnet 192.168.77.0/24", "halab doctor --json"},
		run:      p.doctor,
	}
}

// checkup is the answer of doctor.
type checkup struct {
	Well     bool                `json:"well"` // no finding is a failure
	Findings []preflight.Finding `json:"findings"`
}

func (p *program) doctor(ctx context.Context, in *input) error {
	var findings []preflight.Finding
	project, err := p.load(ctx, in.settings, knownBase(in.base))
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			findings = append(findings, preflight.Finding{Check: "description", Level: preflight.Failure, What: strings.TrimSpace(line)})
		}
	}
	s, err := p.session(ctx, in)
	switch {
	case err != nil:
		findings = append(findings, preflight.Evaluate(preflight.Facts{EngineError: err})...)
	case project != nil:
		defer s.close()
		facts := s.facts(ctx, project)
		s.locate(ctx, project, &facts)
		findings = append(findings, preflight.Evaluate(facts)...)
		for _, h := range s.examineHosts(ctx, &project.Lab, listenTime) {
			findings = append(findings, h.findings...)
		}
	default:
		defer s.close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.writeCheckup(in, checkup{Well: !preflight.Failed(findings), Findings: findings})
}

// facts collects what preflight judges, about the lab as it is described.
func (s *session) facts(ctx context.Context, p *composefile.Project) preflight.Facts {
	l, local := &p.Lab, false
	if e, ok := s.engine.(interface{ Endpoint() string }); ok {
		local = strings.HasPrefix(e.Endpoint(), "unix://")
	}
	return preflight.Collect(ctx, s.engine, local, preflight.Facts{
		Lab: l.Name, Subnet: l.Network.Subnet, Parent: l.Network.Parent, Own: l.Network.Own, Base: s.in.base, Hosts: l.OnHosts(),
		Names: wantedNames(p),
	})
}

// wantedNames lists what the lab's objects will be called.
func wantedNames(p *composefile.Project) preflight.Names {
	var n preflight.Names
	for _, c := range p.Containers {
		n.Containers = append(n.Containers, c.Spec.Name)
	}
	for _, w := range p.Networks {
		n.Networks = append(n.Networks, w.Name)
	}
	for _, v := range p.Volumes {
		n.Volumes = append(n.Volumes, v.Name)
	}
	if host := hostRequest(&p.Lab); host.Peer != "" {
		n.Interfaces = append(n.Interfaces, host.Parent, host.Peer, host.Leg)
	} else if host.Leg != "" {
		n.Interfaces = append(n.Interfaces, host.Leg)
	}
	return n
}

func (p *program) writeCheckup(in *input, c checkup) error {
	if in.json {
		if err := ui.WriteJSON(p.stdout, c); err != nil {
			return err
		}
	} else {
		out := ui.NewTerminal(p.stdout, in.colour, p.env)
		for _, f := range c.Findings {
			if _, err := fmt.Fprint(out, findingText(f, out.Style)); err != nil {
				return err
			}
		}
	}
	if !c.Well {
		if in.json {
			return &codeError{exitFailed}
		}
		return fmt.Errorf("a lab can't be made here before the failures above are cured")
	}
	return nil
}

// findingText is a finding in at most 80 columns: a mark, what was found and
// why it matters, and the cure below it.
func findingText(f preflight.Finding, style ui.Style) string {
	mark := map[preflight.Level]string{
		preflight.OK: style.Good("✔"), preflight.Unknown: "?",
		preflight.Warning: style.Odd("!"), preflight.Failure: style.Bad("✘"),
	}[f.Level]
	text := ui.Clean(f.What)
	if f.Why != "" {
		text += ": " + ui.Clean(f.Why)
	}
	var b strings.Builder
	for i, line := range ui.Wrap(text, 64) {
		head := "  " + strings.Repeat(" ", 12)
		if i == 0 {
			head = mark + " " + ui.Pad(f.Check, 12)
		}
		b.WriteString(head + line + "\n")
	}
	if f.Cure != "" {
		for i, line := range ui.Wrap(ui.Clean(f.Cure), 61) {
			arrow := "→ "
			if i > 0 {
				arrow = "  "
			}
			b.WriteString(strings.Repeat(" ", 14) + arrow + line + "\n")
		}
	}
	return b.String()
}
