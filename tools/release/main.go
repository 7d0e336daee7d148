// Command release turns binaries of halab, its manual pages and its completions into
// what is handed on: the binaries by name, a Debian package and a bill of materials
// for each architecture, and the checksums of all. `make release` calls it.
//
// The same commit gives the same bytes, wherever and whenever it is built: times are
// that of the commit, and nothing of this machine goes in.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// release is one version of halab in the making.
type release struct {
	version string
	at      time.Time // of the commit
	stage   string    // what was built: halab-amd64, man/halab.1, completion/halab.bash
	out     string
}

func main() {
	r := release{}
	flag.StringVar(&r.version, "version", "", "the version, such as 1.2.0, or a commit")
	flag.StringVar(&r.stage, "stage", "", "the folder with what was built")
	flag.StringVar(&r.out, "out", "", "the folder that gets the files")
	epoch := flag.Int64("epoch", 0, "the commit's time, in seconds since 1970")
	flag.Parse()
	r.at = time.Unix(*epoch, 0).UTC()
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// make makes all files.
func (r release) make() error {
	if r.version == "" || r.stage == "" || r.out == "" || r.at.Unix() == 0 {
		return errors.New("-version, -stage, -out and -epoch are all needed (see scripts/release)")
	}
	binaries, err := filepath.Glob(filepath.Join(r.stage, "halab-*"))
	if err != nil || len(binaries) == 0 {
		return fmt.Errorf("there is no binary in %s: %w", r.stage, err)
	}
	var made []string
	for _, binary := range binaries {
		arch := strings.TrimPrefix(filepath.Base(binary), "halab-")
		name := fmt.Sprintf("halab-%s-linux-%s", r.version, arch)
		if err := copyFile(binary, filepath.Join(r.out, name)); err != nil {
			return err
		}
		if err := r.bill(binary, filepath.Join(r.out, name+".cdx.json")); err != nil {
			return err
		}
		deb := fmt.Sprintf("halab_%s_%s.deb", debianVersion(r.version), arch)
		if err := r.deb(binary, arch, filepath.Join(r.out, deb)); err != nil {
			return err
		}
		made = append(made, name, name+".cdx.json", deb)
	}
	return r.sums(made)
}

// sums writes SHA256SUMS, as `sha256sum -c` reads it.
func (r release) sums(names []string) error {
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		f, err := os.Open(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", h.Sum(nil), name)
	}
	fmt.Print(text.String())
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(text.String()), 0o644)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
