package halab_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// A fault more is its name, its kind outside, its applier inside and a test
// (docs/adding-a-fault.md). Whoever else asked for a fault by its name would be a
// fifth place: they go by its effect.
func TestNobodyAsksForAFaultByItsName(t *testing.T) {
	row, err := parser.ParseFile(token.NewFileSet(), "internal/agentapi/fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(row, func(n ast.Node) bool {
		v, is := n.(*ast.ValueSpec)
		if is && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Fault") {
			if text, is := v.Values[0].(*ast.BasicLit); is && text.Kind == token.STRING && text.Value != `"ready"` && text.Value != `"go"` {
				names = append(names, v.Names[0].Name)
			}
		}
		return true
	})
	if len(names) < 10 || !slices.Contains(names, "FaultLoss") {
		t.Fatalf("the names of faults are %v", names)
	}
	// Whether a node or a service is frozen is its state: the engine calls what its
	// agent has stopped running.
	frozen := map[string][]string{
		"internal/lab/assemble.go": {"FaultFreeze", "FaultHang"}, "internal/lab/scope.go": {"FaultFreeze"},
		"internal/agent/faultwatch.go": {"FaultFreeze"},
	}
	sources(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "internal/fault/") || strings.HasPrefix(path, "internal/agent/fault/") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, is := n.(*ast.SelectorExpr); is && slices.Contains(names, s.Sel.Name) && !slices.Contains(frozen[path], s.Sel.Name) {
				t.Errorf("%s asks for agentapi.%s: go by its effect (package effect), or by what the catalogue says of it", path, s.Sel.Name)
			}
			return true
		})
	})
}
