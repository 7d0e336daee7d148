package docker

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"halab/internal/engine"
)

// TestContainerCreation compares the body of the request, as the engine sees
// it, with what a spec means.
func TestContainerCreation(t *testing.T) {
	node := engine.ContainerSpec{
		Name: "n1", Image: "halab/node:x", NetworkMode: "halab", Hostname: "n1",
		Address: netip.MustParseAddr("192.0.2.11"), MAC: "02:68:c0:a8:63:0b",
	}
	for _, test := range []struct {
		name    string
		spec    engine.ContainerSpec
		version string
		want    map[string]any // path in the JSON -> value; nil: not there
	}{
		{"a node on API 1.41", node, "1.41", map[string]any{
			"MacAddress":             "02:68:c0:a8:63:0b",
			"Hostname":               "n1",
			"Image":                  "halab/node:x",
			"HostConfig.NetworkMode": "halab",
			"NetworkingConfig.EndpointsConfig.halab.IPAMConfig.IPv4Address": "192.0.2.11",
			"NetworkingConfig.EndpointsConfig.halab.MacAddress":             "",
		}},
		{"a node on API 1.43", node, "1.43", map[string]any{
			"MacAddress": "02:68:c0:a8:63:0b",
			"NetworkingConfig.EndpointsConfig.halab.MacAddress": "",
		}},
		{"a node on API 1.44", node, "1.44", map[string]any{
			"MacAddress": nil,
			"NetworkingConfig.EndpointsConfig.halab.MacAddress":             "02:68:c0:a8:63:0b",
			"NetworkingConfig.EndpointsConfig.halab.IPAMConfig.IPv4Address": "192.0.2.11",
		}},
		{"a node on API 1.51", node, "1.51", map[string]any{
			"MacAddress": nil,
			"NetworkingConfig.EndpointsConfig.halab.MacAddress": "02:68:c0:a8:63:0b",
		}},
		{"a service", engine.ContainerSpec{
			NetworkMode: "container:n1", PIDMode: "container:n1", CPUShares: 262144, CgroupParent: "/",
			CapDrop: []string{"ALL"}, CapAdd: []string{"NET_ADMIN", "NET_RAW"},
			SecurityOpt: []string{"no-new-privileges"}, ReadOnly: true,
			Tmpfs:  map[string]string{"/run": "size=4m,mode=755"},
			Mounts: []engine.Mount{{Type: "volume", Source: "n1-run", Target: "/run/halab"}, {Type: "bind", Source: "/etc/hosts", Target: "/h", ReadOnly: true}},
		}, "1.44", map[string]any{
			"HostConfig.NetworkMode":       "container:n1",
			"HostConfig.PidMode":           "container:n1",
			"HostConfig.CpuShares":         float64(262144),
			"HostConfig.CgroupParent":      "/",
			"HostConfig.CapDrop":           []any{"ALL"},
			"HostConfig.CapAdd":            []any{"NET_ADMIN", "NET_RAW"},
			"HostConfig.SecurityOpt":       []any{"no-new-privileges"},
			"HostConfig.ReadonlyRootfs":    true,
			"HostConfig.Tmpfs":             map[string]any{"/run": "size=4m,mode=755"},
			"HostConfig.Privileged":        false,
			"HostConfig.Mounts.0.Type":     "volume",
			"HostConfig.Mounts.0.Source":   "n1-run",
			"HostConfig.Mounts.0.Target":   "/run/halab",
			"HostConfig.Mounts.0.ReadOnly": nil,
			"HostConfig.Mounts.1.Type":     "bind",
			"HostConfig.Mounts.1.ReadOnly": true,
			"NetworkingConfig":             nil,
			"HostConfig.Init":              nil,
			"HostConfig.PidsLimit":         nil,
			"StopTimeout":                  nil,
		}},
		{"everything else", engine.ContainerSpec{
			Entrypoint: []string{"/sbin/x"}, Command: []string{"a", "b"}, Env: []string{"A=1"}, User: "nobody",
			Labels: map[string]string{"l": "v"}, NetworkMode: "host", PIDMode: "host", ExtraHosts: []string{"h:192.0.2.1"},
			Sysctls: map[string]string{"net.ipv4.ip_nonlocal_bind": "1"}, Init: true, Memory: 1 << 20, PidsLimit: 50,
			StopSignal: "SIGUSR1", StopGrace: 1500 * time.Millisecond, LogDriver: "json-file",
			LogOpts: map[string]string{"max-size": "1m"}, AutoRemove: true, TTY: true,
		}, "1.41", map[string]any{
			"Entrypoint":                  []any{"/sbin/x"},
			"Cmd":                         []any{"a", "b"},
			"Env":                         []any{"A=1"},
			"User":                        "nobody",
			"Labels":                      map[string]any{"l": "v"},
			"HostConfig.NetworkMode":      "host",
			"HostConfig.PidMode":          "host",
			"HostConfig.ExtraHosts":       []any{"h:192.0.2.1"},
			"HostConfig.Sysctls":          map[string]any{"net.ipv4.ip_nonlocal_bind": "1"},
			"HostConfig.Init":             true,
			"HostConfig.Memory":           float64(1 << 20),
			"HostConfig.PidsLimit":        float64(50),
			"StopSignal":                  "SIGUSR1",
			"StopTimeout":                 float64(2),
			"HostConfig.LogConfig.Type":   "json-file",
			"HostConfig.LogConfig.Config": map[string]any{"max-size": "1m"},
			"HostConfig.AutoRemove":       true,
			"Tty":                         true,
			"NetworkingConfig":            nil,
		}},
		{"an IPv6 address", engine.ContainerSpec{NetworkMode: "six", Address: netip.MustParseAddr("2001:db8::1")}, "1.41", map[string]any{
			"NetworkingConfig.EndpointsConfig.six.IPAMConfig.IPv6Address": "2001:db8::1",
			"NetworkingConfig.EndpointsConfig.six.IPAMConfig.IPv4Address": nil,
		}},
		{"a network without a fixed address", engine.ContainerSpec{NetworkMode: "any"}, "1.41", map[string]any{
			"NetworkingConfig.EndpointsConfig.any.IPAMConfig": nil,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := containerCreation(test.spec, test.version)
			got := asJSON(t, body)
			for path, want := range test.want {
				if found := dig(got, path); !reflect.DeepEqual(found, want) {
					t.Errorf("%s is %#v, want %#v", path, found, want)
				}
			}
		})
	}
}

func TestLabelFilters(t *testing.T) {
	got := labelFilters(engine.Filter{"halab.lab": "one", "halab.node": ""})
	if want := []string{"halab.lab=one", "halab.node"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func asJSON(t *testing.T, body creation) any {
	t.Helper()
	host, err := json.Marshal(map[string]any{"HostConfig": body.host, "NetworkingConfig": body.networking})
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(body.config)
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]any{}
	for _, part := range [][]byte{host, config} {
		if err := json.Unmarshal(part, &whole); err != nil {
			t.Fatal(err)
		}
	}
	return whole
}

// dig follows a path such as "a.b.0.c".
func dig(value any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch at := value.(type) {
		case map[string]any:
			value = at[step]
		case []any:
			value = at[int(step[0]-'0')]
		default:
			return nil
		}
	}
	return value
}
