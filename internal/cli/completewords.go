package cli

import (
	"context"
	"strings"

	"halab/internal/app"
	"halab/internal/drill"
	"halab/internal/outage"
	"halab/internal/topology"
)

// arguments lists what the next argument of a command may be.
func (p *program) arguments(ctx context.Context, at *place) []candidate {
	if at.command == nil || len(at.command.sub) > 0 && len(at.words) == 0 {
		return commandNames(at.level)
	}
	place := len(at.words)
	if at.command.takesMany() {
		place = min(place, len(at.command.args)-1)
	}
	if place >= len(at.command.args) {
		return nil
	}
	switch at.command.args[place].kind {
	case aService:
		return plain([]string{"app", "haproxy", "keepalived", "node"})
	case aDaemon:
		return plain([]string{"haproxy", "keepalived"})
	case aShell:
		return plain(shells())
	case aCommand:
		return commandNames(p.commands())
	case aPath:
		return plain([]string{"/frontend", "/backend", "/haproxy-alive", "/healthz", "/"})
	case aTarget, aCluster, aNode, aMachine:
		return p.targets(ctx, at)
	case aFault:
		return faultWords(at.words)
	case aFaultArg:
		if words := faultArgs(at.words[1:]); words != nil {
			return words
		}
		if takesTarget(at.words[1:]) {
			return append(p.targets(ctx, at), candidate{"client", "where requests are made"})
		}
	case aScenario:
		return p.scenarioNames(ctx, at)
	}
	return nil
}

// scenarioNames lists what a drill can be asked for: scenarios, their kinds,
// and clusters.
func (p *program) scenarioNames(ctx context.Context, at *place) []candidate {
	list := []candidate{{string(outage.KindCalibrate), "measure the measurement"}, {drill.All, "every scenario of the list"}}
	l := p.knownLab(ctx, at)
	if l == nil {
		return list
	}
	for _, c := range l.Clusters {
		list = append(list, candidate{c.Name, "the usual scenarios of the cluster"})
	}
	kinds := map[string]bool{}
	for _, s := range drill.NewMenu(l, nil).Scenarios() {
		if s.Unfit != "" {
			continue
		}
		if kind := string(s.Kind); !kinds[kind] {
			kinds[kind] = true
			list = append(list, candidate{kind, "for every cluster"})
		}
		list = append(list, candidate{s.Name, s.Description})
	}
	return list
}

func commandNames(specs []spec) []candidate {
	var list []candidate
	for _, s := range specs {
		if !s.hidden {
			list = append(list, candidate{s.name, s.summary})
		}
	}
	return list
}

// targets lists names of the lab: of the running one where it can be asked in
// time, otherwise of the description.
func (p *program) targets(ctx context.Context, at *place) []candidate {
	l := p.knownLab(ctx, at)
	if l == nil {
		return nil
	}
	kind, command := at.command.args[min(len(at.words), len(at.command.args)-1)].kind, at.command.name
	if kind == aFaultArg {
		kind = aTarget // the other side of a partition
	}
	var list []candidate
	for _, c := range l.Clusters {
		if kind != aNode {
			list = append(list, candidate{c.Name, "cluster"})
		}
		if kind == aTarget {
			for _, v := range c.VIPs() {
				list = append(list, candidate{v.Name, "holder of the VIP " + v.Address.String()})
			}
		}
		for _, n := range c.Nodes {
			if kind != aCluster && (command != "switch" || len(at.words) == 0 || at.words[0] == c.Name) {
				list = append(list, candidate{n.Name, "node of " + c.Name})
			}
		}
	}
	if command == "shell" || command == "logs" || command == "events" {
		list = append(list, candidate{"client", "where requests are made"})
	}
	return list
}

// knownLab reads the lab that the global flags before the word name.
func (p *program) knownLab(ctx context.Context, at *place) *topology.Lab {
	set := app.Setting{Name: topology.DefaultName}
	if name := p.env("HALAB_NAME"); name != "" {
		set.Name = name
	}
	for _, f := range at.before {
		if name, ok := strings.CutPrefix(f, "--name="); ok {
			set.Name = name
		}
		if host, ok := strings.CutPrefix(f, "--host="); ok {
			set.Host = host
		}
	}
	return p.world().Known(ctx, set)
}
