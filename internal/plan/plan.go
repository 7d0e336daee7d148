// Package plan decides what must be done to get from what an engine has to what
// a lab wants. It is pure: the same wanted and observed state always give the
// same steps, and every step carries the reason it is there.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"halab/internal/engine"
)

// Action is what a step does.
type Action string

// The actions, in the order in which one object meets them.
const (
	RemoveContainer  Action = "remove container"
	RemoveNetwork    Action = "remove network"
	RemoveVolume     Action = "remove volume"
	HostNetwork      Action = "make host interfaces"
	CreateNetwork    Action = "create network"
	CreateVolume     Action = "create volume"
	CreateContainer  Action = "create container"
	WriteConfig      Action = "write config"
	UnpauseContainer Action = "unpause container"
	StartContainer   Action = "start container"
)

// Step is one thing to do. After lists the steps, by index in the plan, that
// must be done before it.
type Step struct {
	Action  Action
	Subject string // name of the container, network or volume
	Cause   string // why it must be done
	ID      string // of the existing object, where there is one
	After   []int

	// Endpoint of the engine that the step is done on; empty: the default one.
	Endpoint string

	// Files are what WriteConfig writes, and Reload the daemon that reads them anew
	// then; empty: none does.
	Files  *engine.Files
	Reload string

	Container *engine.ContainerSpec
	Network   *engine.Network
	Volume    *engine.Volume
}

// Plan is an ordered list of steps: no step needs a later one.
type Plan struct {
	Steps []Step
}

// Wanted is the state a lab should be in, on one engine.
type Wanted struct {
	Networks   []engine.Network
	Volumes    []engine.Volume
	Containers []engine.ContainerSpec // a container that others join comes before them
	// HostNetwork says that the host's interfaces are to be made or checked
	// before any network is.
	HostNetwork bool
	// ParentGone says that the interface under the networks is known not to be
	// there. The kernel has taken the interfaces of all nodes with it.
	ParentGone bool
}

// Observed is what the engine has of the lab.
type Observed struct {
	Networks   []engine.Network
	Volumes    []engine.Volume
	Containers []engine.Container
	Marks      map[string]engine.Mark // of the files in containers, by ID
}

// Make plans the steps from observed to wanted.
func Make(w Wanted, o Observed) Plan {
	b := &builder{
		planned:  map[string]int{},
		renewed:  map[string]bool{},
		starting: map[string]int{},
		have:     map[string]engine.Container{},
		marks:    o.Marks,
	}
	b.networks(w, o)
	b.volumes(w, o)
	b.containers(w, o)
	b.order()
	return Plan{Steps: b.steps}
}

// Remove plans the removal of all that is observed.
func Remove(o Observed) Plan {
	b := &builder{planned: map[string]int{}}
	var gone []int
	for _, c := range o.Containers {
		gone = append(gone, b.add(Step{Action: RemoveContainer, Subject: c.Name, ID: c.ID, Endpoint: c.Endpoint, Cause: "the lab goes down"}))
	}
	for _, n := range o.Networks {
		b.add(Step{Action: RemoveNetwork, Subject: n.Name, ID: n.ID, Endpoint: n.Endpoint, Cause: "the lab goes down", After: gone})
	}
	for _, v := range o.Volumes {
		b.add(Step{Action: RemoveVolume, Subject: v.Name, ID: cmp.Or(v.ID, v.Name), Endpoint: v.Endpoint, Cause: "the lab goes down", After: gone})
	}
	return Plan{Steps: b.steps}
}

// Empty says that nothing is to be done.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// String prints the plan, one step a line with its cause.
func (p Plan) String() string {
	if p.Empty() {
		return "nothing to do\n"
	}
	width := 0
	for _, s := range p.Steps {
		width = max(width, len(s.Action)+1+len(s.Subject))
	}
	var out strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&out, "%-*s  # %s\n", width, string(s.Action)+" "+s.Subject, s.Cause)
	}
	return out.String()
}

// ConfigHash identifies a spec: halab labels each container with it and makes a
// container anew when it changes.
func ConfigHash(spec engine.ContainerSpec) string {
	return hash(spec)
}

// NetworkHash identifies a network as wanted.
func NetworkHash(n engine.Network) string {
	return hash(n)
}

func hash(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		// The types hold strings, numbers, maps and addresses: they marshal.
		panic(fmt.Sprintf("plan: %T does not marshal: %v", v, err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// builder collects steps; the maps are keyed by wanted names.
type builder struct {
	steps    []Step
	planned  map[string]int              // the step that makes a network, volume or container
	renewed  map[string]bool             // containers that will be new
	starting map[string]int              // the step that starts a container
	have     map[string]engine.Container // what there is
	marks    map[string]engine.Mark      // of its files, by ID
}

func (b *builder) add(s Step) int {
	b.steps = append(b.steps, s)
	return len(b.steps) - 1
}

// order sorts the steps so that each comes after those it needs, keeping the
// order of planning otherwise, and renumbers After.
func (b *builder) order() {
	place := make([]int, len(b.steps))
	depth := make([]int, len(b.steps))
	for i := range b.steps {
		place[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i, s := range b.steps {
			for _, a := range s.After {
				if depth[i] <= depth[a] {
					depth[i], changed = depth[a]+1, true
				}
			}
		}
	}
	sort.SliceStable(place, func(i, j int) bool { return depth[place[i]] < depth[place[j]] })
	moved := make([]int, len(place))
	for to, from := range place {
		moved[from] = to
	}
	sorted := make([]Step, len(place))
	for to, from := range place {
		s := b.steps[from]
		for k, a := range s.After {
			s.After[k] = moved[a]
		}
		sort.Ints(s.After)
		sorted[to] = s
	}
	b.steps = sorted
}
