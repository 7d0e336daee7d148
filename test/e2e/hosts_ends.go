package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// The four ways in: frontend-01 through a proxy that the test can cut and hold,
// frontend-02 by tcp:// itself, backend-01 by a Docker context with TLS, and
// backend-02 by ssh://.

// tlsContext is the name of the context of backend-01.
const tlsContext = "e2eh-backend-01"

// certificates makes an authority, and keys for the engine of backend-01 and for
// whoever uses it.
func (h *hostRig) certificates() {
	authority, key := issue(h.t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "halab e2e"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	for n, who := range []struct {
		folder string
		usage  x509.ExtKeyUsage
	}{{"server", x509.ExtKeyUsageServerAuth}, {"client", x509.ExtKeyUsageClientAuth}} {
		cert, own := issue(h.t, &x509.Certificate{
			SerialNumber: big.NewInt(int64(n) + 2), Subject: pkix.Name{CommonName: who.folder},
			IPAddresses: []net.IP{net.ParseIP(wayInPrefix + ".21")}, ExtKeyUsage: []x509.ExtKeyUsage{who.usage},
			KeyUsage: x509.KeyUsageDigitalSignature,
		}, authority, key)
		der, err := x509.MarshalECPrivateKey(own)
		if err != nil {
			h.t.Fatal(err)
		}
		h.write(filepath.Join(who.folder, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}))
		h.write(filepath.Join(who.folder, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
		h.write(filepath.Join(who.folder, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	}
}

// issue makes a key and a certificate for it, signed by a parent or by itself.
func issue(t testing.TB, what, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	what.NotBefore, what.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	if parent == nil {
		parent, signer = what, key
	}
	der, err := x509.CreateCertificate(rand.Reader, what, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (h *hostRig) write(name string, content []byte) {
	h.t.Helper()
	path := h.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// keys makes the key that backend-02 lets in, and an ssh that uses it: the
// machine's own, with a configuration of the test's.
func (h *hostRig) keys() {
	h.write("ssh/config", []byte(fmt.Sprintf("Host *\n  IdentityFile %s\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"+
		"  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n", h.path("id"))))
	command(h.t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", h.path("id"))
	public, err := os.ReadFile(h.path("id.pub"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.write("ssh/authorized_keys", public)
	real := command(h.t, "sh", "-c", "command -v ssh")
	h.write("bin/ssh", []byte(fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", real, h.path("ssh", "config"))))
	if err := os.Chmod(h.path("bin", "ssh"), 0o700); err != nil {
		h.t.Fatal(err)
	}
}

// lab describes the lab on the hosts. Each endpoint may be replaced by another
// for a description of its own.
func (h *hostRig) lab(name string, replaced map[string]string) *Lab {
	h.t.Helper()
	endpoints := map[string]string{
		"frontend-02": "tcp://" + wayInPrefix + ".12:2375", "backend-01": tlsContext, "backend-02": "ssh://root@" + wayInPrefix + ".22",
	}
	for node, endpoint := range replaced {
		endpoints[node] = endpoint
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "hosts.yaml"))
	if err != nil {
		h.t.Fatal(err)
	}
	for node, endpoint := range endpoints {
		at := regexp.MustCompile(`"ssh://root@` + node + `"`)
		if !at.Match(text) {
			h.t.Fatalf("examples/hosts.yaml has no endpoint of %s", node)
		}
		text = at.ReplaceAll(text, []byte(`"`+endpoint+`"`))
	}
	text = regexp.MustCompile(`192\.168\.99`).ReplaceAll(text, []byte(hostsPrefix))
	text = regexp.MustCompile(`HALAB_INTERFACE: "eth1"`).ReplaceAll(text, []byte(`HALAB_INTERFACE: "`+hostsBridge+`"`))
	h.write(name, text)
	return &Lab{Name: hostsName, Prefix: hostsPrefix, Flags: []string{"--file", h.path(name)}, Env: []string{
		"HALAB_NAME=" + hostsName, "DOCKER_CONFIG=" + h.path("docker"), "PATH=" + h.path("bin") + ":" + os.Getenv("PATH"),
	}}
}

// makeContext makes the context of backend-01, as a user does.
func (h *hostRig) makeContext() {
	h.t.Helper()
	tls := fmt.Sprintf("host=tcp://%s.21:2376,ca=%[2]s/ca.pem,cert=%[2]s/cert.pem,key=%[2]s/key.pem", wayInPrefix, h.path("client"))
	command(h.t, "docker", "--config", h.path("docker"), "context", "create", tlsContext, "--docker", tls)
}
