package cli

import (
	"slices"
	"strings"

	"halab/internal/fault"
)

// faultWords lists services and faults, as the second word of fail.
func faultWords([]string) []candidate {
	list := plain([]string{"app", "haproxy", "keepalived", "node"})
	seen := map[string]bool{}
	for _, k := range fault.Catalogue() {
		if slices.Contains(fault.Hows(), k.Name) {
			continue
		}
		first, more, _ := strings.Cut(k.Name, " ")
		if seen[first] {
			continue
		}
		seen[first] = true
		about := k.Summary
		if more != "" {
			about = ""
		}
		list = append(list, candidate{first, about})
	}
	return list
}

// takesTarget says whether the next word of a fault names another part of the lab.
func takesTarget(words []string) bool {
	for _, k := range fault.Catalogue() {
		name := strings.Fields(k.Name)
		at := len(words) - len(name)
		if at >= 0 && at < len(k.Args) && slices.Equal(words[:len(name)], name) {
			return k.Args[at].Target
		}
	}
	return false
}

// faultArgs lists what may follow the words of a fault so far: the rest of its
// name, or the values of its next argument.
func faultArgs(words []string) []candidate {
	var list []candidate
	for _, k := range fault.Catalogue() {
		name := strings.Fields(k.Name)
		switch {
		case len(words) < len(name) && slices.Equal(words, name[:len(words)]):
			list = append(list, candidate{name[len(words)], k.Summary})
		case len(words) >= len(name) && slices.Equal(words[:len(name)], name) && len(words)-len(name) < len(k.Args):
			a := k.Args[len(words)-len(name)]
			list = append(list, plain(a.Values)...)
			if a.Values == nil && !a.Target {
				list = append(list, candidate{a.Example, a.Name + ": " + a.Unit})
			}
		}
	}
	return list
}
