package render

import (
	"fmt"
	"regexp"
	"strconv"

	"halab/internal/base"
)

// Version is a daemon's version.
type Version struct{ Major, Minor, Patch int }

// String writes the version as the daemons do.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// AtLeast says whether v is major.minor or later.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// The first dotted number in `haproxy -v` ("HA-Proxy version 1.5.18 2016/05/10",
// "HAProxy version 2.6.12-1+deb12u4 …") and in `keepalived -v` ("Keepalived
// v2.2.7 (01/16,2022)"). keepalived writes it to standard error.
const versionPattern = `(?i)(?:version |keepalived v)(\d+)\.(\d+)(?:\.(\d+))?`

// ParseVersion finds the version in what `haproxy -v` or `keepalived -v` print.
func ParseVersion(output string) (Version, error) {
	m := regexp.MustCompile(versionPattern).FindStringSubmatch(output)
	if m == nil {
		return Version{}, fmt.Errorf("no version in the daemon's answer to -v: %.80q", output)
	}
	var v Version
	for i, field := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil {
			return Version{}, fmt.Errorf("version %q: %w", m[0], err)
		}
		*field = n
	}
	return v, nil
}

// Versions tells which HAProxy and which keepalived the images of a base have:
// those of the distribution's own packages.
func Versions(id string) (haproxy, keepalived Version, err error) {
	of, err := base.Named(id)
	if err != nil {
		return Version{}, Version{}, err
	}
	if haproxy, err = ParseVersion("version " + of.HAProxy); err != nil {
		return Version{}, Version{}, err
	}
	keepalived, err = ParseVersion("version " + of.Keepalived)
	return haproxy, keepalived, err
}
