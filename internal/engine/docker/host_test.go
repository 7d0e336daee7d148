package docker

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"halab/internal/engine"
	"halab/internal/problem"
)

// cleanEnv is an environment without any of Docker's settings.
func cleanEnv(t *testing.T) (configFolder string) {
	t.Helper()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION"} {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	t.Setenv("DOCKER_CONFIG", folder)
	return folder
}

// addContext keeps a Docker context as the docker command does.
func addContext(t *testing.T, folder, name, host string, keys map[string][]byte) {
	t.Helper()
	id := digest.FromString(name).Encoded()
	meta, err := json.Marshal(map[string]any{
		"Name": name, "Metadata": map[string]any{}, "Endpoints": map[string]any{"docker": map[string]any{"Host": host, "SkipTLSVerify": false}},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "contexts", "meta", id, "meta.json"), meta)
	for file, data := range keys {
		write(t, filepath.Join(folder, "contexts", "tls", id, "docker", file), data)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		name, host string
		env        map[string]string
		config     string
		want       string // the URL
		wantName   string // "" : as the URL
		fails      []string
	}{
		{name: "nothing said", want: "unix:///var/run/docker.sock"},
		{name: "default by name", host: "default", want: "unix:///var/run/docker.sock"},
		{name: "DOCKER_HOST", env: map[string]string{"DOCKER_HOST": "tcp://192.0.2.1:2375"}, want: "tcp://192.0.2.1:2375"},
		{name: "DOCKER_HOST before DOCKER_CONTEXT", env: map[string]string{"DOCKER_HOST": "tcp://192.0.2.1:2375", "DOCKER_CONTEXT": "far"}, want: "tcp://192.0.2.1:2375"},
		{name: "DOCKER_CONTEXT", env: map[string]string{"DOCKER_CONTEXT": "far"}, want: "tcp://192.0.2.9:2375", wantName: "tcp://192.0.2.9:2375 (context far)"},
		{name: "current context", config: `{"currentContext":"far"}`, want: "tcp://192.0.2.9:2375", wantName: "tcp://192.0.2.9:2375 (context far)"},
		{name: "DOCKER_CONTEXT before the current one", config: `{"currentContext":"far"}`, env: map[string]string{"DOCKER_CONTEXT": "default"}, want: "unix:///var/run/docker.sock"},
		{name: "a context by name", host: "local", want: "unix:///run/other.sock", wantName: "unix:///run/other.sock (context local)"},
		{name: "by URL before all", host: "unix:///x.sock", env: map[string]string{"DOCKER_HOST": "tcp://192.0.2.1:2375"}, want: "unix:///x.sock"},
		{name: "ssh", host: "ssh://root@192.0.2.7:2222", want: sshAddress, wantName: "ssh://root@192.0.2.7:2222"},
		{name: "ssh by context", host: "shell", want: sshAddress, wantName: "ssh://me@192.0.2.8 (context shell)"},
		{name: "no such context", host: "fra", fails: []string{`"fra"`, "default, far, local, shell", "docker context ls"}},
		{name: "a strange scheme", host: "ftp://x", fails: []string{`"ftp"`, "ssh://USER@HOST"}},
		{name: "a broken configuration", config: `{`, fails: []string{"config.json", "DOCKER_HOST"}},
		{name: "ssh with a configuration that is not there", host: "ssh://x?config=/no/such/file", fails: []string{"/no/such/file", "its ssh configuration"}},
		{name: "ssh with a parameter of another name", host: "ssh://x?key=/k", fails: []string{"ssh://HOST?config=FILE"}},
		{name: "ssh with a password", host: "ssh://me:secret@x", fails: []string{"ssh://USER@HOST"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := cleanEnv(t)
			addContext(t, folder, "far", "tcp://192.0.2.9:2375", nil)
			addContext(t, folder, "local", "unix:///run/other.sock", nil)
			addContext(t, folder, "shell", "ssh://me@192.0.2.8", nil)
			if test.config != "" {
				write(t, filepath.Join(folder, "config.json"), []byte(test.config))
			}
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			got, err := resolve(test.host)
			if test.fails != nil {
				if err == nil {
					t.Fatal("no error")
				}
				contains(t, "error", err.Error(), test.fails...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.wantName == "" {
				test.wantName = test.want
			}
			if got.url != test.want || got.name != test.wantName {
				t.Errorf("got %s as %q, want %s as %q", got.url, got.name, test.want, test.wantName)
			}
		})
	}
}

// tlsEngine is an engine that wants a client certificate, and the files to
// reach it with.
func tlsEngine(t *testing.T) (address string, keys map[string][]byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 {
			t.Error("no client certificate")
		}
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/exec"):
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"Id":"e1"}`)
		case strings.HasSuffix(r.URL.Path, "/start"):
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"+frame(1, "over TLS"))
			_ = conn.Close()
		case strings.HasSuffix(r.URL.Path, "/exec/e1/json"):
			_, _ = io.WriteString(w, `{"ExitCode":3}`)
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that don't trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	private, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server.Listener.Addr().String(), map[string][]byte{
		"ca.pem": certificate, "cert.pem": certificate, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

func TestTLS(t *testing.T) {
	address, keys := tlsEngine(t)
	check := func(t *testing.T, host string) {
		t.Helper()
		e, err := Open(t.Context(), host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		if _, err := e.Containers(t.Context(), nil); err != nil {
			t.Errorf("list: %v", err)
		}
		var stdout bytes.Buffer
		code, err := e.Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"x"}, Stdout: &stdout})
		if code != 3 || err != nil || stdout.String() != "over TLS" {
			t.Errorf("exec: %d, %v, %q", code, err, stdout.String())
		}
	}
	t.Run("from the environment", func(t *testing.T) {
		folder := cleanEnv(t)
		for file, data := range keys {
			write(t, filepath.Join(folder, file), data)
		}
		t.Setenv("DOCKER_CERT_PATH", folder)
		t.Setenv("DOCKER_TLS_VERIFY", "1")
		check(t, "tcp://"+address)
	})
	t.Run("from a context", func(t *testing.T) {
		addContext(t, cleanEnv(t), "secure", "tcp://"+address, keys)
		check(t, "secure")
	})
	t.Run("without the keys", func(t *testing.T) {
		folder := cleanEnv(t)
		t.Setenv("DOCKER_CERT_PATH", folder)
		_, err := Open(t.Context(), "tcp://"+address)
		if err == nil {
			t.Fatal("no error")
		}
		contains(t, "error", err.Error(), "DOCKER_CERT_PATH", folder)
	})
	t.Run("an engine that isn't trusted", func(t *testing.T) {
		addContext(t, cleanEnv(t), "bare", "tcp://"+address, map[string][]byte{"cert.pem": keys["cert.pem"], "key.pem": keys["key.pem"]})
		e, err := Open(t.Context(), "bare")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = e.Containers(t.Context(), nil); !errors.Is(err, engine.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
}

// dialEnv names the address that the stand-in for ssh connects to.
const dialEnv = "HALAB_TEST_DIAL"

// TestSSH puts a stand-in for ssh in the path: this test's own program, which
// joins its standard streams to the engine.
func TestSSH(t *testing.T) {
	if address := os.Getenv(dialEnv); address != "" {
		standIn(t, address)
		return
	}
	s, _ := execServer(t, func(conn net.Conn, input io.Reader) {
		text, _ := io.ReadAll(input)
		_, _ = io.WriteString(conn, frame(1, strings.ToUpper(string(text))))
	})
	s.on("GET /containers/json", 200, "[]")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := "#!/bin/sh\necho \"$@\" >" + bin + "/arguments\nexec env " + dialEnv + "=" + s.Listener.Addr().String() + " " + program + " -test.run=^TestSSH$\n"
	write(t, filepath.Join(bin, "ssh"), []byte(script))
	if err := os.Chmod(filepath.Join(bin, "ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	cleanEnv(t)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // must not be asked

	e := openHost(t, "ssh://root@192.0.2.7")
	if _, err := e.Containers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	returns(t, "exec over ssh", func() {
		var stdout bytes.Buffer
		code, err := e.Exec(t.Context(), "n1", engine.ExecSpec{Command: []string{"cat"}, Stdin: strings.NewReader("hello"), Stdout: &stdout})
		if code != 5 || err != nil || stdout.String() != "HELLO" {
			t.Errorf("%d, %v, %q", code, err, stdout.String())
		}
	})
	arguments, err := os.ReadFile(filepath.Join(bin, "arguments"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "ssh", string(arguments), "192.0.2.7", "docker system dial-stdio")

	write(t, filepath.Join(bin, "a config"), nil)
	if _, err := openHost(t, "ssh://root@192.0.2.7?config="+bin+"/a+config").Containers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if arguments, err = os.ReadFile(filepath.Join(bin, "arguments")); err != nil {
		t.Fatal(err)
	}
	contains(t, "ssh with a configuration", string(arguments), "-F "+bin+"/a config -o ConnectTimeout=8 ", "192.0.2.7", "docker system dial-stdio")

	write(t, filepath.Join(bin, "ssh"), []byte("#!/bin/sh\nread -r request\necho Host key verification failed >&2\nexit 255\n"))
	_, err = openHost(t, "ssh://root@192.0.2.7").Containers(t.Context(), nil)
	if !errors.Is(err, engine.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
	contains(t, "error", problem.Of(err).Text(), "Host key verification failed", "docker -H ssh://root@192.0.2.7 version")
}

func standIn(t *testing.T, address string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(os.Stdout, conn)
	os.Exit(0)
}
