package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"halab/internal/composefile"
	"halab/internal/problem"
	"halab/internal/report"
	"halab/internal/vagrant"
)

// vagrantFile is where the Compose file goes when nobody says so.
const vagrantFile = "vagrant.yaml"

// vagrantSubnet is the subnet of vagrant/Vagrantfile.
const vagrantSubnet = "192.168.99.0/24"

// ExportOrder says where Vagrant's machines are, and where the files go.
type ExportOrder struct {
	Directory string // of the Vagrantfile; "": vagrant, or this one
	File      string // the Compose file; "": vagrant.yaml
	Subnet    string // "": that of vagrant/Vagrantfile
	Interface string // this machine's on the subnet; "": the one that has an address there
}

// Exported are the files; its JSON form is public (docs/json.md).
type Exported struct {
	File      string         `json:"file"`
	SSHConfig string         `json:"ssh_config"`
	Interface string         `json:"interface"` // of this machine, on the lab's subnet
	Nodes     []ExportedNode `json:"nodes"`
}

// ExportedNode is one machine.
type ExportedNode struct {
	Name      string `json:"name"`
	Endpoint  string `json:"endpoint"`
	Interface string `json:"interface"`
	Address   string `json:"address"`
}

// ExportVagrant writes the Compose file of Vagrant's running machines.
func ExportVagrant(ctx context.Context, o ExportOrder) (Exported, error) {
	folder, err := vagrantFolder(o.Directory)
	if err != nil {
		return Exported{}, err
	}
	file, err := filepath.Abs(cmp.Or(o.File, vagrantFile))
	if err != nil {
		return Exported{}, err
	}
	config := file + ".ssh"
	if err := errors.Join(ours(file, composefile.HostsMark), ours(config, vagrant.SSHConfigMark)); err != nil {
		return Exported{}, err
	}
	subnet, err := netip.ParsePrefix(cmp.Or(o.Subnet, vagrantSubnet))
	if err != nil {
		return Exported{}, err
	}
	e := Exported{File: file, SSHConfig: config}
	if e.Interface, err = ownInterface(o.Interface, subnet); err != nil {
		return e, err
	}
	hosts, err := folder.SSHHosts(ctx)
	if err != nil {
		return e, err
	}
	if err := writeSSHConfig(config, hosts); err != nil {
		return e, err
	}
	lab := composefile.FourHosts(filepath.Base(file), strings.TrimSuffix(subnet.Addr().String(), ".0"), e.Interface, func(h *composefile.Host) {
		h.Vagrant, h.Endpoint = string(folder), vagrant.Endpoint(h.Name, config)
	})
	if err := askInterfaces(ctx, &lab, hosts, config); err != nil {
		return e, err
	}
	for _, c := range lab.Clusters {
		for _, h := range c.Hosts {
			e.Nodes = append(e.Nodes, ExportedNode{h.Name, h.Endpoint, h.Interface, h.Address})
		}
	}
	return e, report.WriteFile(file, func(w io.Writer) error { return composefile.WriteHosts(w, lab) })
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
		return problem.New("%s is there, and halab did not write it", file).Cure("name another file, or remove that one")
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
		return problem.New("vagrant has no machine %s in %s", h.Name, h.Vagrant).Because("a lab needs the four machines of vagrant/Vagrantfile")
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
	return "", problem.New("no interface of this machine has an address of %s, so nobody here could ask the lab anything", subnet).
		Cure("are the machines up?", "(cd vagrant && vagrant up)").Cure("on another subnet?  --subnet, or HALAB_SUBNET, as for vagrant up")
}
