package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// bareCall is one request to the engine, and nothing else.
func bareCall(ctx context.Context, container, call string) (time.Duration, error) {
	engine := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", "/var/run/docker.sock")
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/v1.41/containers/"+container+"/"+call, nil)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	answer, err := engine.Do(request)
	if err != nil {
		return 0, err
	}
	took := time.Since(begin)
	_ = answer.Body.Close() // it has no body
	if answer.StatusCode >= 300 {
		return 0, fmt.Errorf("%s: %s", call, answer.Status)
	}
	return took, nil
}

// serves waits until /frontend is answered through both tiers, asked over this
// host's own leg: bound to its address, no request can leave another way.
func serves(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(prefix + ".1")}, Timeout: 200 * time.Millisecond}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+prefix+".10/frontend", nil)
		if err != nil {
			return err
		}
		if answer, err := client.Do(request); err == nil {
			var a struct{ Frontend, Backend string }
			err = json.NewDecoder(answer.Body).Decode(&a)
			_ = answer.Body.Close() // it has been read
			if err == nil && a.Frontend != "" && a.Backend != "" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the lab does not serve: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
