package docker

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	dockercontext "github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/go-connections/tlsconfig"
)

// defaultContext is the context that stands for the environment itself.
const defaultContext = "default"

// configFolder is where the docker command keeps its configuration.
func configFolder() string {
	if folder := os.Getenv("DOCKER_CONFIG"); folder != "" {
		return folder
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// currentContext is the context that the environment or Docker's configuration
// asks for, or "" where neither does.
func currentContext() (string, error) {
	if name := os.Getenv("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	path := filepath.Join(configFolder(), "config.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("docker's configuration: %w; mend its permissions or set DOCKER_HOST", err)
	}
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return "", fmt.Errorf("docker's configuration %s: %w; mend it or set DOCKER_HOST", path, err)
	}
	return config.CurrentContext, nil
}

// contextTarget makes a target of a Docker context.
func contextTarget(name string) (target, error) {
	contexts := store.New(filepath.Join(configFolder(), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(dockercontext.DockerEndpoint, func() any { return &dockercontext.EndpointMeta{} }),
	))
	metadata, err := contexts.GetMetadata(name)
	if err != nil {
		return target{}, fmt.Errorf("docker context %q: %w; known contexts: %s (see docker context ls)", name, err, knownContexts(contexts))
	}
	meta, err := dockercontext.EndpointFromContext(metadata)
	if err != nil {
		return target{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	endpoint, err := dockercontext.WithTLSData(contexts, name, meta)
	if err != nil {
		return target{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	where, err := urlTarget(meta.Host, func() (*tls.Config, error) { return contextTLS(endpoint) })
	if err != nil {
		return target{}, fmt.Errorf("docker context %q: %w", name, err)
	}
	where.name = fmt.Sprintf("%s (context %s)", meta.Host, name)
	return where, nil
}

func knownContexts(contexts store.Lister) string {
	names, _ := store.Names(contexts)
	names = append(names, defaultContext)
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// contextTLS turns the keys kept with a context into a TLS configuration, or
// nil where the context has none.
func contextTLS(endpoint dockercontext.Endpoint) (*tls.Config, error) {
	data := endpoint.TLSData
	if data == nil && !endpoint.SkipTLSVerify {
		return nil, nil
	}
	config := tlsconfig.ClientDefault()
	config.InsecureSkipVerify = endpoint.SkipTLSVerify
	if data == nil {
		return config, nil
	}
	if data.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data.CA) {
			return nil, errors.New("its ca.pem holds no certificate")
		}
	}
	if data.Key != nil && data.Cert != nil {
		pair, err := tls.X509KeyPair(data.Cert, data.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
