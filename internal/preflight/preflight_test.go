package preflight

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/agentapi"
	"halab/internal/engine"
	"halab/internal/engine/enginetest"
	"halab/internal/problem"
)

// fine are the facts of a machine on which everything is as it should be.
func fine() Facts {
	return Facts{
		Lab: "halab", Subnet: netip.MustParsePrefix("192.168.99.0/24"), Parent: "halab0", Own: true,
		Engine: engine.Info{Version: "20.10.24", APIVersion: "1.41", OS: "linux", Kernel: "6.1", CPUs: 2, CgroupVersion: "1",
			DataRoot: "/var/lib/docker", NetworkDrivers: []string{"bridge", "macvlan"}},
		Local: true, Macvlan: Yes, Free: 50e9, Base: "auto", Images: []string{"centos:7"},
		Interfaces: []Interface{{Name: "eth0", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.5/24")}}},
		Routes:     []Route{{"eth0", netip.MustParsePrefix("0.0.0.0/0")}, {"eth0", netip.MustParsePrefix("192.0.2.0/24")}},
	}
}

func TestEvaluate(t *testing.T) {
	prefix := netip.MustParsePrefix
	ours := map[string]string{engine.LabelLab: "halab"}
	for _, c := range []struct {
		name   string
		change func(*Facts)
		check  string
		level  Level
		says   string // in the finding's text
	}{
		{"all is well", func(*Facts) {}, "", OK, ""},
		{"no engine", func(f *Facts) { f.EngineError = problem.New("no socket").Cure("start it") }, "engine", Failure, "no socket\n  start it"},
		{"Windows", func(f *Facts) { f.Engine.OS = "windows" }, "engine", Failure, "runs on windows"},
		{"old API", func(f *Facts) { f.Engine.APIVersion = "1.40" }, "api", Failure, "1.41 or newer"},
		{"new API", func(f *Facts) { f.Engine.APIVersion = "1.50" }, "", OK, ""},
		{"API of the far future", func(f *Facts) { f.Engine.APIVersion = "2.0" }, "", OK, ""},
		{"API that is none", func(f *Facts) { f.Engine.APIVersion = "new" }, "api", Unknown, `"new"`},
		{"no driver", func(f *Facts) { f.Engine.NetworkDrivers = []string{"bridge"} }, "macvlan", Failure, "only bridge"},
		{"no macvlan in the kernel", func(f *Facts) { f.Macvlan = No }, "macvlan", Failure, "modprobe macvlan"},
		{"kernel not known", func(f *Facts) { f.Macvlan = NotKnown }, "macvlan", Unknown, ""},
		{"another namespace, whose interfaces are not these", func(f *Facts) {
			f.Beside, f.Own, f.Names.Interfaces = No, true, []string{"halab0"}
			f.Interfaces = append(f.Interfaces, Interface{Name: "halab0", Alias: agentapi.InterfaceAlias("two"), Addresses: []netip.Prefix{f.Subnet}})
			f.Routes = append(f.Routes, Route{"halab0", f.Subnet})
		}, "host", Warning, "halab curl"},
		{"the engine's own namespace", func(f *Facts) { f.Beside = Yes }, "", OK, ""},
		{"AppArmor without its parser", func(f *Facts) { f.AppArmor = Yes }, "apparmor", Failure, "apt-get install apparmor"},
		{"AppArmor with its parser", func(f *Facts) { f.AppArmor, f.Parser = Yes, true }, "", OK, ""},
		{"AppArmor without its parser, and containers that run", func(f *Facts) {
			f.AppArmor, f.Others = Yes, []engine.Container{{State: engine.StateRunning}}
		}, "apparmor", Warning, "without the engine's profile"},
		{"AppArmor without its parser, and an engine that looks", func(f *Facts) {
			f.AppArmor, f.Engine.Version = Yes, "28.5.2+dfsg1"
		}, "apparmor", Warning, "without the engine's profile"},
		{"another Docker network", func(f *Facts) {
			f.Networks = []engine.Network{{Name: "vpn", Subnets: []netip.Prefix{prefix("192.168.0.0/16")}}}
		}, "subnet", Failure, "the Docker network vpn (192.168.0.0/16)"},
		{"another lab", func(f *Facts) {
			f.Networks = []engine.Network{{Name: "two_lab", Labels: map[string]string{engine.LabelLab: "two"}, Subnets: []netip.Prefix{f.Subnet}}}
		}, "subnet", Failure, "halab down --name two"},
		{"the lab's own network", func(f *Facts) {
			f.Networks = []engine.Network{{Name: "halab_lab", Labels: ours, Subnets: []netip.Prefix{f.Subnet}}}
		}, "", OK, ""},
		{"an address of the host", func(f *Facts) {
			f.Interfaces = append(f.Interfaces, Interface{Name: "wlan0", Addresses: []netip.Prefix{prefix("192.168.99.7/24")}})
			f.Routes = append(f.Routes, Route{"wlan0", prefix("192.168.99.0/24")})
		}, "subnet", Failure, "the host's interface wlan0 (192.168.99.7/24)"},
		{"a route of the host", func(f *Facts) { f.Routes = append(f.Routes, Route{"tun0", prefix("192.168.96.0/20")}) },
			"subnet", Failure, "a route of the host to 192.168.96.0/20 through tun0"},
		{"the host's own leg", func(f *Facts) {
			f.Interfaces = append(f.Interfaces, Interface{Name: "halab0h", Alias: agentapi.InterfaceAlias("halab"), Addresses: []netip.Prefix{prefix("192.168.99.1/24")}})
			f.Routes = append(f.Routes, Route{"halab0h", prefix("192.168.99.0/24")})
		}, "", OK, ""},
		{"another lab's leg", func(f *Facts) {
			f.Interfaces = append(f.Interfaces, Interface{Name: "hl-twoh", Alias: agentapi.InterfaceAlias("two"), Addresses: []netip.Prefix{prefix("192.168.99.1/24")}})
		}, "subnet", Failure, "hl-twoh"},
		{"a named parent on the subnet", func(f *Facts) {
			f.Own, f.Parent = false, "eth1"
			f.Interfaces = append(f.Interfaces, Interface{Name: "eth1", Addresses: []netip.Prefix{prefix("192.168.99.7/24")}})
			f.Routes = append(f.Routes, Route{"eth1", prefix("192.168.99.0/24")})
		}, "", OK, ""},
		{"the lab on another subnet", func(f *Facts) {
			f.Networks = []engine.Network{{Name: "halab-lab", Labels: ours, Subnets: []netip.Prefix{prefix("192.168.77.0/24")}}}
		}, "subnet", Failure, "halab down --name halab"},
		{"a container of the lab's name", func(f *Facts) {
			f.Names.Containers = []string{"halab-frontend-01"}
			f.Others = []engine.Container{{Name: "halab-frontend-01"}, {Name: "halab-frontend-02"}}
		}, "names", Failure, "docker rm -f halab-frontend-01"},
		{"another lab's container of the lab's name", func(f *Facts) {
			f.Names.Containers = []string{"halab-a-b"}
			f.Others = []engine.Container{{Name: "halab-a-b", Labels: map[string]string{engine.LabelLab: "halab-a"}}}
		}, "names", Failure, "of lab halab-a"},
		{"a network of the lab's name", func(f *Facts) {
			f.Names.Networks = []string{"halab-lab"}
			f.Networks = []engine.Network{{Name: "halab-lab"}}
		}, "names", Failure, "docker network rm halab-lab"},
		{"a volume of the lab's name", func(f *Facts) {
			f.Names.Volumes = []string{"halab-frontend-01-run"}
			f.Volumes = []engine.Volume{{Name: "halab-frontend-01-run"}}
		}, "names", Failure, "docker volume rm halab-frontend-01-run"},
		{"the lab's own names", func(f *Facts) {
			f.Names = Names{Networks: []string{"halab-lab"}, Volumes: []string{"halab-run"}, Interfaces: []string{"halab0", "halab0p"}}
			f.Networks = []engine.Network{{Name: "halab-lab", Labels: ours}}
			f.Volumes = []engine.Volume{{Name: "halab-run", Labels: ours}}
			f.Interfaces = append(f.Interfaces, Interface{Name: "halab0", Alias: agentapi.InterfaceAlias("halab")}, Interface{Name: "halab0p"})
		}, "", OK, ""},
		{"an interface of the lab's name", func(f *Facts) {
			f.Names.Interfaces = []string{"halab0", "halab0p", "halab0h"}
			f.Interfaces = append(f.Interfaces, Interface{Name: "halab0"})
		}, "names", Failure, "ip link delete halab0"},
		{"another network on the parent", func(f *Facts) {
			f.Networks = []engine.Network{{Name: "vlan", Driver: "macvlan", Options: map[string]string{"parent": "halab0"}}}
		}, "parent", Failure, "that of Docker network vlan"},
		{"another network on the parent, and an engine that allows it", func(f *Facts) {
			f.Engine.APIVersion = "1.46"
			f.Networks = []engine.Network{{Name: "vlan", Driver: "macvlan", Options: map[string]string{"parent": "halab0"}}}
		}, "", OK, ""},
		{"no such parent", func(f *Facts) { f.Own, f.Parent = false, "eth9" }, "parent", Failure, "name one of eth0"},
		{"disk nearly full", func(f *Facts) { f.Free = 1e9 }, "disk", Warning, "1.0 GB free"},
		{"disk full", func(f *Facts) { f.Free = 1e8 }, "disk", Failure, "docker image prune"},
		{"no base, but mmdebstrap", func(f *Facts) { f.Images, f.Mmdebstrap = nil, true }, "", OK, ""},
		{"no base at all", func(f *Facts) { f.Images = nil }, "base", Warning, "apt-get install mmdebstrap"},
		{"CentOS 7 to be pulled", func(f *Facts) { f.Base, f.Images = "centos7", []string{"debian:12"} }, "base", Warning, "docker pull centos:7"},
		{"Debian 12 is no Debian 13", func(f *Facts) { f.Base, f.Images = "debian13", []string{"debian:12"} }, "base", Warning, "apt-get install mmdebstrap"},
		{"an image of Debian 13", func(f *Facts) { f.Base, f.Images = "debian13", []string{"debian:trixie-slim"} }, "", OK, ""},
		{"Debian's images are built", func(f *Facts) { f.Base, f.Images = "debian12", []string{"halab/node:debian12-0123456789ab"} }, "", OK, ""},
		{"half an up", func(f *Facts) {
			f.Containers = []engine.Container{{State: engine.StateRunning, Labels: ours}, {State: engine.StateCreated, Labels: ours}}
		}, "leftovers", Warning, "1 running, 1 created"},
		{"a helper left", func(f *Facts) {
			f.Containers = []engine.Container{{State: engine.StateExited, Labels: map[string]string{engine.LabelService: "helper"}}}
		}, "leftovers", Warning, "helper"},
		{"a lab that is up", func(f *Facts) { f.Containers = []engine.Container{{State: engine.StateRunning, Labels: ours}} }, "", OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := fine()
			c.change(&f)
			var odd []Finding
			all := Evaluate(f)
			for _, finding := range all {
				if finding.Level != OK {
					odd = append(odd, finding)
				}
				if finding.What == "" || finding.Level == Failure && len(finding.Cures) == 0 {
					t.Errorf("a finding says too little: %+v", finding)
				}
			}
			if c.check == "" {
				if len(odd) != 0 {
					t.Errorf("found %v", odd)
				}
				return
			}
			if len(odd) != 1 || odd[0].Check != c.check || odd[0].Level != c.level || !strings.Contains(problem.List{odd[0].Problem}.Text(), c.says) {
				t.Errorf("found %+v, want one %s at %s with %q", odd, c.level, c.check, c.says)
			}
			if err := Error(all); (err != nil) != (c.level == Failure) || Failed(all) != (err != nil) {
				t.Errorf("as an error it is %v", err)
			}
		})
	}
}

func TestAnotherMachineIsNotJudged(t *testing.T) {
	f := fine()
	f.Own, f.Parent, f.Local, f.Free, f.Macvlan = false, "eth9", false, -1, No
	for _, finding := range Evaluate(f) {
		if finding.Level != OK && finding.Level != Unknown {
			t.Errorf("found %+v", finding)
		}
	}
}

func TestEveryUserOfTheSubnetIsNamed(t *testing.T) {
	f := fine()
	f.Networks = []engine.Network{{Name: "one", Subnets: []netip.Prefix{f.Subnet}}, {Name: "two", Subnets: []netip.Prefix{f.Subnet}}}
	// A bridge's own route is not told of a second time.
	f.Routes = append(f.Routes, Route{"br-1", f.Subnet}, Route{"tun0", netip.MustParsePrefix("192.168.99.128/25")})
	text := fmt.Sprint(Error(Evaluate(f)))
	for _, want := range []string{"network one", "network two", "tun0"} {
		if strings.Count(text, want+" ") != 1 && !strings.Contains(text, want+":") {
			t.Errorf("%s is not named once in\n%s", want, text)
		}
	}
	if strings.Contains(text, "br-1") {
		t.Errorf("the bridge is named beside its network:\n%s", text)
	}
}

// TestNamespaceOfTheLabsNetwork holds where it is known from that the engine's
// host is not in this namespace: from the label that a helper's word became.
func TestNamespaceOfTheLabsNetwork(t *testing.T) {
	own := agentapi.NetworkNamespace()
	_, boot, _ := strings.Cut(own, " ")
	for label, want := range map[string]Known{own: Yes, "net:[1] " + boot: No, "net:[1] of another boot": NotKnown, "": NotKnown} {
		f := Facts{Lab: "halab", Networks: []engine.Network{
			{Labels: map[string]string{engine.LabelLab: "two", engine.LabelNamespace: "net:[2] " + boot}},
			{Labels: map[string]string{engine.LabelLab: "halab", engine.LabelNamespace: label}},
		}}
		if f.LearnNamespace(f.namespace()); f.Beside != want {
			t.Errorf("%q: %v, want %v", label, f.Beside, want)
		}
	}
}

func TestParseRoutes(t *testing.T) {
	// Addresses in the byte order of a little-endian machine, as x86 and arm64
	// are.
	table := `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
*	0063A8C0	00000000	0201	0	0	9999	00FFFFFF	0	0	0
eth1	0063A8C0	00000000	0200	0	0	0	00FFFFFF	0	0	0
broken	line
eth2	XX	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
	got := fmt.Sprint(parseRoutes(strings.NewReader(table)))
	if want := "[{eth0 0.0.0.0/0} {docker0 172.17.0.0/16}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add("eth0\t0063A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0")
	f.Fuzz(func(t *testing.T, table string) {
		for _, r := range parseRoutes(strings.NewReader(table)) {
			if !r.To.IsValid() || r.Interface == "*" {
				t.Errorf("made %+v of %q", r, table)
			}
		}
	})
}

func TestCollect(t *testing.T) {
	e := enginetest.New()
	defer e.Close()
	e.AddImage(engine.Image{Tags: []string{"centos:7"}})
	if _, err := e.NetworkCreate(t.Context(), engine.Network{Name: "other", Driver: "bridge", Subnets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}); err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	e.Description.Name, e.Description.DataRoot = name, t.TempDir()
	f := Collect(t.Context(), e, true, Facts{Lab: "halab", Base: "auto"})
	if f.EngineError != nil || !f.Local || len(f.Interfaces) == 0 || f.Free <= 0 || len(f.Networks) != 1 || len(f.Images) != 1 {
		t.Errorf("collected %+v", f)
	}
	if f = Collect(t.Context(), e, false, Facts{}); f.Local || f.Free != -1 || f.Interfaces != nil {
		t.Errorf("of another machine it claims to know %+v", f)
	}
	e.Description.Name = "a virtual machine"
	if f = Collect(t.Context(), e, true, Facts{}); f.Local {
		t.Error("a socket that leads to another machine was taken for this one")
	}
	e.Hooks.Before = func(context.Context, enginetest.Call) error { return engine.ErrUnreachable }
	if f = Collect(t.Context(), e, true, Facts{}); !errors.Is(f.EngineError, engine.ErrUnreachable) {
		t.Errorf("no engine, and the error is %v", f.EngineError)
	}
}

func TestSwitchedOn(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]Known{"Y\n": Yes, "N\n": No} {
		path := filepath.Join(dir, "enabled")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := switchedOn(path); got != want {
			t.Errorf("%q is %v, not %v", text, got, want)
		}
	}
	if got := switchedOn(filepath.Join(dir, "missing")); got != No {
		t.Errorf("without the module it is %v", got)
	}
	if !installed("sh") || installed("sh-of-nobody") || !installed("enabled", dir) {
		t.Error("what is installed is not found, or the other way round")
	}
}

func TestFree(t *testing.T) {
	if n := free(t.TempDir()); n <= 0 {
		t.Errorf("%d bytes are free for temporary files", n)
	}
	if n := free(filepath.Join(t.TempDir(), "missing")); n != -1 {
		t.Errorf("a folder that is not there has %d bytes free", n)
	}
}
