package image

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCentOSPackagesOfEveryMachine holds where CentOS 7's archive has the
// packages for a machine: arm64's are below altarch, and signed with its own key.
// The script runs in a folder, with a machine's name and a yum of its own.
func TestCentOSPackagesOfEveryMachine(t *testing.T) {
	script, err := fs.ReadFile(folder(t), "common/install")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ machine, url, keys string }{
		{"x86_64", "http://vault.centos.org/7.9.2009/os/$basearch/", "RPM-GPG-KEY-CentOS-7\n"},
		{"aarch64", "http://vault.centos.org/altarch/7.9.2009/os/$basearch/", "RPM-GPG-KEY-CentOS-7-aarch64\n"},
	} {
		t.Run(c.machine, func(t *testing.T) {
			root := t.TempDir()
			put := func(name, text string) {
				t.Helper()
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			put("etc/yum.repos.d/CentOS-Base.repo", "[old]\n")
			put("etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7", "")
			put("etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7-aarch64", "")
			put("var/cache/yum/x", "")
			put("bin/uname", "#!/bin/sh\necho "+c.machine+"\n")
			put("bin/yum", "#!/bin/sh\n")
			put("bin/rpm", "#!/bin/sh\n")
			for _, tool := range []string{"rm", "dirname", "cat"} {
				path, err := exec.LookPath(tool)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(path, filepath.Join(root, "bin", tool)); err != nil {
					t.Fatal(err)
				}
			}
			moved := strings.NewReplacer(" /etc/", " "+root+"/etc/", "=/etc/", "="+root+"/etc/", ">/etc/", ">"+root+"/etc/", " /var/", " "+root+"/var/").Replace(string(script))
			put("packages", "haproxy-1.5.18\n")
			put("install", moved)
			run := exec.Command("/bin/sh", filepath.Join(root, "install"))
			run.Env = []string{"PATH=" + filepath.Join(root, "bin")}
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			repo, err := os.ReadFile(filepath.Join(root, "etc/yum.repos.d/vault.repo"))
			if err != nil {
				t.Fatal(err)
			}
			if text := string(repo); strings.Count(text, "baseurl=") != 3 || !strings.Contains(text, "baseurl="+c.url+"\n") || strings.Count(text, c.keys) != 3 {
				t.Errorf("yum would read\n%s", text)
			}
			if left, _ := filepath.Glob(filepath.Join(root, "etc/yum.repos.d/*")); len(left) != 1 {
				t.Errorf("repositories: %q", left)
			}
		})
	}
}
