package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"halab/internal/agentapi"
)

// HostUp makes the interfaces that the lab needs on the engine's host, by a
// short-lived helper container: the parent pair and the host's leg.
func (l *Lab) HostUp(ctx context.Context, image string, r agentapi.NetworkRequest) error {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	return l.hostUp(ctx, image, r, &tidy)
}

// HostLook asks a helper for the network namespace of the engine's host, and
// changes nothing there.
func (l *Lab) HostLook(ctx context.Context, image string, r agentapi.NetworkRequest) (string, error) {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	reply, err := l.helper(ctx, image, "look", r, &tidy)
	return reply.Namespace, err
}

func (l *Lab) hostUp(ctx context.Context, image string, r agentapi.NetworkRequest, tidy *sync.WaitGroup) error {
	reply, err := l.helper(ctx, image, "up", r, tidy)
	l.namespace = reply.Namespace
	return err
}

// HostDown removes the lab's own interfaces from the engine's host, and says
// which there were.
func (l *Lab) HostDown(ctx context.Context, image string, r agentapi.NetworkRequest) ([]string, error) {
	var tidy sync.WaitGroup
	defer tidy.Wait()
	reply, err := l.helper(ctx, image, "down", r, &tidy)
	return reply.Removed, err
}

// helper has a helper on the engine's host do something with interfaces. Its
// container is removed beside what comes next; tidy waits for that.
func (l *Lab) helper(ctx context.Context, image, verb string, r agentapi.NetworkRequest, tidy *sync.WaitGroup) (agentapi.NetworkReply, error) {
	var reply agentapi.NetworkReply
	request, err := json.Marshal(r)
	if err != nil {
		return reply, err
	}
	h := Helper{Lab: l.name, Verb: verb, Image: image, Args: []string{agentapi.CommandNetwork, verb, string(request)}, Network: "host", Caps: []string{"NET_ADMIN"}}
	said, err := h.Ask(ctx, l.engine, &reply, func(remove func() error) {
		tidy.Go(func() {
			if err := remove(); err != nil {
				l.sink.Warn(l.name+"-helper-"+verb, "not removed: "+err.Error())
			}
		})
	})
	switch {
	case err != nil:
		return reply, err
	case reply.Problem != nil:
		return reply, reply.Problem
	case said.Code != 0:
		return reply, fmt.Errorf("the helper on the engine's host ended with %d: %s", said.Code, said.Complaint)
	}
	return reply, nil
}
