package preflight

import (
	"slices"
	"strconv"
	"strings"

	"halab/internal/engine"
)

// asksForParser is the first release of the engine that goes without AppArmor
// where apparmor_parser is missing. Those before it try to load their profile
// with it at every start of a container, and start none.
const asksForParser = 24

// apparmor finds a kernel that has AppArmor on and an engine that can't load its
// profile. Debian's docker.io only recommends the package.
func (f Facts) apparmor() []Finding {
	if !f.Local || f.AppArmor != Yes {
		return nil
	}
	const what = "the kernel has AppArmor on, and apparmor_parser is not installed"
	const install = "apt-get install apparmor"
	major, _, _ := strings.Cut(f.Engine.Version, ".")
	release, err := strconv.Atoi(major)
	running := slices.ContainsFunc(append(slices.Clone(f.Containers), f.Others...), func(c engine.Container) bool {
		return c.State == engine.StateRunning
	})
	switch {
	case f.Parser:
		return []Finding{found("apparmor", OK, "AppArmor is on, and the engine can load its profile")}
	case err == nil && release < asksForParser && !running:
		return []Finding{matters("apparmor", Failure, what, "the engine can't load its profile, and starts no container without it").cure("install it", install)}
	}
	return []Finding{matters("apparmor", Warning, what, "containers run without the engine's profile").
		cure("install it, and then start the engine again", install)}
}
