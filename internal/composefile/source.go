package composefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Bounds on what a description may be: aliases of aliases can make a file of a
// few lines into more than a machine can hold.
const (
	maxBytes = 4 << 20
	maxNodes = 200_000
	maxDepth = 100
)

// place is where something stands. A place without a line is a file as a whole.
type place struct {
	file         string
	line, column int
}

// places is a set of them.
type places map[place]bool

func (s places) add(p place) {
	if p.line > 0 {
		s[p] = true
	}
}

// source is one Compose file: its text, and where each of its values stands.
// Positions come from the YAML tree; the values themselves from compose-go.
type source struct {
	name  string // as shown
	data  []byte
	docs  []*yaml.Node
	index map[string]place
	left  int // nodes that may still be visited
	twice []twin
}

// twin is a key that stands twice in one mapping.
type twin struct {
	key           string
	first, second place
}

// joined makes one key of a path. No YAML key that Compose knows holds a NUL.
func joined(path []string) string { return strings.Join(path, "\x00") }

var yamlMark = regexp.MustCompile(`(?:line (\d+)(?:, column \d+)?|<unknown position>): `)

// parse reads the YAML tree of a file and finds the place of everything in it.
func parse(name string, data []byte) (*source, []finding) {
	s := &source{name: name, data: data, index: map[string]place{}, left: maxNodes}
	if len(data) > maxBytes {
		return s, []finding{{file: name, what: fmt.Sprintf("the file has %d bytes", len(data)), why: fmt.Sprintf("no lab needs more than %d", maxBytes), cure: "is it a Compose file?"}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, []finding{s.syntax(err)}
		}
		s.docs = append(s.docs, &doc)
		if !s.visit(&doc, nil, 0) {
			return s, []finding{{file: name, what: "its aliases unfold without end", why: "a description has to have one", cure: "look for an anchor that holds an alias to itself"}}
		}
	}
	return s, nil
}

// syntax makes a finding of a parser's error, whose text tells its line.
func (s *source) syntax(err error) finding {
	message := clean(err)
	f := finding{file: s.name, what: strings.TrimPrefix(message, "yaml: "), why: "this is not YAML", cure: "mend the line, or the one before it: indent with spaces, all of a mapping alike, and quote text that has : or # in it"}
	marks := yamlMark.FindAllStringSubmatchIndex(message, -1)
	if len(marks) == 0 {
		return f
	}
	last := marks[len(marks)-1]
	if last[2] >= 0 {
		f.line, _ = strconv.Atoi(message[last[2]:last[3]])
	}
	f.what = message[last[1]:]
	// The parser counts lines from 0, the scanner below it from 1, and only
	// their types tell them apart.
	switch {
	case strings.HasPrefix(f.what, "unknown anchor"): // counted from 1
	case strings.HasSuffix(fmt.Sprintf("%T", err), "ParserError"):
		f.line++
	}
	return f
}

// visit notes the place of n and of all below it. It reports false when the
// tree is too large.
func (s *source) visit(n *yaml.Node, path []string, depth int) bool {
	s.left--
	if s.left < 0 || depth > maxDepth {
		return false
	}
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for i, child := range n.Content {
			below := path
			if n.Kind == yaml.SequenceNode {
				below = append(path[:len(path):len(path)], strconv.Itoa(i))
				s.note(below, child)
			}
			if !s.visit(child, below, depth+1) {
				return false
			}
		}
	case yaml.AliasNode:
		return s.visit(n.Alias, path, depth+1)
	case yaml.MappingNode:
		return s.visitMapping(n, path, depth)
	}
	return true
}

// visitMapping notes the entries of a mapping: first those it merges in, the
// least first, then its own.
func (s *source) visitMapping(n *yaml.Node, path []string, depth int) bool {
	mine := map[string]*yaml.Node{}
	for _, own := range []bool{false, true} {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if isMerge(key) == own {
				continue
			}
			if !own {
				if !s.visitMerged(value, path, depth) {
					return false
				}
				continue
			}
			below := append(path[:len(path):len(path)], key.Value)
			if mine[key.Value] != nil {
				s.twice = append(s.twice, twin{key.Value, s.placeOf(mine[key.Value]), s.placeOf(key)})
				continue
			}
			mine[key.Value] = key
			s.note(below, key)
			if !s.visit(value, below, depth+1) {
				return false
			}
		}
	}
	return true
}

// visitMerged notes what `<<` brings into a mapping; of several, the first
// counts most.
func (s *source) visitMerged(value *yaml.Node, path []string, depth int) bool {
	if value.Kind != yaml.SequenceNode {
		return s.visit(value, path, depth+1)
	}
	for i := len(value.Content) - 1; i >= 0; i-- {
		if !s.visit(value.Content[i], path, depth+1) {
			return false
		}
	}
	return true
}

func isMerge(key *yaml.Node) bool { return key.Tag == "!!merge" || key.Value == "<<" }

func (s *source) placeOf(n *yaml.Node) place { return place{s.name, n.Line, n.Column} }

func (s *source) note(path []string, n *yaml.Node) {
	s.index[joined(path)] = s.placeOf(n)
}

// sources are the files of a description, in the order in which they merge.
type sources []*source

// at finds the place of a value: in the last file that has it, or else that of
// the innermost mapping around it.
func (all sources) at(path []string) place {
	for ; len(path) > 0; path = path[:len(path)-1] {
		for i := len(all) - 1; i >= 0; i-- {
			if p, ok := all[i].index[joined(path)]; ok {
				return p
			}
		}
	}
	if len(all) == 0 {
		return place{}
	}
	return place{file: all[0].name}
}

// has reports whether any file has the value.
func (all sources) has(path ...string) bool {
	_, _, ok := all.first(path)
	return ok
}

// first is the place where a value stands first, and the number of that file,
// for keeping mappings in the order in which they were written.
func (all sources) first(path []string) (file int, p place, ok bool) {
	for i, s := range all {
		if p, ok := s.index[joined(path)]; ok {
			return i, p, true
		}
	}
	return len(all), place{}, false
}
