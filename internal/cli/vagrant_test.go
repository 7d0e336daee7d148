package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/app"
	"halab/internal/composefile"
	"halab/internal/vagrant"
)

// fourMachines puts stand-ins for vagrant and ssh before all others: the first
// knows four machines, the second answers for them.
func fourMachines(t *testing.T) (folder string) {
	t.Helper()
	folder, bin := t.TempDir(), t.TempDir()
	var config strings.Builder
	for i, name := range []string{"frontend-01", "frontend-02", "backend-01", "backend-02"} {
		fmt.Fprintf(&config, "Host %s\n  HostName 127.0.0.1\n  User vagrant\n  Port %d\n  IdentityFile /keys/%s\n\n", name, 2200+i, name)
	}
	for name, text := range map[string]string{
		"vagrant": "#!/bin/sh\ncat <<'END'\n" + config.String() + "END\n",
		"ssh": `#!/bin/sh
case "$*" in
*frontend-01*) last=11 ;;
*frontend-02*) last=12 ;;
*backend-01*) last=21 ;;
*) last=22 ;;
esac
echo "1: lo    inet 127.0.0.1/8 scope host lo"
echo "3: eth1    inet 192.168.99.$last/24 brd 192.168.99.255 scope global eth1"
`,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "Vagrantfile"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return folder
}

// What export writes is a lab on four hosts that halab takes, and that knows
// where each node's power is switched.
func TestVagrantExport(t *testing.T) {
	folder := fourMachines(t)
	file := filepath.Join(t.TempDir(), "a $lab.yaml")
	w := newWorld(t)
	export := func(args ...string) result {
		return w.run(append([]string{"vagrant", "export", file, "--directory", folder, "--interface", "lo"}, args...)...)
	}
	r := export("--json")
	var answer app.Exported
	if err := json.Unmarshal([]byte(r.stdout), &answer); r.code != 0 || err != nil {
		t.Fatalf("exit %d, %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	if len(answer.Nodes) != 4 || answer.Nodes[3] != (app.ExportedNode{Name: "backend-02", Endpoint: vagrant.Endpoint("backend-02", file+".ssh"), Interface: "eth1", Address: "192.168.99.22"}) {
		t.Errorf("%+v", answer)
	}
	// What is written for ssh is what an endpoint may bring.
	if e, err := app.Docker(t.Context(), answer.Nodes[0].Endpoint); err != nil {
		t.Error(err)
	} else if err := e.Close(); err != nil {
		t.Error(err)
	}
	p, err := composefile.Load(t.Context(), composefile.Options{Files: []string{file}, Base: "debian12"})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := p.Lab.Node("frontend-01"); !p.Lab.OnHosts() || n.Vagrant != folder || n.Interface != "eth1" || n.Endpoint != vagrant.Endpoint("frontend-01", file+".ssh") {
		t.Errorf("%+v", n)
	}
	config, err := os.ReadFile(file + ".ssh")
	if err != nil || !strings.Contains(string(config), "Host backend-02\n") || !strings.Contains(string(config), "Port 2203\n") {
		t.Errorf("the configuration of ssh: %v\n%s", err, config)
	}
	// Its own file is written anew, anybody else's is not.
	if r := export(); r.code != 0 || !strings.Contains(r.stdout, "halab -f "+file+" up") {
		t.Errorf("again: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	for _, own := range []string{file, file + ".ssh"} {
		before, err := os.ReadFile(own)
		if err != nil {
			t.Fatal(err)
		}
		write := func(text []byte) {
			if err := os.WriteFile(own, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write([]byte("services: {}\n"))
		if r := export(); r.code != exitFailed || !strings.Contains(r.stderr, own+" is there, and halab did not write it") {
			t.Errorf("over somebody's file: exit %d, %s", r.code, r.stderr)
		}
		write(before)
	}
}

func TestVagrantExportRefuses(t *testing.T) {
	folder := fourMachines(t)
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "lab.yaml")
	for _, c := range []struct{ args, want string }{
		{"--directory " + t.TempDir(), "has no Vagrantfile"},
		{"--directory " + folder + " --interface nosuch0", "no such network interface"},
		{"--directory " + folder + " --subnet 203.0.113.0/24", "no interface of this machine has an address of 203.0.113.0/24"},
		{"--directory " + folder + " --subnet 203.0.113.0/24 --interface lo", "has no interface with 203.0.113."},
	} {
		r := w.run(append([]string{"vagrant", "export", file}, strings.Fields(c.args)...)...)
		if _, err := os.Stat(file); r.code != exitFailed || !strings.Contains(r.stderr, c.want) || err == nil {
			t.Errorf("%s: exit %d, want %q; file: %v\n%s", c.args, r.code, c.want, err, r.stderr)
		}
	}
}

// A container has no power to be cut, and that is said.
func TestPoweroffOfAContainer(t *testing.T) {
	w := newWorld(t).up()
	r := w.run("fail", "frontend-01", "node", "--how", "poweroff")
	if r.code != exitFailed || !strings.Contains(r.stderr, "frontend-01 has no power that halab can cut") || !strings.Contains(r.stderr, "--how kill") {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
	for args, want := range map[string]string{
		"fail frontend-01 haproxy --how poweroff":       `no fault "poweroff" for haproxy`,
		"fail frontend-01 node --how poweroff --for 5s": "does not come back by itself",
	} {
		if r := w.run(strings.Fields(args)...); r.code != exitUsage || !strings.Contains(r.stderr, want) {
			t.Errorf("halab %s: exit %d, %s", args, r.code, r.stderr)
		}
	}
}
