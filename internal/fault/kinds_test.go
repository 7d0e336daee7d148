package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One fault, one file, one test: what the engine does has its test beside its
// file, here; what the agent does has it beside the agent's file.
func TestEveryFaultHasATest(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	makers := 0
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			if !isFunc || f.Recv != nil || f.Type.Params.NumFields() > 0 || f.Type.Results.NumFields() != 1 {
				continue
			}
			if name, ok := f.Type.Results.List[0].Type.(*ast.Ident); !ok || name.Name != "Kind" {
				continue
			}
			makers++
			if calls(f, "inside") {
				continue
			}
			// crash and shutdown are what kill and stop do to a node.
			if stem := strings.TrimSuffix(path, ".go"); stem != "freeze" {
				if _, err := os.Stat(stem + "_test.go"); err != nil {
					t.Errorf("%s has no test: %v", path, err)
				}
			}
		}
	}
	if makers != len(Catalogue()) {
		t.Errorf("%d functions make faults, the catalogue has %d", makers, len(Catalogue()))
	}
}

// calls says whether a function calls another one.
func calls(f *ast.FuncDecl, name string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			id, ok := call.Fun.(*ast.Ident)
			found = found || ok && id.Name == name
		}
		return true
	})
	return found
}
