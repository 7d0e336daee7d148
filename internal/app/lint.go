package app

import (
	"errors"
	"os"
	"path/filepath"

	"halab/internal/daemonconf"
	"halab/internal/daemonconf/lint"
	"halab/internal/daemonconf/source"
)

// Lint says what is wrong with the files of HAProxy and keepalived that paths
// name: a folder with a folder for each node, the nodes' folders, or files in
// pairs. It needs no engine.
func Lint(paths []string, versions daemonconf.Versions) (lint.Report, error) {
	var places []daemonconf.Place
	for _, path := range paths {
		one, closing, err := openPlace(path)
		if err != nil {
			return lint.Report{}, Usage("%s can't be read: %v", path, err)
		}
		defer closing()
		places = append(places, one)
	}
	nodes, err := daemonconf.Load(places, versions)
	if err != nil {
		return lint.Report{}, unread(err)
	}
	return lint.Run(nodes), nil
}

// unread makes wrong usage of what is wrong with files that were handed in.
func unread(err error) error {
	var bad *source.Error
	if errors.As(err, &bad) {
		return Usage("%v", bad)
	}
	return err
}

// openPlace opens what a path names. What lies outside of the folder, by way of a
// link, is not read: a pull request's files are not the user's own.
func openPlace(path string) (daemonconf.Place, func(), error) {
	info, err := os.Stat(path)
	if err != nil {
		return daemonconf.Place{}, nil, errors.Unwrap(err)
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return daemonconf.Place{}, nil, err
	}
	dir, name := filepath.Clean(path), "."
	if !info.IsDir() {
		dir, name = filepath.Dir(dir), filepath.Base(dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return daemonconf.Place{}, nil, err
	}
	shown := filepath.ToSlash(dir)
	if shown == "." {
		shown = ""
	}
	return daemonconf.Place{Files: root.FS(), Name: name, Shown: shown, Label: filepath.Base(whole)}, func() { _ = root.Close() }, nil
}
