package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// strangeEngine is an engine that can't be had here: it says of itself what a
// test wants, and has nothing on it.
type strangeEngine struct {
	API, Arch string
	Ahead     time.Duration // of its clock
}

// endpoint serves it until the test ends.
func (e strangeEngine) endpoint(t testing.TB) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", e.API)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/info"):
			_ = json.NewEncoder(w).Encode(map[string]any{ // who asked may be gone
				"Architecture": e.Arch, "OSType": "linux", "ServerVersion": "20.10.0",
				"SystemTime": time.Now().Add(e.Ahead).UTC().Format(time.RFC3339Nano),
			})
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			_, _ = w.Write([]byte("OK"))
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			_, _ = w.Write([]byte(`{"Volumes":[]}`))
		default:
			_, _ = w.Write([]byte("[]"))
		}
	}))
	t.Cleanup(server.Close)
	return "tcp://" + server.Listener.Addr().String()
}
