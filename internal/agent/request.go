package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

const (
	// dialTry is how long one SYN may stay without an answer. Where no node has
	// the VIP for a moment it is lost, and the kernel would repeat it only after
	// a second.
	dialTry = 200 * time.Millisecond
	// bodyLimit is the most that is kept of an answer.
	bodyLimit = 64 << 10
)

// newClient makes a client that opens a new connection for every request, and
// does not follow redirects, so that an answer is what the URL itself gives.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:        dialAgain,
			DisableKeepAlives:  true,
			DisableCompression: true,
			TLSClientConfig:    anyCertificate(),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dialAgain dials until ctx ends, giving up on a silent address early and
// trying anew. A refusal is an answer and is returned.
func dialAgain(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTry}
	for {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil || ctx.Err() != nil || !isTimeout(err) {
			return conn, err
		}
	}
}

// checkURL wants an http or https URL with a host.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return command.Usagef("%q is no URL of the lab: write http://ADDRESS/PATH or https://ADDRESS/PATH", text)
	}
	return nil
}

// request makes one request and says all about it.
func request(ctx context.Context, client *http.Client, url string, due time.Time) agentapi.Response {
	response := agentapi.Response{Due: due, Sent: time.Now()}
	answer, err := fetch(ctx, client, url, &response)
	response.Done = time.Now()
	if err != nil {
		response.Error = plainError(err)
		return response
	}
	response.Status = answer.StatusCode
	response.Type = answer.Header.Get("Content-Type")
	response.Frontend, response.Backend = answeredBy(response.Body)
	return response
}

func fetch(ctx context.Context, client *http.Client, url string, response *agentapi.Response) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	response.Body = string(body)
	if err != nil {
		response.Status = answer.StatusCode
	}
	return answer, err
}

// plainError leaves out what every line would repeat: method and URL.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return "timeout"
		}
		err = u.Err
	}
	return err.Error()
}

// answeredBy reads the nodes from the app's JSON; a body that is something
// else names none.
func answeredBy(body string) (frontend, backend string) {
	var answer struct {
		Frontend *string `json:"frontend"`
		Backend  *string `json:"backend"`
	}
	if !strings.HasPrefix(strings.TrimSpace(body), "{") || json.Unmarshal([]byte(body), &answer) != nil {
		return "", ""
	}
	if answer.Frontend != nil {
		frontend = *answer.Frontend
	}
	if answer.Backend != nil {
		backend = *answer.Backend
	}
	return frontend, backend
}

// readyInterval is the time between two requests of `ready`.
const readyInterval = 10 * time.Millisecond

// runReady waits until a URL answers through every tier: the last one, which asks
// nobody, is the backend.
func runReady(ctx context.Context, args []string, out command.Output) error {
	flags := newFlags(agentapi.CommandReady)
	timeout := flags.Duration("timeout", 30*time.Second, "")
	if err := parseFlags(flags, args, 1); err != nil {
		return err
	}
	target := flags.Arg(0)
	if err := checkURL(target); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	client := newClient(2 * dialTry)
	last := "no answer yet"
	for ctx.Err() == nil {
		r := request(ctx, client, target, time.Now())
		if r.Status == http.StatusOK && r.Backend != "" {
			return json.NewEncoder(out.Answer).Encode(r)
		}
		if ctx.Err() == nil {
			last = lastWord(r)
		}
		machine.Pause(ctx, readyInterval)
	}
	return fmt.Errorf("%s does not answer through every tier after %v: %s", target, *timeout, last)
}

// lastWord says in a few words what an answer lacked.
func lastWord(r agentapi.Response) string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Status != http.StatusOK:
		return fmt.Sprintf("status %d", r.Status)
	case r.Frontend == "":
		return "the answer names nobody"
	}
	return r.Frontend + " got no answer from a backend"
}
