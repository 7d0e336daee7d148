package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"halab/internal/composefile"
	"halab/internal/report"
	"halab/internal/ui"
	"halab/internal/vagrant"
)

// vagrantFile is where the Compose file goes when nobody says so.
const vagrantFile = "vagrant.yaml"

// vagrantSubnet is the subnet of vagrant/Vagrantfile.
const vagrantSubnet = "192.168.99.0/24"

func (p *program) vagrantSpec() spec {
	return spec{
		name:    "vagrant",
		summary: "a lab on Vagrant's machines",
		about: `
The nodes of a lab can be machines of their own. vagrant/Vagrantfile makes four;
this writes the Compose file that tells halab of them (docs/vagrant.md).`,
		examples: []string{"halab vagrant export"},
		sub: []spec{{
			name: "export", summary: "write the Compose file of the running machines",
			args: []arg{{name: "FILE", kind: aFile, optional: true}},
			about: `
Asks Vagrant how its machines are reached, looks which of their interfaces is on
the lab's subnet, and writes FILE (vagrant.yaml), a Compose file for halab -f.
Beside it goes FILE.ssh, a configuration for ssh that halab alone uses: nothing
in ~/.ssh is read or changed. Both are written anew when they are there.`,
			examples: []string{"halab vagrant export", "halab vagrant export lab.yaml --directory ~/machines"},
			flags: []cli.Flag{
				&cli.StringFlag{Name: "directory", Usage: "`DIR` of the Vagrantfile (default: vagrant, or this one)"},
				&cli.StringFlag{Name: "interface", Usage: "`NAME` of this machine's interface on the subnet (default: the one that has an address there)"},
			},
			run: p.vagrantExport,
		}},
	}
}

// exported is the answer of vagrant export.
type exported struct {
	File      string         `json:"file"`
	SSHConfig string         `json:"ssh_config"`
	Interface string         `json:"interface"` // of this machine, on the lab's subnet
	Nodes     []exportedNode `json:"nodes"`
}

type exportedNode struct {
	Name      string `json:"name"`
	Endpoint  string `json:"endpoint"`
	Interface string `json:"interface"`
	Address   string `json:"address"`
}

func (p *program) vagrantExport(ctx context.Context, in *input) error {
	folder, err := vagrantFolder(in.flags.String("directory"))
	if err != nil {
		return err
	}
	file, err := filepath.Abs(cmp.Or(in.arg(0), vagrantFile))
	if err != nil {
		return err
	}
	config := file + ".ssh"
	if err := errors.Join(ours(file, composefile.HostsMark), ours(config, vagrant.SSHConfigMark)); err != nil {
		return err
	}
	subnet := netip.MustParsePrefix(cmp.Or(in.Subnet, vagrantSubnet)) // checked with the other settings
	leg, err := ownInterface(in.flags.String("interface"), subnet)
	if err != nil {
		return err
	}
	hosts, err := folder.SSHHosts(ctx)
	if err != nil {
		return err
	}
	if err := writeSSHConfig(config, hosts); err != nil {
		return err
	}
	answer := exported{File: file, SSHConfig: config, Interface: leg}
	lab := composefile.FourHosts(filepath.Base(file), strings.TrimSuffix(subnet.Addr().String(), ".0"), leg, func(h *composefile.Host) {
		h.Vagrant, h.Endpoint = string(folder), vagrant.Endpoint(h.Name, config)
	})
	if err := askInterfaces(ctx, &lab, hosts, config); err != nil {
		return err
	}
	for _, c := range lab.Clusters {
		for _, h := range c.Hosts {
			answer.Nodes = append(answer.Nodes, exportedNode{h.Name, h.Endpoint, h.Interface, h.Address})
		}
	}
	err = report.WriteFile(file, func(w io.Writer) error { return composefile.WriteHosts(w, lab) })
	if err != nil {
		return err
	}
	return p.writeExported(in, answer)
}

func (p *program) writeExported(in *input, e exported) error {
	if in.json {
		return ui.WriteJSON(p.stdout, e)
	}
	t := ui.Table{}
	t.Row("NODE", "ADDRESS", "INTERFACE")
	for _, n := range e.Nodes {
		t.Row(n.Name, n.Address, ui.Clean(n.Interface))
	}
	if err := t.Write(p.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "\nthis machine is on the subnet by %s\nwritten: %s, and %s for ssh\n\n  halab -f %s up\n",
		e.Interface, e.File, filepath.Base(e.SSHConfig), e.File)
	return err
}

// vagrantFolder is the folder that was named, or else the one that has a
// Vagrantfile.
func vagrantFolder(named string) (vagrant.Folder, error) {
	if named != "" {
		return vagrant.Open(named)
	}
	if f, err := vagrant.Open("vagrant"); err == nil {
		return f, nil
	}
	return vagrant.Open(".")
}

// ours refuses to replace a file that is somebody's own work: export's begin
// with a mark.
func ours(file, mark string) error {
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !bytes.HasPrefix(text, []byte(mark)):
		return fmt.Errorf("%s is there, and halab did not write it\n  name another file, or remove that one", file)
	}
	return nil
}

// writeSSHConfig writes the configuration for ssh. Connections that are kept
// have their sockets in a folder of the user's own.
func writeSSHConfig(file string, hosts []vagrant.SSHHost) error {
	sockets, err := socketFolder()
	if err != nil {
		return err
	}
	return report.WriteFile(file, func(w io.Writer) error { return vagrant.WriteSSHConfig(w, hosts, sockets) })
}

// socketFolder is where ssh keeps its sockets: a folder that nobody else can
// write to, because whoever answers there is taken for the machine.
func socketFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "halab", "ssh")
	return folder, os.MkdirAll(folder, 0o700)
}

// askInterfaces asks all machines at once which interface is on the subnet.
func askInterfaces(ctx context.Context, l *composefile.HostLab, known []vagrant.SSHHost, config string) error {
	var all sync.WaitGroup
	var errs []error
	var mu sync.Mutex
	for _, c := range l.Clusters {
		for i := range c.Hosts {
			h := &c.Hosts[i]
			all.Go(func() {
				err := askInterface(ctx, h, known, config)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

func askInterface(ctx context.Context, h *composefile.Host, known []vagrant.SSHHost, config string) (err error) {
	if !slices.ContainsFunc(known, func(k vagrant.SSHHost) bool { return k.Name == h.Name }) {
		return fmt.Errorf("vagrant has no machine %s in %s\n  a lab needs the four machines of vagrant/Vagrantfile", h.Name, h.Vagrant)
	}
	address, err := netip.ParseAddr(h.Address)
	if err == nil {
		h.Interface, err = vagrant.Interface(ctx, config, h.Name, address)
	}
	return err
}

// ownInterface is this machine's interface on a subnet.
func ownInterface(named string, subnet netip.Prefix) (string, error) {
	if named != "" {
		_, err := net.InterfaceByName(named)
		return named, err
	}
	all, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range all {
		addresses, err := i.Addrs()
		if err != nil {
			return "", err
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && subnet.Contains(p.Addr()) {
				return i.Name, nil
			}
		}
	}
	return "", fmt.Errorf("no interface of this machine has an address of %s, so nobody here could ask the lab anything\n  are the machines up?  (cd vagrant && vagrant up)\n  on another subnet?  --subnet, or HALAB_SUBNET, as for vagrant up", subnet)
}
