package behind_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"halab/internal/agent/behind"
	"halab/internal/agent/command"
	"halab/internal/agentapi"
)

// tell gives the stand-in a command, as `halab agent behind` does.
func tell(t *testing.T, control, server, state string, more ...string) agentapi.BehindReply {
	t.Helper()
	var out bytes.Buffer
	args := append([]string{"--socket", control, "set", server, state}, more...)
	if err := behind.Command(t.Context(), args, command.Output{Answer: &out, Story: io.Discard}); err != nil {
		t.Fatal(err)
	}
	var reply agentapi.BehindReply
	if err := json.Unmarshal(out.Bytes(), &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// authority is one that signs, as PEM.
func authority(t *testing.T) (certificate, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, own.Public(), own)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// standing runs a stand-in until the test ends.
func standing(t *testing.T, d agentapi.Behind) (control string) {
	t.Helper()
	control = filepath.Join(t.TempDir(), "s")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- behind.Run(ctx, d, control, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	await(t, "the stand-in", func() string {
		conn, err := net.Dial("unix", control)
		if err != nil {
			return err.Error()
		}
		_ = conn.Close()
		return ""
	})
	return control
}

// free is an address of the loopback network that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", here()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// One server in trouble leaves the others alone, and is known by each of its names
// and by its address.
func TestEachServerAlone(t *testing.T) {
	one, two := free(t), free(t)
	control := standing(t, agentapi.Behind{Listeners: []agentapi.BehindListener{
		{Address: one, Servers: []string{"shop/a", "api/a"}, Speaks: agentapi.BehindHTTP, Answers: []agentapi.BehindAnswer{{Method: "GET", Path: "/up?x=1", Status: 202, Headers: map[string]string{"X-A": "b"}, Body: "yes"}}},
		{Address: two, Servers: []string{"shop/b"}, Speaks: agentapi.BehindTCP},
	}})
	if body := get(t, "http://"+one+"/up?x=1"); body != "yes" {
		t.Errorf("the check's request: %q", body)
	}
	for _, name := range []string{"api/a", "shop/a", one} {
		reply := tell(t, control, name, agentapi.BehindError)
		if len(reply.Listeners) != 1 || reply.Listeners[0].State != agentapi.BehindError || reply.Listeners[0].Address != one {
			t.Errorf("%s: %+v", name, reply)
		}
		if body := get(t, "http://"+one+"/"); !strings.Contains(body, "made to fail") {
			t.Errorf("%s: %s", name, body)
		}
		tell(t, control, name, agentapi.BehindUp)
	}
	tell(t, control, "shop/a", agentapi.BehindKill)
	if conn, err := net.Dial("tcp", one); err == nil {
		conn.Close()
		t.Error("a dead server listens")
	}
	conn, err := net.Dial("tcp", two)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "still here"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	tell(t, control, "shop/a", agentapi.BehindSlow, "300")
	begin := time.Now()
	if get(t, "http://"+one+"/"); time.Since(begin) < 300*time.Millisecond {
		t.Errorf("a slow server answered after %s", time.Since(begin))
	}
}

// What can't be done is said, and nothing changes.
func TestWrongOrders(t *testing.T) {
	at := free(t)
	control := standing(t, agentapi.Behind{Listeners: []agentapi.BehindListener{{Address: at, Servers: []string{"a/b"}, Speaks: agentapi.BehindTCP}}})
	for _, args := range [][]string{{}, {"run"}, {"run", "/nowhere"}, {"set", "a/b"}, {"set", "a/c", "up"}, {"set", "a/b", "asleep"}, {"set", "a/b", "slow", "x"}} {
		if err := behind.Command(t.Context(), append([]string{"--socket", control}, args...), command.Output{Answer: io.Discard, Story: io.Discard}); err == nil {
			t.Errorf("%q is done", args)
		}
	}
	var out bytes.Buffer
	if err := behind.Command(t.Context(), []string{"--socket", control, "state"}, command.Output{Answer: &out, Story: io.Discard}); err != nil || !strings.Contains(out.String(), `"state":"up"`) {
		t.Errorf("%v %s", err, out.String())
	}
	err := behind.Run(t.Context(), agentapi.Behind{Listeners: []agentapi.BehindListener{{Address: at, Servers: []string{"other/x"}, Speaks: agentapi.BehindTCP}}}, filepath.Join(t.TempDir(), "s"), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "other/x") {
		t.Errorf("an address that is taken: %v", err)
	}
}

// Names in the files have the lab's addresses, others do not exist.
func TestNames(t *testing.T) {
	at := free(t)
	standing(t, agentapi.Behind{DNS: &agentapi.BehindDNS{Listen: []string{at},
		Names:    map[string][]string{"app.example.org": {"198.19.0.1", "198.19.0.2", "2001:db8::1"}},
		Services: map[string][]agentapi.SRV{"_http._tcp.example.org": {{Target: "server-1.example.org", Port: 80}}}}})
	for _, c := range []struct {
		name, network string
		kind          uint16
		rcode, count  int
	}{
		{"app.example.org.", "udp", dns.TypeA, dns.RcodeSuccess, 2}, {"APP.Example.org.", "tcp", dns.TypeAAAA, dns.RcodeSuccess, 1},
		{"app.example.org.", "udp", dns.TypeMX, dns.RcodeSuccess, 0}, {"_http._tcp.example.org.", "udp", dns.TypeSRV, dns.RcodeSuccess, 1},
		{"other.example.org.", "udp", dns.TypeA, dns.RcodeNameError, 0},
	} {
		client := dns.Client{Net: c.network, Timeout: 5 * time.Second}
		m := new(dns.Msg)
		m.SetQuestion(c.name, c.kind)
		r, _, err := client.Exchange(m, at)
		if err != nil || r.Rcode != c.rcode || len(r.Answer) != c.count {
			t.Errorf("%s %s: %v %v", c.name, dns.TypeToString[c.kind], r, err)
		}
	}
}
