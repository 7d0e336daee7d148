package image

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"halab"
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

// Both families of an image look the same from outside.
func TestDockerfilesAgree(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			debian := instructions(t, folder(t), name+"/Dockerfile."+Debian12)
			centos := instructions(t, folder(t), name+"/Dockerfile."+CentOS7)
			for _, word := range []string{"ENTRYPOINT", "CMD", "EXPOSE", "USER", "LABEL", "STOPSIGNAL", "WORKDIR", "ENV", "VOLUME"} {
				if !slices.Equal(debian[word], centos[word]) {
					t.Errorf("%s differs: %q and %q", word, debian[word], centos[word])
				}
			}
			for _, d := range []map[string][]string{debian, centos} {
				if len(d["ENTRYPOINT"]) != 1 || !strings.HasPrefix(d["ENTRYPOINT"][0], `["`) {
					t.Errorf("ENTRYPOINT is %q, not one list of words", d["ENTRYPOINT"])
				}
				if !slices.Equal(d["LABEL"], []string{LabelImage + "=" + name}) {
					t.Errorf("LABEL is %q", d["LABEL"])
				}
				if !slices.Equal(d["FROM"], []string{"${BASE}"}) {
					t.Errorf("FROM is %q, not ${BASE}", d["FROM"])
				}
			}
			if !slices.Equal(centos["ARG"], []string{"BASE=" + centosRef}) {
				t.Errorf("ARG of CentOS 7 is %q", centos["ARG"])
			}
			if !slices.Equal(debian["ARG"], []string{"BASE=" + debians()[0]}) {
				t.Errorf("ARG of Debian 12 is %q", debian["ARG"])
			}
		})
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
		for _, base := range []string{CentOS7, Debian12} {
			path := name + "/Dockerfile." + base
			text, err := fs.ReadFile(folder(t), path)
			if err != nil {
				t.Fatal(err)
			}
			for what, pattern := range avoid {
				if pattern.Match(text) {
					t.Errorf("%s has %s", path, what)
				}
			}
			if !strings.Contains(string(text), "RUN sh /usr/local/lib/halab/install ") {
				t.Errorf("%s does not install by the common script", path)
			}
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			carries := strings.Contains(string(text), "/usr/local/bin/halab")
			if last := lines[len(lines)-1]; carries && last != "COPY halab /usr/local/bin/halab" {
				t.Errorf("%s ends with %q: the binary changes most often, so it comes last", path, last)
			}
		}
	}
}

func TestCentOSPackages(t *testing.T) {
	want := map[string][]string{
		"node":       {"curl", "iproute", "nftables", "procps-ng", "tcpdump"},
		"app":        {"python3", "python3-pip"},
		"haproxy":    {"haproxy-1.5.18"},
		"keepalived": {"keepalived-1.3.5", "procps-ng"},
	}
	for name, packages := range want {
		run := instructions(t, folder(t), name+"/Dockerfile."+CentOS7)["RUN"]
		if len(run) != 1 {
			t.Fatalf("%s has %d RUN instructions", name, len(run))
		}
		first, _, _ := strings.Cut(run[0], " && ")
		if got := strings.Fields(first)[2:]; !slices.Equal(got, packages) {
			t.Errorf("%s installs %q, want %q", name, got, packages)
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
	pins, err := fs.ReadFile(folder(t), "app/requirements.centos7")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^gunicorn==20\.1\.0 --hash=sha256:[0-9a-f]{64}$`).Match(pins) {
		t.Errorf("gunicorn is not pinned: %q", pins)
	}
}
