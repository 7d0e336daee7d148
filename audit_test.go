package halab_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// starters are the functions that start another program, and who may call them
// (docs/security.md says what each starts). None of them is a shell's business:
// arguments travel as a list.
func starters() map[string][]string {
	return map[string][]string{
		"exec.Command": {
			"internal/agent/fault/burn.go", // this binary
			"internal/agent/haproxy.go",    // HAProxy
			"internal/cli/failend.go",      // this binary
		},
		"exec.CommandContext": {
			"internal/agent/check.go",      // inside a node: a check that keepalived there runs
			"internal/agent/daemon.go",     // HAProxy and keepalived, to check and to tell their version
			"internal/image/mmdebstrap.go", // mmdebstrap
			"internal/vagrant/",            // vagrant, and ssh to its machines
			"internal/imports/ssh.go",      // ssh
		},
		"unix.Exec":       {"internal/agent/keepalived.go"}, // keepalived
		"syscall.Exec":    nil,
		"os.StartProcess": nil,
	}
}

// writers are the functions that make or change files, and who may call them.
// On the user's machine that is one place, which follows no link.
func writers() map[string][]string {
	agent := []string{
		"internal/agent/", // in a container, in its own memory disks
	}
	return map[string][]string{
		"os.WriteFile": agent, "os.Create": agent, "os.OpenFile": agent, "os.CreateTemp": agent,
		"os.MkdirAll": append(agent, "internal/report/pictures.go", // the folder that was given
			"internal/app/vagrant.go",      // the user's own cache, for ssh's sockets
			"internal/app/failedbuild.go"), // and for a note of a build that failed
		"os.Rename": agent, "os.Mkdir": agent, "os.Symlink": nil, "os.Link": nil, "os.Truncate": nil, "os.Chmod": {"internal/agent/own/", "internal/agent/ownorders.go"},
		"os.MkdirTemp": nil, "os.OpenRoot": {"internal/report/file.go",
			"internal/imports/write.go", // a new folder, and nothing outside
			"internal/app/lint.go"},     // to read, and nothing outside
	}
}

// sources parses the program's own source, file by file.
func sources(t *testing.T, see func(path string, file *ast.File)) {
	t.Helper()
	for _, top := range []string{"cmd", "internal", "embed.go"} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "enginetest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				see(filepath.ToSlash(path), file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// called is "package.Function" of a call, or "".
func called(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	of, ok := f.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return of.Name + "." + f.Sel.Name
}

// allowed says whether a file is in a list of files and folders.
func allowed(file string, list []string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		return a == file || strings.HasSuffix(a, "/") && strings.HasPrefix(file, a)
	})
}

// No program is started but those that are known, and no file is written on the
// user's machine but by the one function that follows no link.
func TestWhoStartsProgramsAndWritesFiles(t *testing.T) {
	seen := 0
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			name := called(n)
			for what, list := range map[string]map[string][]string{"starts a program": starters(), "makes or changes a file": writers()} {
				files, watched := list[name]
				if !watched {
					continue
				}
				seen++
				if !allowed(path, files) {
					t.Errorf("%s %s by %s: only %v may; see docs/security.md", path, what, name, files)
				}
			}
			return true
		})
	})
	if seen < 10 {
		t.Errorf("the test found %d calls: it looks in the wrong place", seen)
	}
}

// A word that the user gave is never a shell's to read: halab names no shell, on
// this machine or in a container, but the one that `halab shell` opens, which
// gets no command, those that there are completions for, and the one in a node that
// keepalived 1.3.5 itself gives its file's checks to.
func TestNoShellGetsACommand(t *testing.T) {
	named := 0
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text := strings.Trim(literal.Value, "`\"")
			// A cure that lint shows is a line of the user's own file.
			if strings.Contains(text, "sh -c") && path != "internal/daemonconf/lint/check.go" {
				t.Errorf("%s gives a shell a command: %s", path, literal.Value)
			}
			if !slices.Contains([]string{"sh", "bash", "dash", "ash", "/bin/sh", "/bin/bash", "/usr/bin/env"}, text) {
				return true
			}
			named++
			if path != "internal/cli/shell.go" && path != "internal/cli/complete.go" && path != "internal/agent/check.go" {
				t.Errorf("%s names the shell %s", path, literal.Value)
			}
			return true
		})
	})
	if named != 3 {
		t.Errorf("shells are named %d times; the test knows of three", named)
	}
}
