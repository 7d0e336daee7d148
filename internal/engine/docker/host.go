package docker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"
)

// sshAddress stands for the engine at the far end of an ssh connection, which
// has no address of its own. The domain can't exist (RFC 2606, section 2).
const sshAddress = "http://docker.invalid"

// target is where an engine is and how to get there.
type target struct {
	name string // for messages
	url  string // for the SDK
	tls  *tls.Config
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// base is what stands before the API version in the URL of a request.
func (t target) base() string {
	scheme, rest, _ := strings.Cut(t.url, "://")
	switch {
	case scheme == "unix":
		return "http://" + client.DummyHost
	case t.tls != nil:
		return "https://" + strings.TrimSuffix(rest, "/")
	default:
		return "http://" + strings.TrimSuffix(rest, "/")
	}
}

// resolve finds the engine that host names; an empty host is looked up as the
// docker command does.
func resolve(host string) (target, error) {
	if host == "" {
		host = os.Getenv(client.EnvOverrideHost)
	}
	if host == "" {
		var err error
		if host, err = currentContext(); err != nil {
			return target{}, err
		}
	}
	if host == "" || host == defaultContext {
		host = client.DefaultDockerHost
		if env := os.Getenv(client.EnvOverrideHost); env != "" {
			host = env
		}
	}
	if !strings.Contains(host, "://") {
		return contextTarget(host)
	}
	return urlTarget(host, tlsFromEnv)
}

// urlTarget makes a target of a URL; security is asked only where TLS can be.
func urlTarget(host string, security func() (*tls.Config, error)) (target, error) {
	scheme, _, _ := strings.Cut(host, "://")
	where := target{name: host, url: host}
	switch scheme {
	case "unix":
		return where, nil
	case "ssh":
		return sshTarget(host)
	case "tcp", "http", "https":
		var err error
		if where.tls, err = security(); err != nil {
			return target{}, fmt.Errorf("TLS files for docker endpoint %s: %w; see DOCKER_CERT_PATH and DOCKER_TLS_VERIFY", host, err)
		}
		return where, nil
	default:
		return target{}, fmt.Errorf("docker endpoint %s: unknown scheme %q; use unix://PATH, tcp://HOST:PORT, ssh://USER@HOST or the name of a Docker context", host, scheme)
	}
}

// sshConfig is the parameter of an ssh:// URL that names a configuration for ssh
// to read in place of the user's own.
const sshConfig = "config"

// sshTarget makes a target of ssh://[USER@]HOST[:PORT][?config=FILE].
func sshTarget(host string) (target, error) {
	const form = "write it as ssh://USER@HOST, or ssh://HOST?config=FILE with an ssh configuration of its own"
	u, err := url.Parse(host)
	if err != nil {
		return target{}, fmt.Errorf("docker endpoint %s: %w; %s", host, err, form)
	}
	var flags []string
	query := u.Query()
	if file := query.Get(sshConfig); file != "" {
		if err := checkSSHConfig(file); err != nil {
			return target{}, fmt.Errorf("docker endpoint %s: its ssh configuration: %w", host, err)
		}
		// The connection helper would set 30 s, before anything that the file says.
		flags = []string{"-F", file, "-o", "ConnectTimeout=8"}
		query.Del(sshConfig)
	}
	u.RawQuery = query.Encode()
	helper, err := connhelper.GetConnectionHelperWithSSHOpts(u.String(), flags)
	if err != nil {
		return target{}, fmt.Errorf("docker endpoint %s: %w; %s", host, err, form)
	}
	return target{name: host, url: sshAddress, dial: helper.Dialer}, nil
}

// tlsFromEnv reads DOCKER_CERT_PATH and DOCKER_TLS_VERIFY as the docker command
// does: without either there is no TLS, and with DOCKER_TLS_VERIFY alone the
// files are those of Docker's configuration folder.
func tlsFromEnv() (*tls.Config, error) {
	folder, verify := os.Getenv(client.EnvOverrideCertPath), os.Getenv(client.EnvTLSVerify) != ""
	if folder == "" {
		if !verify {
			return nil, nil
		}
		folder = configFolder()
	}
	return tlsconfig.Client(tlsconfig.Options{
		CAFile:             filepath.Join(folder, "ca.pem"),
		CertFile:           filepath.Join(folder, "cert.pem"),
		KeyFile:            filepath.Join(folder, "key.pem"),
		InsecureSkipVerify: !verify,
	})
}
