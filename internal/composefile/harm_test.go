package composefile

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// description writes a lab with an extra service into a folder.
func description(t *testing.T, dir, service string) string {
	t.Helper()
	file := filepath.Join(dir, "lab.yaml")
	text := strings.Replace(smallest, "services:\n", "services:\n  extra: {image: x, network_mode: none, "+service+"}\n", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A description mounts and reads what is in its own folder, and nothing else,
// whatever links there are.
func TestDescriptionStaysInItsFolder(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(dir, "haproxy.cfg"): "", filepath.Join(dir, "env"): "A=b\n", filepath.Join(elsewhere, "secret"): "S=s\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, goal := range map[string]string{"out": filepath.Join(elsewhere, "secret"), "folder": elsewhere, "in": "haproxy.cfg"} {
		if err := os.Symlink(goal, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, c := range []struct {
		service string
		refused string // a part of the fault; "" is taken
	}{
		{`volumes: ["./haproxy.cfg:/etc/halab/haproxy.cfg:ro"]`, ""},
		{`volumes: ["./in:/in"]`, ""},
		{`volumes: ["./later:/later"]`, ""},
		{`volumes: [".:/all"]`, ""},
		{`env_file: env`, ""},
		{`volumes: ["./out:/out"]`, "outside of the folder"},
		{`volumes: ["./folder:/out"]`, "outside of the folder"},
		{`volumes: ["./folder/secret:/out"]`, "outside of the folder"},
		{`volumes: ["..:/out"]`, "outside of the folder"},
		{`volumes: ["/:/out"]`, "outside of the folder"},
		{`volumes: ["./socket:/var/run/docker.sock"]`, "a socket or a device"},
		{`volumes: [{type: bind, source: "` + elsewhere + `", target: /out}]`, "outside of the folder"},
		{`env_file: out`, "outside of the folder"},
		{`env_file: ` + filepath.Join(elsewhere, "secret"), "outside of the folder"},
		{`label_file: out`, "outside of the folder"},
	} {
		_, err := Load(t.Context(), Options{Files: []string{description(t, dir, c.service)}})
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.service, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: %v, want %q", c.service, err, c.refused)
		case err != nil && strings.Contains(err.Error(), "S=s"):
			t.Errorf("%s: the fault has the secret in it: %v", c.service, err)
		}
	}
}

// What reaches beyond the lab is told, where it is not refused.
func TestNetworkThatIsNotInternalIsTold(t *testing.T) {
	t.Parallel()
	p, err := Load(t.Context(), Options{Files: []string{description(t, t.TempDir(), "read_only: true")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := warnings(p); !strings.Contains(got, "network lab is not internal") {
		t.Errorf("warnings: %q", got)
	}
}
