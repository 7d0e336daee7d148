package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"halab/internal/agentapi"
	"halab/internal/composefile"
	"halab/internal/daemonconf"
	"halab/internal/daemonconf/adapt"
	"halab/internal/daemonconf/lint"
	"halab/internal/engine"
	"halab/internal/own"
	"halab/internal/problem"
	"halab/internal/topology"
)

// ownLab is a lab that runs files of the user's own.
type ownLab struct {
	own.Lab
	report  lint.Report
	project *composefile.Project
}

// loadOwn reads the folder, and makes of it what a description would say: the
// containers of the lab that is built in, with the user's machines in the places of
// its nodes.
func (set Setting) loadOwn(ctx context.Context, base string) (ownLab, error) {
	var o ownLab
	place, closing, err := openPlace(set.Config)
	if err != nil {
		return o, Usage("%s can't be read: %v", set.Config, err)
	}
	defer closing()
	versions, known := daemonconf.BaseVersions(base)
	if !known {
		return o, fmt.Errorf("which daemons base %s has is not known, so files can't be run on it", base)
	}
	places := []daemonconf.Place{place}
	nodes, err := daemonconf.Load(places, versions.Named(true, true))
	if err != nil {
		return o, unread(err)
	}
	trees, err := daemonconf.Trees(places, nodes)
	if err != nil {
		return o, unread(err)
	}
	o.report = lint.Run(nodes)
	needs := adapt.Of(nodes, adapt.Options{HAProxy: versions.HAProxy, Keepalived: versions.Keepalived, Has: func(node, path string) bool {
		return slices.ContainsFunc(trees, func(t daemonconf.Tree) bool { return t.Node == node && t.Has(path) })
	}})
	sign, err := newAuthority(set.Name)
	if err != nil {
		return o, err
	}
	if o.Lab, err = own.Of(nodes, trees, needs, sign.made); err != nil {
		return o, err
	}
	o.Behind.Authority = sign.pem
	pattern := set
	pattern.Files, pattern.Profile = nil, string(topology.ProfileFast)
	if o.project, err = pattern.load(ctx, base); err != nil {
		return o, err
	}
	return o, o.furnish()
}

// mould is a container of the lab that is built in, by whose settings others are made.
type mould struct {
	lab     *topology.Lab
	specs   map[string]engine.ContainerSpec // by service
	volume  engine.Volume
	subnet  netip.Prefix
	mac     string // the first five bytes
	network string
}

// machinePowers are what a machine's root may do that its daemons and their scripts
// use: users and owners, a chroot, any port, addresses and raw packets.
func machinePowers() []string {
	return []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETGID", "SETUID", "SYS_CHROOT", "SYS_NICE"}
}

// Addresses that the engine gives on its network; the last number.
const (
	standNumber = 3
	nodeNumber  = 11
)

// containerName is what an engine takes as a name.
var containerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

// furnish turns the lab that is built in into that of the user's files.
func (o *ownLab) furnish() error {
	p := o.project
	m := mould{lab: &p.Lab, specs: map[string]engine.ContainerSpec{}, volume: p.Volumes[0], subnet: p.Lab.Network.Subnet}
	first := p.Lab.Clusters[0].Nodes[0]
	for _, c := range p.Containers {
		for service, name := range first.Services {
			if c.Service == name {
				m.specs[string(service)] = c.Spec
			}
		}
		if c.Service == p.Lab.Client {
			m.specs[topology.Client] = c.Spec
			m.mac = c.Spec.MAC[:strings.LastIndex(c.Spec.MAC, ":")+1]
		}
	}
	p.Containers, p.Volumes = nil, nil
	p.Lab.Profile, p.Lab.Clusters = topology.ProfileOwn, o.Clusters
	p.Lab.Network.HostLeg = netip.Addr{}
	for i := range p.Networks {
		p.Networks[i].Labels = relabelled(p.Networks[i].Labels, nil)
	}
	if err := o.others(m); err != nil { // servers are there before who asks for them
		return err
	}
	rank := 0
	for _, c := range o.Clusters {
		for i := range c.Nodes {
			n := &c.Nodes[i]
			if !containerName.MatchString(n.Name) || n.Name == topology.Client || n.Name == own.Stand {
				return AsUsage(problem.New("a node can't be called %q: a container of the lab itself is, or the engine takes no such name", n.Name).
					Cure("give its folder another name"))
			}
			if rank > 255-nodeNumber-1 {
				return Usage("%s has more than %d nodes, and a lab's network has no addresses for more", o.Clusters[0].Name, rank)
			}
			if err := o.node(m, c, n, rank); err != nil {
				return err
			}
			rank++
		}
	}
	return nil
}

// node makes the containers of a node.
func (o *ownLab) node(m mould, c topology.Cluster, n *topology.Node, rank int) error {
	machine, p := o.Machines[n.Name], o.project
	services := []topology.Service{topology.ServiceNode}
	if machine.HAProxy != nil {
		services = append(services, topology.ServiceHAProxy)
	}
	if machine.Keepalived != nil {
		services = append(services, topology.ServiceKeepalived)
	}
	labels := map[string]string{
		engine.LabelNode: n.Name, engine.LabelCluster: c.Name, engine.LabelAddress: n.Address.String(), engine.LabelRank: strconv.Itoa(rank),
		engine.LabelVIP: vipWords(c), engine.LabelListeners: joined(c.Listeners), engine.LabelServices: joined(services[1:]),
	}
	var mounts []engine.Mount
	for _, v := range []struct{ key, at string }{{"run", "/run"}, {"haproxy", "/var/lib/haproxy"}} {
		one := m.volume
		one.Name = m.lab.Name + "-" + n.Name + "-" + v.key
		one.Labels = relabelled(one.Labels, nil)
		p.Volumes = append(p.Volumes, one)
		mounts = append(mounts, engine.Mount{Type: "volume", Source: one.Name, Target: v.at})
	}
	body, err := json.Marshal(machine.Own)
	if err != nil {
		return err
	}
	bare := machine.Own
	bare.Adapted, bare.Unmet = nil, nil
	hash, err := hashOf(bare)
	if err != nil {
		return err
	}
	notes, err := hashOf([][]string{machine.Adapted, machine.Unmet})
	if err != nil {
		return err
	}
	for _, service := range services {
		spec := m.specs[string(service)]
		spec.Name, spec.Labels = m.lab.Name+"-"+n.Name, relabelled(spec.Labels, labels)
		spec.Env = []string{agentapi.EnvLab + "=" + m.lab.Name, agentapi.EnvNode + "=" + n.Name, agentapi.EnvOwn + "=" + hash}
		spec.Mounts, spec.ReadOnly, spec.CapAdd = mounts, false, machinePowers()
		if service == topology.ServiceNode {
			spec.Hostname, spec.Sysctls = machine.Hostname, machine.Sysctls
			spec.Address, spec.MAC = m.at(nodeNumber + rank)
			spec.ExtraHosts = o.hosts()
		} else {
			spec.NetworkMode, spec.PIDMode = "container:"+spec.Name, "container:"+spec.Name
			spec.Name += "-" + string(service)
		}
		spec.Labels[engine.LabelService] = string(service)
		mark := machine.Marks[service]
		mark.Whole += "." + notes
		spec.Files = &engine.Files{List: append(slices.Clone(machine.Files), engine.File{Path: agentapi.OwnFile, Mode: 0o644, Text: body}), Mark: mark}
		n.Services[service] = strings.TrimPrefix(spec.Name, m.lab.Name+"-")
		n.MAC = m.mac + fmt.Sprintf("%02x", nodeNumber+rank)
		p.Containers = append(p.Containers, composefile.Wanted{Service: n.Services[service], Spec: spec})
	}
	return nil
}

// others makes the client, and what stands for the servers.
func (o *ownLab) others(m mould) error {
	client := m.specs[topology.Client]
	client.ExtraHosts, client.ReadOnly = o.hosts(), false
	client.Labels, client.Sysctls = relabelled(client.Labels, nil), o.Sysctls
	if err := o.add(m, client, m.lab.Client, o.Client, nil); err != nil {
		return err
	}
	if len(o.Stand.Interfaces) == 0 {
		return nil
	}
	stand := m.specs[topology.Client]
	stand.Name, stand.Hostname, stand.ExtraHosts, stand.ReadOnly = m.lab.Name+"-"+own.Stand, own.Stand, nil, false
	stand.Entrypoint, stand.Command = []string{agentapi.BinaryPath, "agent", agentapi.CommandBehind, "run", agentapi.BehindFile}, nil
	stand.Address, stand.MAC = m.at(standNumber)
	stand.Sysctls = o.Sysctls
	stand.Labels = relabelled(stand.Labels, map[string]string{engine.LabelService: own.Stand})
	stand.Tmpfs = maps.Clone(stand.Tmpfs)
	stand.Tmpfs[agentapi.RunDir] = ""
	return o.add(m, stand, own.Stand, o.Stand, &o.Behind)
}

// add makes one container that is no node.
func (o *ownLab) add(m mould, spec engine.ContainerSpec, service string, is agentapi.Own, behind *agentapi.Behind) error {
	body, err := json.Marshal(is)
	if err != nil {
		return err
	}
	files := []engine.File{{Path: agentapi.OwnFile, Mode: 0o644, Text: body}}
	known := agentapi.Behind{}
	if behind != nil {
		text, err := json.Marshal(behind)
		if err != nil {
			return err
		}
		files = append(files, engine.File{Path: agentapi.BehindFile, Mode: 0o600, Text: text})
		known = *behind
		known.Authority = "" // is made anew each time, of the same key
	}
	hash, err := hashOf([]any{is, known})
	if err != nil {
		return err
	}
	spec.Env = []string{agentapi.EnvLab + "=" + m.lab.Name, agentapi.EnvOwn + "=" + hash}
	spec.Files = &engine.Files{List: files, Mark: engine.Mark{Whole: hash, Daemon: "-"}}
	o.project.Containers = append(o.project.Containers, composefile.Wanted{Service: service, Spec: spec})
	return nil
}

// at is an address that the engine gives, and the hardware address with it.
func (m mould) at(number int) (netip.Addr, string) {
	b := m.subnet.Masked().Addr().As4()
	b[3] = byte(number)
	return netip.AddrFrom4(b), m.mac + fmt.Sprintf("%02x", number)
}

// hosts are the names that all know: the nodes, and those in the files.
func (o *ownLab) hosts() []string {
	names := maps.Clone(o.Names)
	for _, c := range o.Clusters {
		for _, n := range c.Nodes {
			names[n.Name] = n.Address.String()
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, name+":"+names[name])
	}
	return all
}
