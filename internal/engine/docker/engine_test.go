package docker

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"syscall"
	"testing"
	"time"

	"halab/internal/engine"
	"halab/internal/problem"
)

func TestVersionIsAgreedOnOnceAndLazily(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /containers/json", 200, "[]")
	e := s.open(t)
	if got := s.seen(); len(got) != 0 {
		t.Fatalf("Open made requests: %q", got)
	}
	var all sync.WaitGroup
	for range 17 {
		all.Go(func() {
			if _, err := e.Containers(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if pings, lists := s.count("HEAD /_ping"), s.count("GET /containers/json"); pings != 1 || lists != 17 {
		t.Errorf("%d pings and %d lists, want 1 and 17", pings, lists)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	s := newServer(t, "1.41")
	var mu sync.Mutex
	made := 0
	e := s.open(t)
	dial := e.transport.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	e.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		made++
		mu.Unlock()
		return dial(ctx, network, address)
	}
	s.on("GET /volumes", 200, `{"Volumes":[]}`)
	for range 5 {
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := e.Volumes(t.Context(), nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if made > 20 {
		t.Errorf("%d connections for 10 calls at a time", made)
	}
}

func TestTooOld(t *testing.T) {
	e := newServer(t, "1.40").open(t)
	_, err := e.Containers(t.Context(), nil)
	if !errors.Is(err, engine.ErrTooOld) {
		t.Fatalf("got %v", err)
	}
	contains(t, "error", err.Error(), "1.40", "1.41", "install Docker Engine 20.10")
}

func TestUnreachable(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	missing := filepath.Join(t.TempDir(), "docker.sock")
	dead := filepath.Join(t.TempDir(), "dead.sock")
	listener, err := net.Listen("unix", dead)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = listener.Close()
	for _, test := range []struct {
		name, host string
		signs      []string
	}{
		{"nobody listens", "tcp://" + gone.Addr().String(), []string{"nothing answers", "docker -H tcp://" + gone.Addr().String()}},
		{"no socket", "unix://" + missing, []string{"no such socket", "systemctl start docker", "apt-get install docker.io", missing}},
		{"a socket without an engine", "unix://" + dead, []string{"nothing answers", "systemctl start docker"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := openHost(t, test.host).Info(t.Context())
			if !errors.Is(err, engine.ErrUnreachable) {
				t.Fatalf("got %v", err)
			}
			contains(t, "error", problem.Of(err).Text(), test.signs...)
		})
	}
}

func TestNoPermission(t *testing.T) {
	e := openHost(t, "unix:///var/run/docker.sock")
	refusal := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	err := e.fail("list containers", refusal)
	if !errors.Is(err, engine.ErrNoPermission) || errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	contains(t, "error", problem.Of(err).Text(), "group docker", "sudo", "/var/run/docker.sock")
}

// A host that takes the connection and says nothing must not outlast the
// context, and neither must the calls that wait behind the first.
func TestSilentEngine(t *testing.T) {
	e := openHost(t, silent(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	returns(t, "a call to a silent engine", func() {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := e.Containers(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
	})
}

func TestErrorKinds(t *testing.T) {
	for _, test := range []struct {
		status  int
		message string
		want    error
	}{
		{404, "No such container: x", engine.ErrNotFound},
		{409, "Container x is not running", engine.ErrConflict},
		{500, "No such container: node", engine.ErrNotFound},
		{403, "error while removing network: network n id 1 has active endpoints", engine.ErrConflict},
		{403, "Address already in use", engine.ErrConflict},
		{500, "something else", nil},
	} {
		s := newServer(t, "1.41")
		s.on("POST /containers/x/start", test.status, `{"message":"`+test.message+`"}`)
		err := s.open(t).ContainerStart(t.Context(), "x")
		for _, kind := range []error{engine.ErrNotFound, engine.ErrConflict, engine.ErrUnreachable, engine.ErrNoPermission} {
			if errors.Is(err, kind) != (kind == test.want) {
				t.Errorf("%d %s: %v is %q: %v", test.status, test.message, err, kind, errors.Is(err, kind))
			}
		}
		if want := "start container x: " + test.message; err == nil || err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestContainersAreMapped(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /containers/json", 200, `[{"Id":"abc","Names":["/other/alias","/n1"],"Image":"halab/node:x","ImageID":"sha256:1","State":"paused","Labels":{"halab.lab":"one"}}]`)
	s.on("GET /containers/abc/json", 200, `{"Id":"abc","Name":"/n1","Image":"sha256:1","Config":{"Image":"halab/node:x","Labels":{"halab.lab":"one"}},
		"State":{"Status":"exited","ExitCode":137,"Pid":0,"StartedAt":"2026-01-02T03:04:05.000000006Z","FinishedAt":"0001-01-01T00:00:00Z"}}`)
	e := s.open(t)
	listed, err := e.Containers(t.Context(), engine.Filter{"halab.lab": "one"})
	want := []engine.Container{{ID: "abc", Name: "n1", Image: "halab/node:x", ImageID: "sha256:1", State: engine.StatePaused, Labels: map[string]string{"halab.lab": "one"}}}
	if err != nil || !reflect.DeepEqual(listed, want) {
		t.Errorf("listed %+v, %v; want %+v", listed, err, want)
	}
	one, err := e.Inspect(t.Context(), "abc")
	if err != nil || one.Name != "n1" || one.Image != "halab/node:x" || one.ImageID != "sha256:1" || one.State != engine.StateExited ||
		one.ExitCode != 137 || !one.Started.Equal(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)) || !one.Finished.IsZero() {
		t.Errorf("inspected %+v, %v", one, err)
	}
}

func TestNetworkIsMappedBothWays(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /networks", 200, `[{"Id":"n","Name":"lab","Driver":"macvlan","Options":{"parent":"p0"},"Labels":{"a":"b"},
		"IPAM":{"Config":[{"Subnet":"192.0.2.0/24","Gateway":"192.0.2.254/24"},{"Subnet":"2001:db8::/64"}]}}]`)
	body := s.onJSON(t, "POST /networks/create", 201, `{"Id":"n"}`)
	e := s.open(t)
	found, err := e.Networks(t.Context(), nil)
	want := engine.Network{
		ID: "n", Name: "lab", Driver: "macvlan", Options: map[string]string{"parent": "p0"}, Labels: map[string]string{"a": "b"},
		Subnets: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/64")},
		Gateway: netip.MustParseAddr("192.0.2.254"),
	}
	if err != nil || len(found) != 1 || !reflect.DeepEqual(found[0], want) {
		t.Errorf("found %+v, %v; want %+v", found, err, want)
	}
	if id, err := e.NetworkCreate(t.Context(), want); err != nil || id != "n" {
		t.Errorf("created %q, %v", id, err)
	}
	pools := dig(*body, "IPAM.Config").([]any)
	if len(pools) != 2 || dig(pools[0], "Subnet") != "192.0.2.0/24" || dig(pools[0], "Gateway") != "192.0.2.254" || dig(pools[1], "Gateway") != nil {
		t.Errorf("asked for %v", pools)
	}
	if (*body)["Driver"] != "macvlan" || dig(*body, "Options.parent") != "p0" {
		t.Errorf("asked for %v", *body)
	}
}

func TestRemoveWaitsForARemovalUnderWay(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("DELETE /containers/x", 409, `{"message":"removal of container x is already in progress"}`)
	s.on("POST /containers/x/wait", 200, `{"StatusCode":0}`)
	if err := s.open(t).ContainerRemove(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	if s.count("POST /containers/x/wait") != 1 {
		t.Errorf("requests: %q", s.seen())
	}
}

func TestEvents(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /events", 200, `{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"halab.lab":"one"}},"timeNano":1500000000000000042}
{"Type":"container","Action":"exec_create: /bin/sh -c secret","Actor":{"ID":"abc"},"timeNano":1500000000000000043}`)
	e := s.open(t)
	var got []engine.Event
	ready := 0
	take := func(event engine.Event) error {
		if ready != 1 {
			t.Errorf("an event after %d words that the engine listens", ready)
		}
		got = append(got, event)
		return nil
	}
	err := e.Events(t.Context(), engine.Filter{"halab.lab": "one"}, func() { ready++ }, take)
	if !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("a stream that ends: %v", err)
	}
	if len(got) != 2 || got[0].Action != "die" || got[0].Container != "abc" || got[0].Labels["halab.lab"] != "one" ||
		got[0].Time.UnixNano() != 1500000000000000042 || got[1].Action != "exec_create" {
		t.Errorf("got %+v", got)
	}
	enough := errors.New("enough")
	if err := e.Events(t.Context(), nil, func() {}, func(engine.Event) error { return enough }); err != enough {
		t.Errorf("the reader's own error came back as %v", err)
	}
}
