package vagrant

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/problem"
)

func TestMachineState(t *testing.T) {
	const said = `1700000000,frontend-01,metadata,provider,libvirt
1700000000,frontend-01,provider-name,libvirt
1700000000,frontend-01,state,shutoff
1700000000,frontend-01,state-human-short,shutoff
1700000000,,ui,info,Current machine states:
`
	for machine, want := range map[string]string{"frontend-01": "shutoff", "frontend-02": "", "": ""} {
		if got := machineState(said, machine); got != want {
			t.Errorf("%q is %q, want %q", machine, got, want)
		}
	}
}

func TestInterfaceOf(t *testing.T) {
	const said = `1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
2: eth0    inet 192.168.121.15/24 metric 1024 brd 192.168.121.255 scope global dynamic eth0\       valid_lft 3000sec preferred_lft 3000sec
3: eth1@if7    inet 192.168.99.11/24 brd 192.168.99.255 scope global eth1\       valid_lft forever preferred_lft forever
3: eth1@if7    inet 192.168.99.10/24 scope global secondary eth1\       valid_lft forever preferred_lft forever
`
	for address, want := range map[string]string{"192.168.99.11": "eth1", "192.168.121.15": "eth0", "192.168.99.12": ""} {
		if got := interfaceOf(said, netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is on %q, want %q", address, got, want)
		}
	}
}

// script puts a command called vagrant before all others, which writes down how
// it was called.
func script(t *testing.T, body string) (folder Folder, calls func() string) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	text := "#!/bin/sh\necho \"$PWD $* $HALAB_POWEROFF\" >>" + log + "\n" + body
	if err := os.WriteFile(filepath.Join(bin, Command), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	folder = Folder(t.TempDir())
	return folder, func() string {
		said, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(said), string(folder), "DIR")
	}
}

// A machine is switched on only when it is off, and the power is cut by force.
func TestOnAndOff(t *testing.T) {
	folder, calls := script(t, `case "$*" in
status*b) echo 1,b,state,poweroff ;;
status*a) echo 1,a,state,running ;;
status*) echo 1,c,state,not_created ;;
esac
`)
	for machine, was := range map[string]bool{"a": false, "b": true} {
		if off, err := folder.On(t.Context(), machine); off != was || err != nil {
			t.Errorf("%s was off: %v, %v; want %v", machine, off, err, was)
		}
	}
	if _, err := folder.On(t.Context(), "c"); !strings.Contains(problem.Of(err).Text(), "vagrant up c") {
		t.Errorf("a machine that is not there: %v", err)
	}
	if err := folder.Off(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	said := calls()
	for _, want := range []string{"DIR up --no-provision b \n", "DIR halt --force a 1\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in\n%s", want, said)
		}
	}
	if strings.Contains(said, "up --no-provision a") {
		t.Errorf("a machine that runs was switched on:\n%s", said)
	}
}

// What vagrant says when it fails is said, with the place.
func TestFailure(t *testing.T) {
	folder, _ := script(t, "echo 'The machine is locked' >&2\nexit 1\n")
	err := folder.Off(t.Context(), "a")
	if err == nil || !strings.Contains(err.Error(), "The machine is locked") || !strings.Contains(err.Error(), "vagrant halt --force a in "+string(folder)) {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", "")
	if _, err := folder.SSHHosts(t.Context()); err == nil || !strings.Contains(err.Error(), "no command vagrant") {
		t.Errorf("without vagrant: %v", err)
	}
}
