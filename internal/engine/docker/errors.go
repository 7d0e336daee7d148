package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"halab/internal/engine"
	"halab/internal/problem"
)

// fail says what was being done when err came, marks err with one of package
// engine's errors where one fits, and adds what to run where that is known.
func (e *Engine) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	text := strings.TrimPrefix(err.Error(), "Error response from daemon: ")
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s at %s: %w", doing, e.name, err)
	case errors.Is(err, fs.ErrPermission):
		return problem.New("%w", &failure{kind: engine.ErrNoPermission, cause: err, text: fmt.Sprintf("%s: %s: %s", engine.ErrNoPermission, e.name, doing)}).
			Cure("add yourself to the group docker and log in again, or use sudo", "usermod -aG docker $USER")
	case isConnection(err):
		return e.cure(problem.New("%w", &failure{kind: engine.ErrUnreachable, cause: err,
			text: fmt.Sprintf("%s: %s: %s: %s", engine.ErrUnreachable, e.name, doing, e.reason(text))}))
	default:
		return lostNetwork(text, &failure{kind: kindOf(err, text), cause: err, text: doing + ": " + text})
	}
}

// lostNetwork adds the cure where the engine's macvlan driver and the engine's list
// of networks differ. An engine that starts while the interface under a network
// is missing, as after a boot, keeps the network in its list and forgets it in
// the driver; one that is removed in that state is remembered by the driver at a
// later start (libnetwork, drivers/macvlan: populateNetworks, DeleteNetwork).
func lostNetwork(text string, err error) error {
	switch {
	case strings.Contains(text, "network id ") && strings.HasSuffix(text, "not found"):
		return problem.New("%w", err).Cure("the engine lost this network when it started; make it anew", "halab down", "halab up")
	case strings.Contains(text, "is already using parent interface"):
		return problem.New("%w", err).Cure("if docker network ls has no such network, the engine remembers one that is gone; it forgets it when it starts while the lab is down",
			"halab down", "systemctl restart docker", "halab up")
	}
	return err
}

// kindOf is which of package engine's errors an answer of the engine is, or nil.
// Where engines give the wrong status, their text tells.
func kindOf(err error, text string) error {
	has := func(sign string) bool { return strings.Contains(text, sign) }
	switch {
	case errdefs.IsNotFound(err), has("dead or marked for removal"): // 409 for a log that goes with its container
		return engine.ErrNotFound
	case errdefs.IsConflict(err):
		return engine.ErrConflict
	case has("No such container"): // 400 or 500 when the container to be joined isn't there
		return engine.ErrNotFound
	case has("no space left on device"):
		return engine.ErrNoSpace
	case has("has active endpoints"), // 403 for a network in use
		has("Address already in use"), // 403 for an address on a network
		has("Pool overlaps"):          // 403 for a subnet
		return engine.ErrConflict
	default:
		return nil
	}
}

// failure is an error with a text of our own that is still the error it came
// from, and one of package engine's.
type failure struct {
	kind  error // may be nil
	cause error
	text  string
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.kind, f.cause}
}

// isConnection tells the loss of the engine from an answer that we don't like.
func isConnection(err error) bool {
	var network *net.OpError
	var request *url.Error
	return client.IsErrConnectionFailed(err) || errors.As(err, &network) || errors.As(err, &request) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// reason replaces the SDK's wording of a failed connection, which names an
// address twice and asks a question, by what can be seen from here.
func (e *Engine) reason(text string) string {
	path, local := strings.CutPrefix(e.name, "unix://")
	if local {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "there is no such socket"
		}
	}
	if strings.HasPrefix(text, "Cannot connect to the Docker daemon") {
		return "nothing answers there"
	}
	return strings.TrimPrefix(text, "error during connect: ")
}

// cure adds what to do when the engine can't be reached.
func (e *Engine) cure(p *problem.Problem) error {
	scheme, rest, _ := strings.Cut(e.name, "://")
	rest, _, _ = strings.Cut(rest, " ")
	switch scheme {
	case "unix":
		return p.Cure("the Docker engine isn't running", "systemctl start docker").Cure("where it isn't installed", "apt-get install docker.io")
	default:
		return p.Cure("is its host up, and the address right?", fmt.Sprintf("docker -H %s://%s version", scheme, rest))
	}
}
