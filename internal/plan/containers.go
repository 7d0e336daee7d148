package plan

import (
	"fmt"
	"maps"
	"strings"

	"halab/internal/engine"
)

// networks plans the host's interfaces and the lab's networks. A network that
// differs can only be made anew once every container is off it. So is one whose
// parent is gone: an engine that started without the parent, as after a boot,
// lists the network and can't attach anything to it.
func (b *builder) networks(w Wanted, o Observed) {
	var before []int
	if w.HostNetwork {
		before = append(before, b.add(Step{
			Action: HostNetwork, Subject: "of the engine's host",
			Cause: "the lab's network needs its parent, the host its leg",
		}))
	}
	have := map[string]engine.Network{}
	for _, n := range o.Networks {
		have[n.Name] = n
	}
	for _, n := range w.Networks {
		after := append([]int(nil), before...)
		want := labelledNetwork(n)
		old, found := have[n.Name]
		same := found && old.Labels[engine.LabelConfig] == want.Labels[engine.LabelConfig]
		if same && !w.ParentGone {
			if w.HostNetwork { // its parent may be what the host lacks
				b.planned["network "+n.Name] = before[0]
			}
			continue
		}
		cause := "it is not there"
		if found {
			cause = "its description changed"
			if same {
				cause = "the interface under it is gone"
			}
			after = append(after, b.dropNetwork(old, o, cause)...)
		}
		b.planned["network "+n.Name] = b.add(Step{
			Action: CreateNetwork, Subject: n.Name, Cause: cause, Network: &want, After: after, Endpoint: n.Endpoint,
		})
	}
}

func (b *builder) dropNetwork(n engine.Network, o Observed, cause string) []int {
	var gone []int
	for _, c := range o.Containers {
		gone = append(gone, b.removal(c, "its network is made anew"))
	}
	return []int{b.add(Step{
		Action: RemoveNetwork, Subject: n.Name, ID: n.ID, Cause: cause, After: gone,
	})}
}

// removal plans the removal of a container, once.
func (b *builder) removal(c engine.Container, cause string) int {
	key := "gone " + c.ID
	if at, ok := b.planned[key]; ok {
		return at
	}
	at := b.add(Step{Action: RemoveContainer, Subject: c.Name, ID: c.ID, Cause: cause, Endpoint: c.Endpoint})
	b.planned[key] = at
	return at
}

func labelledNetwork(n engine.Network) engine.Network {
	labels := maps.Clone(n.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[engine.LabelConfig] = NetworkHash(n)
	n.Labels = labels
	return n
}

func (b *builder) volumes(w Wanted, o Observed) {
	have := map[string]bool{}
	for _, v := range o.Volumes {
		have[v.Name] = true
	}
	for _, v := range w.Volumes {
		if have[v.Name] {
			continue
		}
		b.planned["volume "+v.Name] = b.add(Step{
			Action: CreateVolume, Subject: v.Name, Cause: "it is not there", Volume: &v, Endpoint: v.Endpoint,
		})
	}
}

// containers plans each wanted container, and the removal of those that nobody
// wants.
func (b *builder) containers(w Wanted, o Observed) {
	for _, c := range o.Containers {
		b.have[c.Name] = c
	}
	wanted := map[string]bool{}
	for _, spec := range w.Containers {
		wanted[spec.Name] = true
	}
	var strangers []int
	for _, c := range o.Containers {
		if !wanted[c.Name] {
			strangers = append(strangers, b.removal(c, strangerCause(c)))
		}
	}
	for _, spec := range w.Containers {
		old, found := b.have[spec.Name]
		b.container(spec, old, found, strangers)
	}
}

// strangerCause says why a container of the lab is not wanted.
func strangerCause(c engine.Container) string {
	switch {
	case c.Labels[engine.LabelService] == "helper":
		return "a helper that was left behind"
	case c.Labels["com.docker.compose.project"] != "":
		return "Compose made it, and halab makes its own"
	}
	return "the description does not have it"
}

// container plans one container: nothing, a start, an unpause, or a new one.
// strangers hold addresses that the new ones may need, so they go first.
func (b *builder) container(spec engine.ContainerSpec, old engine.Container, found bool, strangers []int) {
	host := joined(spec)
	labelled := labelledContainer(spec)
	cause := b.renewal(labelled, old, found, host)
	if cause == "" {
		b.revive(spec, old, host, b.write(spec, old))
		return
	}
	create := append([]int(nil), strangers...)
	if found {
		create = append(create, b.removal(old, cause))
	}
	for _, m := range spec.Mounts {
		create = b.needs(create, "volume "+m.Source)
	}
	create = b.needs(create, "container "+host)
	at := b.add(Step{
		Action: CreateContainer, Subject: spec.Name, Cause: cause, Container: &labelled, After: create, Endpoint: spec.Endpoint,
	})
	b.planned["container "+spec.Name] = at
	b.renewed[spec.Name] = true
	before := []int{at}
	if spec.Files != nil {
		before = append(before, b.add(Step{
			Action: WriteConfig, Subject: spec.Name, Cause: "it is new", Files: spec.Files, After: before, Endpoint: spec.Endpoint,
		}))
	}
	b.start(spec, "", "it is new", before, host)
}

// write plans that a container gets its files, where they are not those that it
// has. A daemon that runs reads them anew, where they are what it read.
func (b *builder) write(spec engine.ContainerSpec, old engine.Container) []int {
	if spec.Files == nil || b.marks[old.ID] == spec.Files.Mark {
		return nil
	}
	s := Step{Action: WriteConfig, Subject: spec.Name, ID: old.ID, Cause: "its files changed", Files: spec.Files, Endpoint: spec.Endpoint}
	if old.State == engine.StateRunning && b.marks[old.ID].Daemon != spec.Files.Mark.Daemon {
		s.Reload = spec.Labels[engine.LabelService]
		s.Cause = "its files changed: " + s.Reload + " reads them anew"
	}
	return []int{b.add(s)}
}

// renewal says why a container must be made anew, or nothing.
func (b *builder) renewal(spec engine.ContainerSpec, old engine.Container, found bool, host string) string {
	switch {
	case !found:
		return "it is not there"
	case b.hasRemoval(old):
		return "its network is made anew"
	case old.Labels[engine.LabelConfig] != spec.Labels[engine.LabelConfig]:
		return "its description or its image changed"
	case old.State == engine.StateDead || old.State == engine.StateRemoving:
		return fmt.Sprintf("the engine calls it %s", old.State)
	case host != "" && (b.renewed[host] || old.Joins != "" && old.Joins != b.have[host].ID):
		return "the node it joins is new"
	}
	return ""
}

func (b *builder) hasRemoval(c engine.Container) bool {
	_, ok := b.planned["gone "+c.ID]
	return ok
}

// revive plans what a container that is right but not running needs. A frozen
// service stays frozen in a node that starts anew, so it is started again.
func (b *builder) revive(spec engine.ContainerSpec, old engine.Container, host string, before []int) {
	_, hostStarts := b.starting[host]
	switch {
	case old.State == engine.StatePaused && !hostStarts:
		b.add(Step{Action: UnpauseContainer, Subject: spec.Name, ID: old.ID, Cause: "it is frozen", Endpoint: spec.Endpoint})
	case old.State == engine.StateRunning && !hostStarts:
	case hostStarts:
		b.start(spec, old.ID, "its node starts", before, host)
	default:
		b.start(spec, old.ID, fmt.Sprintf("it is %s", stopped(old.State)), before, host)
	}
}

func stopped(s engine.State) string {
	if s == engine.StateExited {
		return "stopped"
	}
	return string(s)
}

func (b *builder) start(spec engine.ContainerSpec, id, cause string, after []int, host string) {
	after = b.needs(after, "network "+spec.NetworkMode)
	if at, ok := b.starting[host]; ok {
		after = append(after, at)
	}
	b.starting[spec.Name] = b.add(Step{
		Action: StartContainer, Subject: spec.Name, ID: id, Cause: cause, After: after, Endpoint: spec.Endpoint,
	})
}

// needs adds the step that makes key, where one is planned.
func (b *builder) needs(after []int, key string) []int {
	if at, ok := b.planned[key]; ok {
		return append(after, at)
	}
	return after
}

// joined names the container whose namespaces spec joins.
func joined(spec engine.ContainerSpec) string {
	for _, mode := range []string{spec.NetworkMode, spec.PIDMode} { // on a host, only the processes are joined
		if name, ok := strings.CutPrefix(mode, "container:"); ok {
			return name
		}
	}
	return ""
}

func labelledContainer(spec engine.ContainerSpec) engine.ContainerSpec {
	labels := maps.Clone(spec.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[engine.LabelConfig] = ConfigHash(spec)
	spec.Labels = labels
	return spec
}
