package report

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"halab/internal/outage"
)

// docs/drill-json.md is the documentation of the result's schema: it has a
// section for each object, named by its Go type, and in it a row for each field.
func TestEveryFieldIsDocumented(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/drill-json.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(b), "\n## ")[1:] {
		head, body, _ := strings.Cut(s, "\n")
		sections[head] = body
	}
	want := map[string]map[string]bool{}
	collect(reflect.TypeFor[outage.Result](), want)
	collect(reflect.TypeFor[Comparison](), want)
	for name, fields := range want {
		body, ok := sections[name]
		if !ok {
			t.Errorf("docs/drill-json.md has no section %s", name)
			continue
		}
		rows := map[string]bool{}
		for _, line := range strings.Split(body, "\n") {
			if cell, ok := strings.CutPrefix(line, "| `"); ok {
				field, _, _ := strings.Cut(cell, "`")
				rows[field] = true
			}
		}
		for f := range fields {
			if !rows[f] {
				t.Errorf("docs/drill-json.md does not explain `%s` of %s", f, name)
			}
		}
		for f := range rows {
			if !fields[f] {
				t.Errorf("docs/drill-json.md explains `%s` of %s, which there is not", f, name)
			}
		}
	}
	if !strings.Contains(string(b), fmt.Sprintf("`schema` is %d", outage.Schema)) {
		t.Errorf("docs/drill-json.md does not say that the schema is %d", outage.Schema)
	}
}

// collect lists the JSON fields of a type and of all types in it.
func collect(t reflect.Type, into map[string]map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasPrefix(t.PkgPath(), "halab/") || into[t.Name()] != nil {
		return
	}
	into[t.Name()] = map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag != "" && tag != "-" {
			into[t.Name()][tag] = true
		}
		collect(f.Type, into)
	}
}
