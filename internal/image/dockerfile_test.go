package image

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"halab"
	"halab/internal/base"
)

// instructions maps each instruction of a Dockerfile to its arguments, with
// continued lines joined.
func instructions(t *testing.T, folder fs.FS, name string) map[string][]string {
	t.Helper()
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word != "" && !strings.HasPrefix(word, "#") {
			found[word] = append(found[word], strings.Join(strings.Fields(rest), " "))
		}
	}
	return found
}

func folder(t *testing.T) fs.FS {
	t.Helper()
	f, err := fs.Sub(halab.Files, "images")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// An image looks the same from outside on each base, and is built by halab as it
// is by hand.
func TestDockerfiles(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d := instructions(t, folder(t), name+"/Dockerfile")
			if len(d["ENTRYPOINT"]) != 1 || !strings.HasPrefix(d["ENTRYPOINT"][0], `["`) {
				t.Errorf("ENTRYPOINT is %q, not one list of words", d["ENTRYPOINT"])
			}
			if !slices.Equal(d["LABEL"], []string{LabelImage + "=" + name}) {
				t.Errorf("LABEL is %q", d["LABEL"])
			}
			if !slices.Equal(d["FROM"], []string{"${BASE}"}) {
				t.Errorf("FROM is %q, not ${BASE}", d["FROM"])
			}
			debian := named(t, base.Debian12)
			if want := []string{"BASE=" + debian.Public[0], listsArg + "=" + debian.Lists}; !slices.Equal(d["ARG"], want) {
				t.Errorf("ARG is %q, want %q", d["ARG"], want)
			}
		})
	}
}

// Each base has a list of packages for each image.
func TestLists(t *testing.T) {
	for _, of := range base.All() {
		for _, name := range Names() {
			text, err := fs.ReadFile(folder(t), name+"/"+of.Lists+"/packages")
			if err != nil || len(strings.Fields(string(text))) == 0 {
				t.Errorf("%s on %s installs %q, %v", name, of.ID, text, err)
			}
		}
		all, err := Images(folder(t), of, "base", binary("halab"))
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			if !slices.Contains(i.Files(), i.Name+"/"+of.Lists+"/packages") || i.Base != of.ID {
				t.Errorf("%s of %s has %q", i.Ref(), of.ID, i.Files())
			}
		}
	}
}

// What neither the classic builder nor a reproducible image can do with.
func TestDockerfilesAvoid(t *testing.T) {
	avoid := map[string]*regexp.Regexp{
		"a moving tag":            regexp.MustCompile(`:latest`),
		"a mount (BuildKit only)": regexp.MustCompile(`--mount|# *syntax`),
		"a heredoc":               regexp.MustCompile(`<<`),
		"a download":              regexp.MustCompile(`(?m)^ADD |wget |curl -`),
		"packages by another way": regexp.MustCompile(`apt-get|yum |apt `),
	}
	for _, name := range Names() {
		path := name + "/Dockerfile"
		text, err := fs.ReadFile(folder(t), path)
		if err != nil {
			t.Fatal(err)
		}
		for what, pattern := range avoid {
			if pattern.Match(text) {
				t.Errorf("%s has %s", path, what)
			}
		}
		if !strings.Contains(string(text), "RUN sh /usr/local/lib/halab/install") {
			t.Errorf("%s does not install by the common script", path)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		carries := strings.Contains(string(text), "/usr/local/bin/halab")
		if last := lines[len(lines)-1]; carries && last != "COPY halab /usr/local/bin/halab" {
			t.Errorf("%s ends with %q: the binary changes most often, so it comes last", path, last)
		}
	}
}

func TestCentOSPackages(t *testing.T) {
	want := map[string][]string{
		"node":       {"curl", "iproute", "nftables", "procps-ng", "tcpdump"},
		"app":        {"python3", "python3-pip"},
		"haproxy":    {"haproxy-1.5.18"},
		"keepalived": {"curl", "iproute", "keepalived-1.3.5", "nmap-ncat", "procps-ng", "psmisc", "socat"},
	}
	for name, packages := range want {
		list, err := fs.ReadFile(folder(t), name+"/centos7/packages")
		if got := strings.Fields(string(list)); err != nil || !slices.Equal(got, packages) {
			t.Errorf("%s installs %q, %v, want %q", name, got, err, packages)
		}
	}
	script, err := fs.ReadFile(folder(t), "common/install")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"rm -f /etc/yum.repos.d/*.repo", "http://vault.centos.org/7.9.2009",
		"for part in os updates extras", "gpgcheck=1", `rpm -q "$@"`, "tsflags=nodocs",
	} {
		if !strings.Contains(string(script), part) {
			t.Errorf("the install script has no %q", part)
		}
	}
	pins, err := fs.ReadFile(folder(t), "app/centos7/requirements")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^gunicorn==20\.1\.0 --hash=sha256:[0-9a-f]{64}$`).Match(pins) {
		t.Errorf("gunicorn is not pinned: %q", pins)
	}
}
