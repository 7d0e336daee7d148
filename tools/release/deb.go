package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // the format that is asked for
	"github.com/goreleaser/nfpm/v2/files"
)

// debianVersion is a version that dpkg takes, which must begin with a digit. A build
// between versions (6f1f5bd) sorts below each that has a number.
func debianVersion(version string) string {
	if m := regexp.MustCompile(`^v?(\d.*)$`).FindStringSubmatch(version); m != nil && regexp.MustCompile(`^v|\.`).MatchString(version) {
		return m[1]
	}
	return "0~git" + version
}

// deb writes the Debian package: the binary, manual pages, completions, what README
// says. An engine is recommended, not demanded: halab works with one elsewhere too.
func (r release) deb(binary, arch, to string) error {
	contents, err := r.contents(binary)
	if err != nil {
		return err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "halab", Arch: arch, Platform: "linux", Version: debianVersion(r.version), VersionSchema: "none",
		Section: "net", Priority: "optional", Maintainer: "halab <halab@localhost>",
		Description: "run HAProxy and keepalived in containers, break them, measure the failover\n" +
			"Reads haproxy.cfg and keepalived.conf, says what is wrong, runs them in a lab\n" +
			"on a Docker Engine, breaks things there and measures what a client loses.",
		MTime: r.at,
		Overridables: nfpm.Overridables{
			Recommends: []string{"docker.io", "mmdebstrap"}, Suggests: []string{"openssh-client"}, Contents: contents,
			Deb: nfpm.Deb{Compression: "xz"},
		},
	})
	packager, err := nfpm.Get("deb")
	if err != nil {
		return err
	}
	var data bytes.Buffer
	if err := packager.Package(info, &data); err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	return os.WriteFile(to, data.Bytes(), 0o644)
}

// contents are the package's files, all with the commit's time.
func (r release) contents(binary string) (files.Contents, error) {
	var all files.Contents
	put := func(from, to string, mode os.FileMode) {
		all = append(all, &files.Content{Source: from, Destination: to,
			FileInfo: &files.ContentFileInfo{Mode: mode, MTime: r.at, Owner: "root", Group: "root"}})
	}
	put(binary, "/usr/bin/halab", 0o755)
	pages, err := filepath.Glob(filepath.Join(r.stage, "man", "*.1"))
	if err != nil || len(pages) == 0 {
		return nil, fmt.Errorf("there are no manual pages in %s: %w", r.stage, err)
	}
	for _, page := range pages {
		zipped, err := zip(page)
		if err != nil {
			return nil, err
		}
		put(zipped, "/usr/share/man/man1/"+filepath.Base(zipped), 0o644)
	}
	for from, to := range map[string]string{
		"halab.bash": "/usr/share/bash-completion/completions/halab",
		"halab.zsh":  "/usr/share/zsh/vendor-completions/_halab",
		"halab.fish": "/usr/share/fish/vendor_completions.d/halab.fish",
	} {
		put(filepath.Join(r.stage, "completion", from), to, 0o644)
	}
	put(filepath.Join(r.stage, "README.md"), "/usr/share/doc/halab/README.md", 0o644)
	for _, c := range all {
		if err := os.Chtimes(c.Source, time.Time{}, r.at); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// zip compresses a page as Debian wants it: best, and without a time or a name.
func zip(page string) (string, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return "", err
	}
	var data bytes.Buffer
	w, err := gzip.NewWriterLevel(&data, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return page + ".gz", os.WriteFile(page+".gz", data.Bytes(), 0o644)
}
