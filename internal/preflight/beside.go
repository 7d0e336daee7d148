package preflight

import (
	"halab/internal/agentapi"
	"halab/internal/engine"
)

// LearnNamespace compares the network namespace of the engine's host with that of
// this process.
func (f *Facts) LearnNamespace(engine string) {
	same, known := agentapi.SameNamespace(engine, agentapi.NetworkNamespace())
	switch {
	case !known:
	case same:
		f.Beside = Yes
	default:
		f.Beside = No
	}
}

// namespace is where the lab's network is, as a helper told when it was made.
func (f Facts) namespace() string {
	for _, n := range f.Networks {
		if n.Labels[engine.LabelLab] == f.Lab && n.Labels[engine.LabelNamespace] != "" {
			return n.Labels[engine.LabelNamespace]
		}
	}
	return ""
}

// beside finds an engine of this machine whose host's interfaces are not those
// that can be seen from here: one without root, or in a namespace of its own.
func (f Facts) beside() []Finding {
	if !f.Local || f.Beside != No {
		return nil
	}
	return []Finding{matters("host", Warning, "the engine is in another network namespace than halab",
		"what its host's interfaces are can't be seen, and the host's leg on the lab's network can't be reached from here").
		cure("ask from inside of the lab", "halab curl")}
}
