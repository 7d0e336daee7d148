package app

import (
	"io"
	"net/url"
	"os"
	"path/filepath"

	"halab/internal/report"
)

// failedBuild is the file that remembers which build failed on an engine; empty
// where the user has no folder for such.
type failedBuild string

// failedBuild is the file for an engine, in the user's cache.
func (w World) failedBuild(host string) failedBuild {
	cache := w.Env("XDG_CACHE_HOME")
	if cache == "" && w.Env("HOME") != "" {
		cache = filepath.Join(w.Env("HOME"), ".cache")
	}
	if cache == "" {
		return ""
	}
	if host == "" {
		host = w.Env("DOCKER_HOST")
	}
	return failedBuild(filepath.Join(cache, "halab", "failed-build-"+url.PathEscape(host)+".json"))
}

// Keep writes the note; where it can't, the next up tries the build again.
func (f failedBuild) Keep(note []byte) {
	if f == "" || os.MkdirAll(filepath.Dir(string(f)), 0o700) != nil {
		return
	}
	_ = report.WriteFile(string(f), func(w io.Writer) error {
		_, err := w.Write(note)
		return err
	})
}

// Recall reads it.
func (f failedBuild) Recall() []byte {
	note, err := os.ReadFile(string(f))
	if err != nil {
		return nil
	}
	return note
}
