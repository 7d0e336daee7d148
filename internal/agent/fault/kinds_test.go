package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"halab/internal/agent/agenttest"
)

// One fault, one file, one test: each file that makes a fault has its test beside
// it, and each fault that a file makes is in the list.
func TestEveryFaultHasAFileAndATest(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	agenttest.Must(t, err)
	made := map[string]string{} // maker -> file
	var listed []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		agenttest.Must(t, err)
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			switch {
			case !isFunc || f.Recv != nil:
			case f.Name.Name == "appliers":
				ast.Inspect(f, func(n ast.Node) bool {
					if call, isCall := n.(*ast.CallExpr); isCall {
						listed = append(listed, call.Fun.(*ast.Ident).Name)
					}
					return true
				})
			case f.Type.Params.NumFields() == 0 && makesFault(f):
				made[f.Name.Name] = path
			}
		}
	}
	for maker, path := range made {
		if !slices.Contains(listed, maker) {
			t.Errorf("%s makes a fault in %s that appliers does not list", maker, path)
		}
		if _, err := os.Stat(strings.TrimSuffix(path, ".go") + "_test.go"); err != nil {
			t.Errorf("%s has no test: %v", path, err)
		}
	}
	if len(made) != len(appliers()) || len(listed) != len(made) {
		t.Errorf("%d functions make faults, %d are listed, %d faults there are", len(made), len(listed), len(appliers()))
	}
}

func makesFault(f *ast.FuncDecl) bool {
	if f.Type.Results.NumFields() != 1 {
		return false
	}
	name, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && name.Name == "applier"
}
