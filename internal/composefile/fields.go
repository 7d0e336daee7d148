package composefile

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"halab/internal/topology"
)

// suggestField names the fields that may be meant by one that there is not.
func suggestField(field string, known []string) string {
	close := topology.Suggest(field, known)
	if len(close) > 2 {
		close = close[:2]
	}
	return strings.Join(close, " or ")
}

// serviceFields lists the fields of a service, which Compose's schema keeps in
// three places.
func serviceFields(schema any) []string {
	root, _ := schema.(map[string]any)
	definitions, _ := root["$defs"].(map[string]any)
	var all []string
	for _, part := range []string{"service", "container_spec", "workload_spec"} {
		all = append(all, properties(definitions[part])...)
	}
	slices.Sort(all)
	return all
}

// properties lists the fields of one object of a schema.
func properties(schema any) []string {
	object, _ := schema.(map[string]any)
	fields, _ := object["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(fields))
}

// follow is what a JSON pointer in a URL leads to, nil when it leads nowhere.
func follow(value any, pointer string) any {
	for _, part := range strings.Split(strings.Trim(pointer, "/"), "/") {
		switch v := value.(type) {
		case map[string]any:
			if part != "" {
				value = v[unescape(part)]
			}
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// unescape reads one part of a JSON pointer (RFC 6901) in a URL.
func unescape(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		part = plain
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
}

// forms says what a value may be, in YAML's words.
func forms(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = article(t)
	}
	return strings.Join(words, " or ")
}

// article is a JSON type in YAML's words.
func article(jsonType string) string {
	switch jsonType {
	case "object":
		return "a mapping"
	case "array":
		return "a list"
	case "string":
		return "a text"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false"
	case "null":
		return "nothing"
	}
	return fmt.Sprintf("a %s", jsonType)
}
