package imports

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"halab/internal/daemonconf/inventory"
)

// putSSH puts a program in the place of ssh.
func putSSH(t *testing.T, body string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// here is a taker whose machine is this one: what runs on a host runs in a shell
// beside the test, on files below a folder.
func here(t *testing.T, salt string) *taker {
	t.Helper()
	putSSH(t, "exec sh -s\n")
	conn, err := dial(context.Background(), "lb1", salt, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.close(); err != nil {
			t.Error(err)
		}
	})
	n := &Node{Record: inventory.New(), files: map[string]*taken{}}
	n.Record.User, n.Record.Hostname = "joe", "lb1.example.org"
	return &taker{remote: conn, node: n, tell: func(string) {}}
}

// tree writes files below a folder that stands for a machine's root.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// hidden gives a text as it leaves a machine.
func hidden(t *testing.T, salt, text string) content {
	t.Helper()
	root := tree(t, map[string]string{"x": text})
	c, err := here(t, salt).take(config, root, "/x")
	if err != nil || c.why != "" {
		t.Fatalf("%v %s", err, c.why)
	}
	return c
}

// «SECRET» marks what must not leave a machine; all else must stay as it is.
func TestSecretsStay(t *testing.T) {
	lines := []string{
		"auth_pass «s3cret»",
		"    auth_pass \"«two words»\"   # note",
		"auth_pass «crlf»\r",
		"user joe password $6$rounds=5000$«saltsalt»$«hashHASHhash./123»",
		"user jim password $2y$10$«abcdefghijklmnopqrstuv»",
		"user ann groups a,b insecure-password «hunter2hunter2»",
		"user DES password «ab1cdefghijkl»",
		"stats auth admin:«pass:word»",
		"cluster-secret \"«my secret»\"",
		"http-request set-header Authorization \"Basic «dXNlcjpwYXNzd29yZDEyMw»==\"",
		"http-request set-header X-Api-Key «k1»",
		"http-request set-header X-Real-IP %[src]",
		"http-request set-header X-Token %[req.hdr(x)]",
		"option httpchk GET /h HTTP/1.1\\r\\nHost:\\ x\\r\\nAuthorization:\\ Basic\\ «dXNlcjpw»\\r\\nAccept:\\ y",
		"http-check send meth GET uri /h hdr Authorization \"Bearer «abc.def»\" hdr Host x",
		"acl ok req.hdr(X-Api-Key) -m str «one» «two» if x",
		"acl ok hdr(host) -m str example.org",
		"http-request deny unless { req.hdr(x-auth-token) -m str «tok1» }",
		"tcp-check send AUTH\\ «redispass»\\r\\n",
		"tcp-check send \"AUTH «default» «redispass»\\r\\n\"",
		"tcp-check send *2\\r\\n$4\\r\\nAUTH\\r\\n$6\\r\\n«redisp»\\r\\n",
		"tcp-check send-binary 41555448«20686f6c610d0a» comment x",
		"tcp-check send-binary 00000031000300007573657200736f6d656f6e650064617461626173650000",
		"tcp-check expect string +PONG",
		"setenv API_TOKEN «foobar»",
		"ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:TLS_AES_128_GCM_SHA256",
		"server app01 198.51.100.1:8080 check inter 2s fall 3 cookie app01 crt /etc/haproxy/client.pem",
		"http-request return lf-string \"%[jwt_verify(txn.alg,«hmackey»)]\"",
		"log-format \"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %{+Q}r\"",
		"MYSQL_PWD='«p w d»' mysql -u root -p«S3cr3t» -h db -e \"select 1\"",
		"curl -u admin:«admin123» -H \"Authorization: Bearer «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc»\" https://joe:«pw»@example.org/a",
		"curl -d '{\"password\":\"«x1y2»\"}' -d \"{\\\"token\\\":\\\"«z9z9»\\\"}\" https://hooks.example.org/T0AB/B0CD/«x9Yz8Wv7Ut6Sr5Qp4On3Ml2K»",
		"curl -H 'X-Auth-Token: «tok123»' -d \"user=a&password=«abc»\" http://127.0.0.1:8080/healthz?x=1",
		"token=$(cat /etc/tok); export AWS_SECRET_ACCESS_KEY=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
		"if [ \"$token\" = \"«abc»\" ]; then docker run -u 1000:1000 image; fi",
		"id=«123e4567-e89b-12d3-a456-426614174000»",
		"PASS_FILE=/etc/keepalived/pass.txt",
		"redis-cli -a «foo» ping; sshpass -p «bar» ssh x; psql \"postgres://u:«pgpw»@h/db\"",
		"# the old one was «hunter2hunter2», password = «oldone»",
		"script \"/usr/bin/killall -0 haproxy\"",
		"script \"</dev/tcp/127.0.0.1/6443\"",
		"virtual_ipaddress { 192.0.2.10/24 dev eth0 label eth0:1 }",
		"-----BEGIN CERTIFICATE-----",
		"MIIC9jCCAd4CCQDq8x7yV0m0JTANBgkqhkiG9w0BAQsFADA9MQswCQYDVQQGEwJV",
		"-----END CERTIFICATE-----",
		"-----BEGIN EC PRIVATE KEY-----«»",
		"«MHcCAQEEIObtEXs3xKjzN1V9mJ7»",
		"-----END EC PRIVATE KEY-----«»",
		"last line has no end auth_pass «x»",
	}
	marks := strings.NewReplacer("«", "", "»", "")
	raw := marks.Replace(strings.Join(lines, "\n"))
	c := hidden(t, "00ff", raw)
	got := strings.Split(c.text, "\n")
	if len(got) != len(lines) {
		t.Fatalf("%d lines of %d:\n%s", len(got), len(lines), c.text)
	}
	for i, line := range lines {
		checkHidden(t, i, line, got[i])
		changed := false
		for _, r := range c.changes {
			changed = changed || r.Line == i+1
		}
		if keyLine := strings.Contains(line, "«M") || strings.Contains(line, "END EC"); changed != strings.Contains(line, "«") && !keyLine {
			t.Errorf("line %d: said to be changed: %v\n%s", i+1, changed, line)
		}
	}
	if !c.key {
		t.Error("that there is a private key is not said")
	}
}

// checkHidden compares a line with what became of it: of a private key nothing,
// of a secret its length.
func checkHidden(t *testing.T, i int, line, got string) {
	t.Helper()
	if strings.Contains(line, "EC PRIVATE KEY") || strings.Contains(line, "«MHc") {
		if got != "" {
			t.Errorf("line %d of a private key is there: %q", i+1, got)
		}
		return
	}
	at := 0
	for n, part := range strings.FieldsFunc(strings.ReplaceAll(line, "«", "\x00«"), func(r rune) bool { return r == 0 || r == '»' }) {
		secret, isSecret := strings.CutPrefix(part, "«")
		if at+len(secret) > len(got) {
			t.Fatalf("line %d is too short: %q of %q", i+1, got, line)
		}
		now := got[at : at+len(secret)]
		if (now == secret) == isSecret {
			t.Errorf("line %d, part %d: %q became %q\n%s", i+1, n+1, secret, now, got)
		}
		at += len(secret)
	}
	if at != len(got) {
		t.Errorf("line %d has another length: %q of %q", i+1, got, line)
	}
}

// Equal stays equal, on other hosts and in the first eight characters alone,
// which are all of auth_pass that VRRP has; and nothing follows from another
// import, which has another salt.
func TestEqualStaysEqual(t *testing.T) {
	text := "auth_pass 12345678abc\nauth_pass 12345678xyz\nauth_pass 12345678abc\nauth_pass 1234567\n"
	words := func(salt string) []string { return strings.Fields(hidden(t, salt, text).text) }
	a, b, other := words("01"), words("01"), words("02")
	switch {
	case strings.Join(a, " ") != strings.Join(b, " "):
		t.Errorf("two hosts of one import: %q and %q", a, b)
	case a[1] == other[1]:
		t.Errorf("two imports have the same: %q", a)
	case a[1] != a[5] || a[1] == a[3] || a[1][:8] != a[3][:8] || a[7] == a[1][:7] || len(a[7]) != 7:
		t.Errorf("%q", a)
	}
}

// Of a file of session keys nothing is left, and HAProxy still reads it: a line
// is base64 of 48 or 80 bytes.
func TestSessionKeys(t *testing.T) {
	const key = "6dOxJdZ5PlLIGdDFXLkAp0BCLGUSPPPmxSRvMLLKQzLwJlaYcKZWqVHfnIqjiTIR"
	root := tree(t, map[string]string{"keys": key + "\n" + strings.Repeat("A", 107) + "=\n"})
	c, err := here(t, "01").take("session keys", root, "/keys")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(c.text)
	if len(got) != 2 || len(got[0]) != 64 || len(got[1]) != 108 || got[1][107] != '=' || strings.Contains(c.text, key[:10]) || strings.Contains(c.text, "AAAA") {
		t.Errorf("%q", got)
	}
}

// A file that is nearly all secrets is left where it is.
func TestTooManySecrets(t *testing.T) {
	var b strings.Builder
	for i := range 301 {
		fmt.Fprintf(&b, "auth_pass word%d\n", i)
	}
	root := tree(t, map[string]string{"x": b.String()})
	c, err := here(t, "01").take(config, root, "/x")
	if err != nil || !strings.Contains(c.why, "more than 300 words that look like secrets") || c.text != "" {
		t.Errorf("%v %q %q", err, c.why, c.text)
	}
}

// What can't be taken is said, and never waited for.
func TestWhatCantBeTaken(t *testing.T) {
	root := tree(t, map[string]string{"binary": "\x7fELF\x00", "d/x.cfg": "a", "d/y": "b", "big": strings.Repeat("#", 4<<20+1)})
	if err := os.Symlink("/dev/zero", filepath.Join(root, "device")); err != nil {
		t.Fatal(err)
	}
	take := here(t, "01")
	for name, want := range map[string]string{
		"/none": absent, "/binary": "it is binary", "/big": "it has more than 4 MB", "/device": "it is no regular file",
		"/a\tb": "its name has a tab or a line end", "/$(touch " + root + "/ran)": absent, "/`id`": absent,
	} {
		if c, err := take.take(config, root, name); err != nil || c.why != want {
			t.Errorf("%s: %v %q, not %q", name, err, c.why, want)
		}
	}
	if c, err := take.take(config, root, "/d"); err != nil || c.kind != "folder" || strings.Join(c.names, " ") != "x.cfg y" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := os.Stat(filepath.Join(root, "ran")); err == nil {
		t.Error("a file's name was run")
	}
}
