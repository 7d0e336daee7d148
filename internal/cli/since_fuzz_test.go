package cli

import (
	"errors"
	"testing"
	"time"

	"halab/internal/app"
)

// FuzzParseSince reads --since: a moment, or wrong usage.
func FuzzParseSince(f *testing.F) {
	for _, s := range []string{"", "5m", "-5m", "2026-01-02T15:04:05Z", "2026-01-02 15:04:05", "9999999h", "\x1b[2J"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseSince(text, now)
		var wrong *app.UsageError
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("%q: %v is no wrong usage", text, err)
		}
		if d, derr := time.ParseDuration(text); err == nil && derr == nil && at.After(now) {
			t.Errorf("%q, %s, is in the future: %s", text, d, at)
		}
	})
}
