package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"halab/internal/engine"
	"halab/internal/engine/enginetest/puppet"
)

// puppetPath is where the puppet is in its image.
const puppetPath = "/puppet"

// NewPuppets makes an engine in memory whose containers and execs run the
// puppet where their command says so, as they do from the puppet's image.
func NewPuppets() *Engine {
	e := New()
	e.Hooks.Program = func(spec engine.ContainerSpec) Program {
		return asPuppet(append(append([]string{}, spec.Entrypoint...), spec.Command...))
	}
	e.Hooks.Exec = func(_ engine.Container, spec engine.ExecSpec) Program {
		return asPuppet(spec.Command)
	}
	return e
}

func asPuppet(command []string) Program {
	if len(command) == 0 || command[0] != puppetPath {
		return nil
	}
	return func(ctx context.Context, p Process) int {
		return puppet.Run(ctx, puppet.Process{
			Args: command[1:], Env: p.Env,
			Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr, Signals: p.Signals,
		})
	}
}

// PuppetTar builds the puppet and returns its image's only layer. It needs the
// Go tools.
func PuppetTar(t testing.TB) []byte {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "puppet")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", binary, "halab/internal/engine/enginetest/cmd/puppet")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the puppet: %v\n%s", err, out)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return tarOf(t, puppetPath[1:], program)
}

// tarOf makes a tar stream of one file.
func tarOf(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	const executable = 0o755
	header := &tar.Header{Name: name, Mode: executable, Size: int64(len(data)), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
