package halab_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What fits on a few screens is read whole; what is longer is skimmed.
const (
	fileLines        = 300
	functionLines    = 60
	interfaceMethods = 6
	typeMethods      = 25
)

// wide lists the types that may have more methods, how many, and why.
var wide = map[string]struct {
	methods int
	why     string
}{
	"internal/engine/docker.Engine":        {45, "the port: one method a call of the engine"},
	"internal/engine/fleet.Fleet":          {50, "the port once more, spread over hosts"},
	"internal/lab.Lab":                     {60, "up, down, look, watch, ask: all on one engine and one name"},
	"internal/app.Session":                 {40, "one method a use case, and what they share"},
	"internal/drill.Drill":                 {35, "the steps of a run, one method each"},
	"internal/outage.view":                 {55, "the questions that are asked of one recording"},
	"internal/composefile.builder":         {50, "one walk over a project: containers, networks, volumes, roles, and what each must be"},
	"internal/composefile.loader":          {35, "from text to project, and every stage adds to the same findings"},
	"internal/daemonconf/adapt.world":      {60, "one method a thing that files need around them"},
	"internal/daemonconf/forecast.Cluster": {35, "one method a fault that is reckoned, and what they ask of the cluster"},
	"internal/fault.Injector":              {30, "one method a fault of the engine, and its undo"},
}

// What is too large is found here, and not by the next reader.
func TestSizes(t *testing.T) {
	t.Parallel()
	h := house{methods: map[string]int{}, faces: map[string]face{}}
	sources(t, func(name string, file *ast.File) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > fileLines {
			t.Errorf("%s has %d lines, %d at most: split it by what its parts are about", name, n, fileLines)
		}
		h.add(name, file)
		for _, d := range file.Decls {
			f, is := d.(*ast.FuncDecl)
			if !is {
				continue
			}
			from, to := f.Pos()-file.FileStart, f.End()-file.FileStart
			if n := 1 + bytes.Count(text[from:to], []byte("\n")); n > functionLines {
				t.Errorf("%s: %s has %d lines, %d at most", name, f.Name.Name, n, functionLines)
			}
		}
	})
	h.checkTypes(t)
	h.checkInterfaces(t, portMethods(t))
}

// house is what the program's source declares, by "folder.Type".
type house struct {
	methods map[string]int
	faces   map[string]face
}

// face is an interface as it is written: its own methods, and what it embeds.
type face struct {
	methods, embeds []string
}

func (h house) add(name string, file *ast.File) {
	folder := path.Dir(name)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil && !isCommand(d) {
				h.methods[folder+"."+receiver(d)]++
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, is := s.(*ast.TypeSpec); is {
					if i, is := s.Type.(*ast.InterfaceType); is {
						h.faces[folder+"."+s.Name.Name] = faceOf(i, folder, file)
					}
				}
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	of := f.Recv.List[0].Type
	if p, is := of.(*ast.StarExpr); is {
		of = p.X
	}
	if g, is := of.(*ast.IndexExpr); is {
		of = g.X
	}
	name, _ := of.(*ast.Ident)
	return name.Name
}

// isCommand: cli.program has two methods for each command, its spec and its run.
// Twice as many commands make it no harder to read, so only the others count.
func isCommand(f *ast.FuncDecl) bool {
	if receiver(f) != "program" {
		return false
	}
	if strings.HasSuffix(f.Name.Name, "Spec") {
		return true
	}
	in := f.Type.Params.List
	if len(in) != 2 {
		return false
	}
	p, is := in[1].Type.(*ast.StarExpr)
	if !is {
		return false
	}
	name, is := p.X.(*ast.Ident)
	context, _ := in[0].Type.(*ast.SelectorExpr)
	return is && name.Name == "input" && context != nil && f.Type.Results.NumFields() == 1
}

// faceOf names what is embedded by folder too: lab.Waiter, where "halab/internal/lab"
// is imported, is "internal/lab.Waiter".
func faceOf(i *ast.InterfaceType, folder string, file *ast.File) face {
	var f face
	for _, m := range i.Methods.List {
		for _, n := range m.Names {
			f.methods = append(f.methods, n.Name)
		}
		switch e := m.Type.(type) {
		case *ast.Ident:
			f.embeds = append(f.embeds, folder+"."+e.Name)
		case *ast.SelectorExpr:
			of, _ := e.X.(*ast.Ident)
			from := of.Name
			for _, i := range file.Imports {
				if p, _ := strconv.Unquote(i.Path.Value); path.Base(p) == of.Name {
					from = strings.TrimPrefix(p, "halab/")
				}
			}
			f.embeds = append(f.embeds, from+"."+e.Sel.Name)
		}
	}
	return f
}

// library lists the interfaces of the standard library that ours embed.
var library = map[string][]string{
	"io.ReadWriteCloser": {"Read", "Write", "Close"},
}

// all are the methods that somebody must write who implements it, once each.
func (h house) all(t *testing.T, name string) map[string]bool {
	t.Helper()
	set := map[string]bool{}
	f, ours := h.faces[name]
	for _, m := range append(slices.Clone(f.methods), library[name]...) {
		set[m] = true
	}
	if !ours && library[name] == nil {
		t.Errorf("an interface embeds %s: list its methods in sizes_test.go", name)
	}
	for _, e := range f.embeds {
		maps.Copy(set, h.all(t, e))
	}
	return set
}

// portMethods are the methods of an engine, which has one for each of its calls.
func portMethods(t *testing.T) map[string]bool {
	t.Helper()
	const folder = "internal/engine/enginetest"
	file, err := parser.ParseFile(token.NewFileSet(), folder+"/subject.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	port := house{methods: map[string]int{}, faces: map[string]face{}}
	port.add(folder+"/subject.go", file)
	return port.all(t, folder+".Subject")
}

func (h house) checkInterfaces(t *testing.T, port map[string]bool) {
	t.Helper()
	for name, f := range h.faces {
		if len(f.methods) > interfaceMethods {
			t.Errorf("%s declares %d methods, %d at most: a consumer asks for what it uses", name, len(f.methods), interfaceMethods)
		}
		all := h.all(t, name)
		maps.DeleteFunc(all, func(m string, _ bool) bool { return port[m] })
		if len(all) > interfaceMethods {
			t.Errorf("%s has %d methods with what it embeds, not counting an engine's, %d at most: %v",
				name, len(all), interfaceMethods, slices.Sorted(maps.Keys(all)))
		}
	}
}

func (h house) checkTypes(t *testing.T) {
	t.Helper()
	for name, n := range h.methods {
		if most := max(typeMethods, wide[name].methods); n > most {
			t.Errorf("%s has %d methods, %d at most: what does not need all of it is a function, or a type of its own", name, n, most)
		}
	}
	for name, w := range wide {
		if n := h.methods[name]; n <= typeMethods || n <= w.methods-10 {
			t.Errorf("%s has %d methods by now: its exception for %d (%s) can be less", name, n, w.methods, w.why)
		}
	}
}
