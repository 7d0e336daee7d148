package image

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"halab/internal/problem"
)

// tool puts a shell script named mmdebstrap in front of everything else.
func tool(t *testing.T, script string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "mmdebstrap"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	return folder
}

func TestMmdebstrap(t *testing.T) {
	tool(t, `echo "I: working" >&2; printf '%s\n' "$@"`)
	var out bytes.Buffer
	var said []string
	err := mmdebstrap(t.Context(), []string{"path-exclude=/x/*"}, &out, func(line string) { said = append(said, line) })
	if err != nil || !slices.Equal(said, []string{"I: working"}) {
		t.Errorf("said %q, %v", said, err)
	}
	want := strings.Join(bootstrapArgs([]string{"path-exclude=/x/*"}), "\n") + "\n"
	if out.String() != want || !strings.Contains(want, "--dpkgopt=path-exclude=/x/*\nbookworm\n-\n") {
		t.Errorf("wrote %q, want %q", &out, want)
	}
}

func TestMmdebstrapFails(t *testing.T) {
	tool(t, `for n in $(seq 30); do echo "W: line $n" >&2; done; echo "E: no mirror" >&2; exit 25`)
	err := mmdebstrap(t.Context(), nil, &bytes.Buffer{}, nil)
	for _, want := range []string{"exit status 25", "W: line 30\n  E: no mirror\n", "mirrors"} {
		if !strings.Contains(problem.Of(err).Text(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "line 5\n") {
		t.Errorf("the error repeats too much: %v", err)
	}
}

func TestMmdebstrapIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := mmdebstrap(t.Context(), nil, &bytes.Buffer{}, nil)
	if text := problem.Of(err).Text(); !strings.Contains(text, "apt-get install mmdebstrap") || !strings.Contains(text, "HALAB_ROOTFS") {
		t.Errorf("error is %v", err)
	}
}

// A tool that is asked to end gets the time to clean up.
func TestMmdebstrapStops(t *testing.T) {
	folder := tool(t, `trap 'touch "$0.clean"; exit 1' TERM; echo ready >&2; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	err := mmdebstrap(ctx, nil, &bytes.Buffer{}, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "mmdebstrap.clean")); err != nil {
		t.Errorf("it did not clean up: %v", err)
	}
}
