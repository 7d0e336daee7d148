// Package docker drives a Docker Engine in the words of package engine. It is
// the only importer of the Docker SDK.
package docker

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"halab/internal/engine"
)

const (
	// minimumAPI is the API of Docker Engine 20.10, the oldest that is tested.
	minimumAPI = "1.41"
	// endpointMACAPI is the first API that takes a MAC address for each
	// network, and ignores the one of the whole container.
	endpointMACAPI = "1.44"
	// idleConnections is how many connections are kept for the next call. A lab
	// is started with about 20 calls at once; the SDK would keep 2.
	idleConnections = 32
	idleTime        = 30 * time.Second
)

// Engine is one Docker Engine. It is safe for use by several goroutines.
type Engine struct {
	name       string // the endpoint as messages show it
	api        *client.Client
	transport  *http.Transport
	base       string        // scheme, host and path before /v1.NN
	turn       chan struct{} // held by the call that asks for the version
	negotiated atomic.Bool
}

// Open prepares to talk to the engine at host and makes no connection yet; the
// first call does, and agrees on the API version with a single request more.
//
// An empty host means what it means to the docker command: DOCKER_HOST, then
// DOCKER_CONTEXT, then the current context of Docker's configuration, then the
// default socket. Otherwise host is a URL (unix://, tcp://, ssh://) or the name
// of a Docker context. tcp:// uses TLS as DOCKER_CERT_PATH and
// DOCKER_TLS_VERIFY say.
func Open(_ context.Context, host string) (*Engine, error) {
	where, err := resolve(host)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		MaxIdleConns:        idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTime,
		TLSClientConfig:     where.tls,
	}
	options := []client.Opt{
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
		client.WithHost(where.url),
		client.WithVersionFromEnv(),
	}
	if where.dial != nil {
		options = append(options, client.WithDialContext(where.dial))
	}
	api, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, fmt.Errorf("docker endpoint %s: %w; use unix://PATH, tcp://HOST:PORT, ssh://USER@HOST or the name of a Docker context", where.name, err)
	}
	if where.dial != nil {
		transport.Proxy = nil // the dialer is the way there already
	}
	return &Engine{
		name:      where.name,
		api:       api,
		transport: transport,
		base:      where.base(),
		turn:      make(chan struct{}, 1),
	}, nil
}

// Endpoint is the engine's address, as messages show it.
func (e *Engine) Endpoint() string { return e.name }

// Close gives back the idle connections.
func (e *Engine) Close() error {
	err := e.api.Close()
	e.transport.CloseIdleConnections()
	return err
}

// ready agrees on the API version, once. Callers that come meanwhile wait for
// the first one's answer, or for their own context.
func (e *Engine) ready(ctx context.Context) error {
	if e.negotiated.Load() {
		return nil
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return e.fail("ask for the API version", ctx.Err())
	}
	if e.negotiated.Load() {
		return nil
	}
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return e.fail("ask for the API version", err)
	}
	e.api.NegotiateAPIVersionPing(ping)
	if version := e.api.ClientVersion(); versions.LessThan(version, minimumAPI) {
		return fmt.Errorf("%w: the one at %s speaks API %s and halab needs %s: install Docker Engine 20.10 or newer there (and unset DOCKER_API_VERSION where it asks for less)",
			engine.ErrTooOld, e.name, version, minimumAPI)
	}
	e.negotiated.Store(true)
	return nil
}

// Info describes the engine and its host.
func (e *Engine) Info(ctx context.Context) (engine.Info, error) {
	if err := e.ready(ctx); err != nil {
		return engine.Info{}, err
	}
	info, err := e.api.Info(ctx)
	if err != nil {
		return engine.Info{}, e.fail("ask for the engine's description", err)
	}
	cgroup := info.CgroupVersion
	if cgroup == "" {
		cgroup = "1"
	}
	return engine.Info{
		Version:       info.ServerVersion,
		APIVersion:    e.api.ClientVersion(),
		OS:            info.OSType,
		Arch:          info.Architecture,
		Kernel:        info.KernelVersion,
		CPUs:          info.NCPU,
		Memory:        info.MemTotal,
		DataRoot:      info.DockerRootDir,
		CgroupVersion: cgroup,
		RootCgroup:    rootCgroup(info.CgroupDriver, info.SecurityOptions),
		Name:          info.Name,

		NetworkDrivers: info.Plugins.Network,
		SystemTime:     parseTime(info.SystemTime),
	}, nil
}

// rootCgroup finds the top of the host's control groups as containers may name
// it. Under systemd the host's processes are in groups of their own, of the same
// weight as the containers' one, and nothing needs to be moved; an engine
// without root may not.
func rootCgroup(driver string, security []string) string {
	rootless := slices.ContainsFunc(security, func(s string) bool { return strings.Contains(s, "name=rootless") })
	if driver != "cgroupfs" || rootless {
		return ""
	}
	return "/"
}
