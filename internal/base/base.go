// Package base is the table of what a lab's images can stand on. Each row is a
// release of a distribution whose daemons differ from those of the others; one
// more is a row here and, where its packages have other names, a folder of lists
// under images/.
package base

import (
	"fmt"
	"slices"
	"strings"
)

// Auto is no row: it asks for the best base that works.
const Auto = "auto"

// The rows that something is decided by: CentOS 7 is what Auto prefers, and
// Debian 12 what it goes on with.
const (
	CentOS7  = "centos7"
	Debian12 = "debian12"
)

// Base is a row of the table.
type Base struct {
	ID    string // centos7: in flags, labels and tags
	Title string // CentOS 7: in sentences
	// HAProxy and Keepalived are the versions of the distribution's own packages.
	HAProxy, Keepalived string
	// Public lists the public images that serve, best first; the first one is
	// pulled where none is here.
	Public []string
	// Lists is the folder of each image that has what it installs: debian is
	// images/haproxy/debian for HAProxy.
	Lists string
	Boot  Boot
}

// Boot says how mmdebstrap makes a root file system. It is empty where it can't.
type Boot struct {
	Suite string // bookworm
	// Library is OpenSSL's, the one that all images need.
	Library string
	// Merged has /bin and /lib put under /usr from the start: a package that does
	// it later brings all of Perl along. Debian 11 never does it later, and its
	// usrmerge is too old for mmdebstrap's hook.
	Merged bool
	// Undated leaves out whether the mirror's release file is past its date. That
	// of sid holds for a week, and a mirror may be older. It is signed all the same.
	Undated bool
}

// All lists the bases, oldest first.
func All() []Base {
	return []Base{
		{ID: CentOS7, Title: "CentOS 7", HAProxy: "1.5.18", Keepalived: "1.3.5",
			Public: []string{"centos:7"}, Lists: "centos7"},
		{ID: "debian11", Title: "Debian 11", HAProxy: "2.2.9", Keepalived: "2.1.5", Public: debian("bullseye", "11"), Lists: "debian",
			Boot: Boot{Suite: "bullseye", Library: "libssl1.1"}},
		{ID: Debian12, Title: "Debian 12", HAProxy: "2.6.12", Keepalived: "2.2.7", Public: debian("bookworm", "12"), Lists: "debian",
			Boot: Boot{Suite: "bookworm", Library: "libssl3", Merged: true}},
		{ID: "debian13", Title: "Debian 13", HAProxy: "3.0.11", Keepalived: "2.3.3", Public: debian("trixie", "13"), Lists: "debian",
			Boot: Boot{Suite: "trixie", Library: "libssl3t64", Merged: true}},
		{ID: "debiansid", Title: "Debian sid", HAProxy: "3.2.26", Keepalived: "2.3.4", Public: []string{"debian:sid-slim", "debian:sid"}, Lists: "debian",
			Boot: Boot{Suite: "sid", Library: "libssl3t64", Merged: true, Undated: true}},
	}
}

func debian(suite, number string) []string {
	return []string{"debian:" + suite + "-slim", "debian:" + number + "-slim", "debian:" + suite, "debian:" + number}
}

// IDs lists the bases by name.
func IDs() []string {
	var all []string
	for _, b := range All() {
		all = append(all, b.ID)
	}
	return all
}

// Values lists what may be asked for: Auto, and each base.
func Values() []string { return append([]string{Auto}, IDs()...) }

// Named is the base of that name.
func Named(id string) (Base, error) {
	all := All()
	if i := slices.IndexFunc(all, func(b Base) bool { return b.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Base{}, fmt.Errorf("there is no base %q: take one of %s", id, strings.Join(Values(), ", "))
}
