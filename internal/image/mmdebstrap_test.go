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

	"halab/internal/base"
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
	err := mmdebstrap(t.Context(), named(t, base.Debian12), []string{"path-exclude=/x/*"}, &out, func(line string) { said = append(said, line) })
	if err != nil || !slices.Equal(said, []string{"I: working"}) {
		t.Errorf("said %q, %v", said, err)
	}
	want := strings.Join(bootstrapArgs(named(t, base.Debian12).Boot, []string{"path-exclude=/x/*"}), "\n") + "\n"
	if out.String() != want || !strings.Contains(want, "--dpkgopt=path-exclude=/x/*\nbookworm\n-\n") {
		t.Errorf("wrote %q, want %q", &out, want)
	}
}

func TestMmdebstrapFails(t *testing.T) {
	tool(t, `for n in $(seq 30); do echo "W: line $n" >&2; done; echo "E: no mirror" >&2; exit 25`)
	err := mmdebstrap(t.Context(), named(t, base.Debian12), nil, &bytes.Buffer{}, nil)
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
	err := mmdebstrap(t.Context(), named(t, base.Debian12), nil, &bytes.Buffer{}, nil)
	if text := problem.Of(err).Text(); !strings.Contains(text, "apt-get install mmdebstrap") || !strings.Contains(text, "HALAB_ROOTFS") {
		t.Errorf("error is %v", err)
	}
}

// A tool that is asked to end gets the time to clean up.
func TestMmdebstrapStops(t *testing.T) {
	folder := tool(t, `trap 'touch "$0.clean"; exit 1' TERM; echo ready >&2; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	err := mmdebstrap(ctx, named(t, base.Debian12), nil, &bytes.Buffer{}, func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "mmdebstrap.clean")); err != nil {
		t.Errorf("it did not clean up: %v", err)
	}
}

// The bases before and after Debian 12 are made in ways of their own.
func TestBootstrapArgs(t *testing.T) {
	for id, want := range map[string]string{
		"debian11":  "--variant=minbase --format=tar --include=libssl1.1 bullseye -",
		"debian13":  "--variant=minbase --format=tar --hook-dir=" + mergedUsr + " --include=usr-is-merged,libssl3t64 trixie -",
		"debiansid": "--variant=minbase --format=tar --hook-dir=" + mergedUsr + ` --include=usr-is-merged,libssl3t64 --aptopt=Acquire::Check-Valid-Until "false" sid -`,
	} {
		if got := strings.Join(bootstrapArgs(named(t, id).Boot, nil), " "); got != want {
			t.Errorf("%s is made by\n%s, want\n%s", id, got, want)
		}
	}
}
