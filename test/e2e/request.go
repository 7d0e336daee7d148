package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Answer is what /frontend says.
type Answer struct {
	Frontend string  `json:"frontend"`
	Backend  *string `json:"backend"`
}

// Get makes one request from this host over its own leg on the lab's network,
// on a new connection. Bound to the leg's address it can't leave by another
// interface: where there is no leg it fails.
func (l *Lab) Get(path string, patience time.Duration) (string, error) {
	return l.getFrom(l.frontendVIP(), path, patience)
}

func (l *Lab) getFrom(address, path string, patience time.Duration) (string, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(l.hostLeg())}}
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
	}}
	answer, err := client.Get("http://" + address + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }() // it has been read
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, body)
	}
	return string(body), err
}

// GetFrontend asks the frontend VIP for /frontend.
func (l *Lab) GetFrontend(patience time.Duration) (frontend, backend string, err error) {
	body, err := l.Get("/frontend", patience)
	if err != nil {
		return "", "", err
	}
	var a Answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return "", "", fmt.Errorf("%w: %s", err, body)
	}
	if a.Backend == nil {
		return a.Frontend, "", fmt.Errorf("no backend answered: %s", body)
	}
	return a.Frontend, *a.Backend, nil
}

// Serves makes requests until n in a row were answered through both tiers, and
// counts who answered.
func (l *Lab) Serves(t testing.TB, n int, deadline time.Duration) map[string]int {
	t.Helper()
	answers := map[string]int{}
	streak := 0
	end := time.Now().Add(deadline)
	for streak < n {
		f, b, err := l.GetFrontend(2 * time.Second)
		if err == nil {
			streak++
			answers[f]++
			answers[b]++
			continue
		}
		if time.Now().After(end) {
			t.Fatalf("the lab does not serve within %s: %v", deadline, err)
		}
		streak = 0
		clear(answers)
	}
	return answers
}

// outage asks the edge of the frontend VIP every 20 ms while break runs and
// until it is answered again, and gives the longest time without an answer.
func (l *Lab) outage(t testing.TB, limit time.Duration, breakIt func()) time.Duration {
	t.Helper()
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		breakIt()
	}()
	var longest time.Duration
	last := time.Now()
	end := last.Add(limit)
	answered := 0
	for {
		_, err := l.Get("/haproxy-alive", 200*time.Millisecond)
		now := time.Now()
		if err == nil {
			longest = max(longest, now.Sub(last))
			last = now
			answered++
		}
		select {
		case <-broken:
			// A second of answers after the fault was done means it is over.
			if err != nil {
				answered = 0
			}
			if answered >= 50 {
				return longest
			}
		default:
			answered = 0
		}
		if now.After(end) {
			t.Fatalf("no answer for good within %s; the last was %s ago", limit, now.Sub(last))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lines splits output into lines.
func lines(text string) []string {
	return strings.Split(strings.TrimRight(text, "\n"), "\n")
}
