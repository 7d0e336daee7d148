package app

import (
	"context"

	"halab/internal/fault"
	"halab/internal/topology"
	"halab/internal/vagrant"
)

// machines maps the nodes that are machines of Vagrant's to what switches them.
// It is the switch that fault.Power asks for; the machine's name is the node's.
type machines map[string]machine

type machine struct {
	folder vagrant.Folder // of its Vagrantfile
	config string         // how ssh gets there; empty: as the user's own says
}

// machinesOf finds them in a description; nil where there is none.
func machinesOf(l *topology.Lab) machines {
	m := machines{}
	if l == nil {
		return m
	}
	for _, n := range l.Nodes() {
		if n.Vagrant != "" {
			m[n.Name] = machine{vagrant.Folder(n.Vagrant), vagrant.ConfigOf(n.Endpoint)}
		}
	}
	return m
}

// Has implements fault.Power.
func (m machines) Has(node string) bool { return m[node].folder != "" }

// Off implements fault.Power.
func (m machines) Off(ctx context.Context, node string) error {
	err := m[node].folder.Off(ctx, node)
	if err == nil && m[node].config != "" {
		vagrant.HangUp(ctx, m[node].config, node)
	}
	return err
}

// On implements fault.Power.
func (m machines) On(ctx context.Context, node string) (bool, error) {
	return m[node].folder.On(ctx, node)
}

// injector breaks and mends this session's lab, with its nodes' power.
func (s *Session) injector() *fault.Injector {
	return fault.NewInjector(s.lab, s.engine, s.power)
}
