package composefile

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// without is the file's text without the entries that start on broken places
// . The text is for loading alone: places come from the original.
func (s *source) without(broken places) []byte {
	fresh, findings := parse(s.name, s.data)
	if len(findings) > 0 {
		return s.data
	}
	var out []byte
	for i, doc := range fresh.docs {
		fresh.cut(doc, broken, 0)
		text, err := yaml.Marshal(doc)
		if err != nil {
			return s.data
		}
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, text...)
	}
	return out
}

// cut removes broken entries at and below n.
func (s *source) cut(n *yaml.Node, broken places, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if !broken[s.placeOf(key)] {
				kept = append(kept, key, value)
			}
		}
		n.Content = kept
	case yaml.SequenceNode:
		n.Content = slices.DeleteFunc(n.Content, func(c *yaml.Node) bool {
			return broken[s.placeOf(c)]
		})
	}
	for _, child := range n.Content {
		s.cut(child, broken, depth+1)
	}
}
