package halab_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// A cure is data (package problem): where a text of an error has it on a second line,
// cli can't make its command find the lab, and --json has it in no field.
func TestNoErrorHasItsCureInItsText(t *testing.T) {
	t.Parallel()
	makers := map[string]bool{"fmt.Errorf": true, "errors.New": true, "problem.New": true, "app.Usage": true}
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) == 0 {
				return true
			}
			name, own := call.Fun.(*ast.Ident)
			if !makers[called(call)] && !(own && strings.EqualFold(name.Name, "usage")) {
				return true
			}
			ast.Inspect(call.Args[0], func(n ast.Node) bool {
				if text, is := n.(*ast.BasicLit); is && text.Kind == token.STRING && strings.Contains(text.Value, ":  ") {
					t.Errorf("%s: %s: give it by Cure", path, text.Value)
				}
				return true
			})
			return true
		})
	})
}
