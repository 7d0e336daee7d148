package e2e

import (
	"os"
	"strings"
	"testing"
	"time"
)

// surroundings are what looks like a part of the lab and is none.
type surroundings struct {
	t     *testing.T
	lab   *Lab
	image string
}

// container runs a look-alike with those labels.
func (s surroundings) container(name string, labels ...string) {
	s.t.Helper()
	args := []string{"run", "-d", "--name", name, "--network", "none", "--entrypoint", "sleep"}
	for _, l := range labels {
		args = append(args, "--label", l)
	}
	command(s.t, "docker", append(args, s.image, "300")...)
	s.t.Cleanup(func() { command(s.t, "docker", "rm", "-f", name) })
}

func (s surroundings) volume(name string, labels ...string) {
	s.t.Helper()
	args := []string{"volume", "create"}
	for _, l := range labels {
		args = append(args, "--label", l)
	}
	command(s.t, "docker", append(args, name)...)
	s.t.Cleanup(func() { command(s.t, "docker", "volume", "rm", name) })
}

// pair makes a veth pair with an alias.
func (s surroundings) pair(name, alias string) {
	s.t.Helper()
	command(s.t, "ip", "link", "add", name, "type", "veth", "peer", "name", name+"p")
	s.t.Cleanup(func() { command(s.t, "ip", "link", "del", name) })
	for _, end := range []string{name, name + "p"} {
		if alias != "" {
			command(s.t, "ip", "link", "set", end, "alias", alias)
		}
		switchOn(s.t, end)
	}
}

// switchOn switches an interface on. It gets no IPv6 address of its own: the
// kernel would add that and its route a second later, in the middle of a test.
func switchOn(t *testing.T, name string) {
	t.Helper()
	command(t, "ip", "link", "set", "dev", name, "addrgenmode", "none")
	command(t, "ip", "link", "set", name, "up")
}

// surround makes what may be mistaken for the lab's own: the same names but for a
// letter, the same labels but for the lab, another lab whose name begins alike.
func surround(t *testing.T, lab *Lab) surroundings {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making interfaces needs root")
	}
	s := surroundings{t, lab, command(t, "docker", "inspect", "--format", "{{.Image}}", shared.container(t, "frontend-01", "node"))}
	s.container(lab.Name+"-frontend-01-app2", "halab.node=frontend-01", "halab.service=app")
	s.container(lab.Name+"-frontend-03", "halab.lab="+lab.Name+"2", "halab.node=frontend-01", "halab.service=node", "halab.cluster=frontend")
	s.container(lab.Name+"-helper", "halab.lab=", "halab.service=helper")
	s.container(lab.Name+"-LAB", "halab.lab="+strings.ToUpper(lab.Name), "halab.service=client")
	s.container(lab.Name+"-labels", "halab.labs="+lab.Name, "lab="+lab.Name)
	s.volume(lab.Name+"-frontend-03-run", "halab.lab="+lab.Name+"2")
	s.volume(lab.Name + "-run")
	command(t, "docker", "network", "create", "--internal", "--label", "halab.lab="+lab.Name+"2", lab.Name+"-lab2")
	t.Cleanup(func() { command(t, "docker", "network", "rm", lab.Name+"-lab2") })
	s.pair("hl-"+lab.Name+"x", "halab.lab="+lab.Name+"2")
	s.pair("hl-"+lab.Name+"y", "")
	return s
}

// What looks like the lab and lacks its label is left alone, by everything that
// halab does and by down above all.
func TestLookAlikesAreLeftAlone(t *testing.T) {
	lab := Spare(t)
	surround(t, lab)
	before := snapshot(t)
	lab.Run(t, "up")
	lab.AwaitReady(t, 15*time.Second)
	lab.Run(t, "fail", "frontend", "app", "--how", "kill")
	lab.Run(t, "fail", "backend-01", "crash")
	lab.Run(t, "restore")
	Says(t, lab.Run(t, "down"), "removed 17 containers, 1 network, 4 volumes")
	SameAs(t, before)
	Says(t, lab.Run(t, "down"), "nothing to remove")
	SameAs(t, before)
}

// Also on a parent of somebody else's, with another macvlan interface on it:
// down takes its own leg and leaves the parent and the other child.
func TestForeignParentIsLeftAlone(t *testing.T) {
	lab := Spare(t)
	s := surround(t, lab)
	parent := "hl-" + lab.Name + "z"
	s.pair(parent, "")
	child := parent + "h"
	command(t, "ip", "link", "add", child, "link", parent, "type", "macvlan", "mode", "bridge")
	t.Cleanup(func() { command(t, "ip", "link", "del", child) })
	switchOn(t, child)
	before := snapshot(t)
	lab.Run(t, "up", "--parent", parent)
	lab.AwaitReady(t, 15*time.Second)
	lab.Serves(t, 4, 5*time.Second)
	lab.Run(t, "down")
	SameAs(t, before)
}

// A name that somebody else has is refused before anything is made, with what
// has it and how to go on.
func TestNamesThatAreTaken(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(s surroundings)
		says []string
	}{
		{"a container", func(s surroundings) { s.container(s.lab.Name + "-backend-02-app") }, []string{"container e2eb-backend-02-app", "no lab made", "--name"}},
		{"another lab's container", func(s surroundings) { s.container(s.lab.Name+"-client", "halab.lab=e2ec") }, []string{"container e2eb-client", "of lab e2ec"}},
		{"a volume", func(s surroundings) { s.volume(s.lab.Name + "-frontend-01-run") }, []string{"volume e2eb-frontend-01-run", "docker volume rm"}},
		{"a network", func(s surroundings) {
			command(s.t, "docker", "network", "create", "--internal", s.lab.Name+"-lab")
			s.t.Cleanup(func() { command(s.t, "docker", "network", "rm", s.lab.Name+"-lab") })
		}, []string{"network e2eb-lab", "docker network rm"}},
		{"an interface", func(s surroundings) { s.pair("hl-"+s.lab.Name, "") }, []string{"interface hl-e2eb", "ip link delete"}},
		{"another lab's interface", func(s surroundings) { s.pair("hl-"+s.lab.Name, "halab.lab=e2ec") }, []string{"interface hl-e2eb", "of lab e2ec"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if os.Geteuid() != 0 {
				t.Skip("making interfaces needs root")
			}
			lab := Spare(t)
			c.take(surroundings{t, lab, command(t, "docker", "inspect", "--format", "{{.Image}}", shared.container(t, "frontend-01", "node"))})
			before := snapshot(t)
			lab.Refuse(t, 1, c.says, "up")
			SameAs(t, before)
		})
	}
}
