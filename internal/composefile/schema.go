package composefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

const schemaName = "compose-spec.json"

// checkSchema holds every file against Compose's own schema, which compose-go
// brings along, and notes every violation; compose-go itself stops at one.
func (l *loader) checkSchema() {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Schema))
	if err != nil {
		return // compose-go's own schema; its loader says what it thinks of the file
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schemaName, parsed); err != nil {
		return
	}
	compiled, err := compiler.Compile(schemaName)
	if err != nil {
		return
	}
	for _, s := range l.sources {
		checker := schemaChecker{loader: l, source: s, schema: parsed}
		checker.check(compiled)
	}
}

// schemaChecker holds one file against the schema.
type schemaChecker struct {
	loader *loader
	source *source
	schema any     // as parsed, to look up which fields there are
	found  []place // what is to be left out when the file is loaded
}

func (c *schemaChecker) check(compiled *jsonschema.Schema) {
	for _, doc := range c.source.docs {
		value, ok := c.value(doc)
		if !ok {
			continue
		}
		var violation *jsonschema.ValidationError
		if err := compiled.Validate(value); errors.As(err, &violation) {
			for _, leaf := range leaves(violation) {
				c.report(leaf)
			}
		}
	}
	for _, p := range c.found {
		c.loader.broken.add(p)
	}
}

// value is what a document says, with its variables replaced, in JSON's types.
func (c *schemaChecker) value(doc *yaml.Node) (any, bool) {
	c.source.cut(doc, c.loader.broken, 0)
	untag(doc, map[*yaml.Node]bool{})
	var raw any
	if err := doc.Decode(&raw); err != nil {
		c.undecodable(err)
		return nil, false
	}
	if raw == nil {
		return nil, false
	}
	values, ok := raw.(map[string]any)
	if !ok {
		c.giveUp(finding{file: c.source.name, line: 1, what: "the file is not a mapping of names to values", why: "a Compose file has services, networks and volumes at its top", cure: "see compose/compose.yaml for one that works"})
		return nil, false
	}
	delete(values, "version") // obsolete, and nothing wrong
	set, err := interpolation.Interpolate(values, interpolation.Options{LookupValue: c.loader.lookup, Substitute: silent})
	if err == nil {
		values = set
	}
	text, err := json.Marshal(values)
	if err != nil {
		c.giveUp(finding{file: c.source.name, what: "a key is not a text: " + err.Error(), why: "Compose knows only names", cure: "put the key in quotes"})
		return nil, false
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	return value, err == nil
}

// silent replaces variables without a word; checkVariables has said it all.
func silent(text string, lookup template.Mapping) (string, error) {
	return template.SubstituteWithOptions(text, lookup, template.WithoutLogging)
}

func (c *schemaChecker) add(f finding) { c.loader.findings = append(c.loader.findings, f) }

// giveUp notes a finding with which there is nothing to load.
func (c *schemaChecker) giveUp(f finding) {
	c.loader.hopeless = true
	c.add(f)
}

// undecodable notes what YAML itself refuses in a well-formed document.
func (c *schemaChecker) undecodable(err error) {
	f := c.source.syntax(err)
	f.why, f.cure = "YAML can't make one value of it", "mend the line"
	c.giveUp(f)
}

// untag takes away the tags by which Compose overrides, which mean nothing to
// the schema.
func untag(n *yaml.Node, seen map[*yaml.Node]bool) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	if n.Kind == yaml.MappingNode {
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i+1].Tag != "!reset" {
				kept = append(kept, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = kept
	}
	if n.Tag == "!override" {
		n.Tag = ""
	}
	for _, child := range n.Content {
		untag(child, seen)
	}
	untag(n.Alias, seen)
}

// leaves lists the violations that a person can act on. Where a value may have
// one of several forms, those of the form it comes closest to count.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var forms [][]*jsonschema.ValidationError
	for _, cause := range e.Causes {
		forms = append(forms, leaves(cause))
	}
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		return closest(e, forms)
	}
	return slices.Concat(forms...)
}

// closest picks the form whose violations lie deepest inside the value. When
// the value is of none of the forms' types, that is one violation.
func closest(e *jsonschema.ValidationError, forms [][]*jsonschema.ValidationError) []*jsonschema.ValidationError {
	var best []*jsonschema.ValidationError
	depth := -1
	var want []string
	var got string
	for _, form := range forms {
		deepest := 0
		for _, leaf := range form {
			d := len(leaf.InstanceLocation) * 2
			if t, ok := leaf.ErrorKind.(*kind.Type); ok && len(leaf.InstanceLocation) == len(e.InstanceLocation) {
				want, got = append(want, t.Want...), t.Got
			} else {
				d++
			}
			deepest = max(deepest, d)
		}
		if deepest > depth {
			best, depth = form, deepest
		}
	}
	if depth == len(e.InstanceLocation)*2 {
		slices.Sort(want)
		return []*jsonschema.ValidationError{{SchemaURL: e.SchemaURL, InstanceLocation: e.InstanceLocation, ErrorKind: &kind.Type{Got: got, Want: slices.Compact(want)}}}
	}
	return best
}

// report makes findings of one violation.
func (c *schemaChecker) report(e *jsonschema.ValidationError) {
	path := e.InstanceLocation
	name := strings.Join(path, ".")
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, field := range k.Properties {
			c.unknown(path, field, e.SchemaURL)
		}
	case *kind.FalseSchema: // a field that is not among those there may be
		if len(path) > 0 {
			c.unknown(path[:len(path)-1], path[len(path)-1], e.SchemaURL)
		}
	case *kind.Type:
		c.place(path, fmt.Sprintf("%s is %s", name, article(k.Got)), "it must be "+forms(k.Want), "write it in that form")
	case *kind.Required:
		c.place(path, fmt.Sprintf("%s lacks %s", orElse(name, "the file"), strings.Join(k.Missing, ", ")), "Compose needs it there", "add it")
	default:
		text := e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		c.place(path, fmt.Sprintf("%s: %s", name, text), "Compose's schema has it so", "correct the value")
	}
}

// unknown notes a field that there is not, and those that may be meant.
func (c *schemaChecker) unknown(path []string, field, url string) {
	where := orElse(strings.Join(path, "."), "the file")
	known := c.fields(path, url)
	if slices.Contains(known, field) {
		return // its value has a finding of its own
	}
	cure := "remove it; text of your own goes into fields that start with x-"
	if close := suggestField(field, known); close != "" {
		cure = "did you mean " + close + "?"
	}
	c.place(append(slices.Clone(path), field), fmt.Sprintf("%s has an unknown field %q", where, field), "Compose knows no such field there", cure)
}

// place notes a finding at a path in this file.
func (c *schemaChecker) place(path []string, what, why, cure string) {
	p := sources{c.source}.at(path)
	if c.loader.known(p) {
		return
	}
	c.add(newFinding(p, path, what, why, cure))
	c.found = append(c.found, p)
}

// fields lists the fields that the schema has at a path.
func (c *schemaChecker) fields(path []string, url string) []string {
	if len(path) == 2 && path[0] == "services" {
		return serviceFields(c.schema)
	}
	_, pointer, _ := strings.Cut(url, "#")
	return properties(follow(c.schema, pointer))
}
