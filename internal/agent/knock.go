package agent

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/topology"
)

const (
	// knockEvery is the time between two tries at a listener.
	knockEvery = 100 * time.Millisecond
	// knockTime bounds one try.
	knockTime = 2 * time.Second
	// holdTime is how long a connection must last where nothing is known of what is
	// spoken: HAProxy takes it before it knows whether there is a server, and closes
	// it at once where there is none.
	holdTime = 150 * time.Millisecond
)

// runKnock waits until listeners answer: `knock [--timeout D] URL…`. It prints a line
// for each.
func runKnock(ctx context.Context, args []string, out command.Output) error {
	flags := newFlags(agentapi.CommandKnock)
	timeout := flags.Duration("timeout", 30*time.Second, "")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return command.Usagef("knock [--timeout D] URL…")
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	answers := make([]agentapi.Knock, flags.NArg())
	var all sync.WaitGroup
	for i, text := range flags.Args() {
		l, ok := topology.ParseListener(text)
		if !ok {
			return command.Usagef("%q is no listener: write http://ADDRESS:PORT, or https, tcp or tls", text)
		}
		all.Go(func() {
			answers[i].URL = text
			for {
				err := knock(ctx, l)
				if err == nil {
					answers[i].Error = ""
					return
				}
				if ctx.Err() != nil && answers[i].Error != "" {
					return // the last full answer says more than that time ran out
				}
				answers[i].Error = plainError(err)
				machine.Pause(ctx, knockEvery)
			}
		})
	}
	all.Wait()
	for _, a := range answers {
		if err := json.NewEncoder(out.Answer).Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// knock asks a listener once.
func knock(ctx context.Context, l topology.Listener) error {
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	if strings.HasPrefix(l.Speaks, "http") {
		return knockHTTP(ctx, l)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", l.Address.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if l.Speaks == "tls" {
		return tls.Client(conn, anyCertificate()).HandshakeContext(ctx)
	}
	if err := conn.SetReadDeadline(time.Now().Add(holdTime)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	var late net.Error
	switch {
	case err == nil, errors.As(err, &late) && late.Timeout():
		return nil
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed at once")
	}
	return err
}

func knockHTTP(ctx context.Context, l topology.Listener) error {
	client := newClient(knockTime)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.String()+"/", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}

// anyCertificate takes every certificate: those of a lab are made on the spot, and
// what is asked here is whether somebody answers.
func anyCertificate() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
