package vagrant

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoMachines is what vagrant 2.3.4 printed for two machines.
const twoMachines = `Host frontend-01
  HostName 192.168.121.15
  User vagrant
  Port 22
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile /root/.vagrant.d/insecure_private_key
  IdentitiesOnly yes
  LogLevel FATAL
  PubkeyAcceptedKeyTypes +ssh-rsa
  HostKeyAlgorithms +ssh-rsa

Host backend-01
  HostName 127.0.0.1
  User vagrant
  Port 2222
  IdentityFile "/home/a user/.vagrant/machines/backend-01/virtualbox/private_key"

`

func TestParseSSHConfig(t *testing.T) {
	hosts, err := ParseSSHConfig(twoMachines)
	if err != nil {
		t.Fatal(err)
	}
	if len(hosts) != 2 || hosts[0].Name != "frontend-01" || hosts[1].Name != "backend-01" {
		t.Fatalf("%+v", hosts)
	}
	if got := hosts[1].option("identityfile"); got != `"/home/a user/.vagrant/machines/backend-01/virtualbox/private_key"` {
		t.Errorf("the key is %s", got)
	}
	if len(hosts[0].Options) != 11 || hosts[0].option("Port") != "22" {
		t.Errorf("%+v", hosts[0])
	}
}

func TestParseSSHConfigRefuses(t *testing.T) {
	const rest = "\n HostName a\n User u\n IdentityFile k\n"
	for _, c := range []struct{ text, want string }{
		{"", "names no machine"},
		{"# nothing\n\n", "names no machine"},
		{"HostName a", "before the first Host"},
		{"Host *" + rest, "not the name of one machine"},
		{"Host a b" + rest, "not the name of one machine"},
		{"Host -oProxyCommand=x" + rest, "not the name of one machine"},
		{"Host a" + rest + "Host a" + rest, "twice"},
		{"Host a" + rest + "Port 0", "from 1 to 65535"},
		{"Host a" + rest + "Port many", "from 1 to 65535"},
		{"Host a" + rest + "Include /etc/passwd", "Include"},
		{"Host a" + rest + "Match all", "Match"},
		{"Host a" + rest + "Compression", "no line of an ssh configuration"},
		{"Host a" + rest + "User x\x1b[2J", "no line of an ssh configuration"},
		{"Host a\n User u\n IdentityFile k", "has no HostName"},
		{"Host a\n HostName a\n User u", "has no IdentityFile"},
	} {
		if _, err := ParseSSHConfig(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// Machines come back as they were written, and connections are shared where a
// socket's path has room.
func TestWriteSSHConfig(t *testing.T) {
	hosts, err := ParseSSHConfig(twoMachines)
	if err != nil {
		t.Fatal(err)
	}
	for folder, shared := range map[string]bool{
		"/root/.cache/halab/ssh": true, "/tmp/" + strings.Repeat("x", 60): false, `/tmp/a"b`: false, "/tmp/100%": false,
	} {
		var text strings.Builder
		if err := WriteSSHConfig(&text, hosts, folder); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "ControlMaster auto") != shared {
			t.Errorf("%s: shared connections must be %v:\n%s", folder, shared, text.String())
		}
		if strings.Contains(text.String(), "FATAL") {
			t.Error("ssh is told not to say why it fails")
		}
		own, _, _ := strings.Cut(text.String(), "Host *")
		again, err := ParseSSHConfig(own)
		if err != nil || len(again) != 2 || len(again[0].Options) != 10 || again[1].option("Port") != "2222" {
			t.Errorf("it reads back as %+v, %v", again, err)
		}
	}
}

// FuzzParseSSHConfig: no text makes the parser panic, and what it takes it also
// writes so that it takes it again.
func FuzzParseSSHConfig(f *testing.F) {
	f.Add(twoMachines)
	f.Add("Host a\n HostName b\n User c\n IdentityFile d\n Port 65536\n")
	f.Add("Host\u00a0a\n\tHostName \x00\n")
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := ParseSSHConfig(text)
		if err != nil {
			return
		}
		var out strings.Builder
		if err := WriteSSHConfig(&out, hosts, "/s"); err != nil {
			t.Fatal(err)
		}
		own, _, found := strings.Cut(out.String(), "\nHost *\n")
		if again, err := ParseSSHConfig(own); err != nil || !found || len(again) != len(hosts) {
			t.Errorf("%q was taken, and what is written of it is not: %v", text, err)
		}
	})
}

// Open takes a folder with a Vagrantfile and no other.
func TestOpen(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "no Vagrantfile") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Vagrantfile"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(folder); err != nil || string(f) != folder {
		t.Errorf("%s, %v", f, err)
	}
}
