package image

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"halab/internal/base"
)

// remembered is how long a build that failed is not tried again where nobody
// asked for its base: long enough that each up of a morning is quick, short
// enough that an archive which is back is found.
const remembered = time.Hour

// failure is a build that failed, as the next halab reads it.
type failure struct {
	Images string    `json:"images"` // references of what was to be built
	When   time.Time `json:"when"`
	Why    string    `json:"why"` // in a line
}

// Failures remembers the last build that failed on an engine, from one halab to
// the next. Where nothing can be kept, Recall gives nothing, and each up tries.
type Failures interface {
	Keep(note []byte)
	Recall() []byte
}

// forgetful remembers nothing.
type forgetful struct{}

func (forgetful) Keep([]byte)    {}
func (forgetful) Recall() []byte { return nil }

// EnsureAny is Ensure for the base that Resolve gave for what was asked for.
// Where that was Auto, and CentOS 7 can't be built, because its archive can't be
// reached, say, it says so and goes on with Debian 12. It returns which it was.
func (b *Builder) EnsureAny(ctx context.Context, want, id string) (string, map[string]string, error) {
	refs, err := b.Ensure(ctx, id)
	if err == nil || want != base.Auto || id != base.CentOS7 || ctx.Err() != nil {
		return id, refs, err
	}
	why := cause(err)
	b.say(fmt.Sprintf("base %s can't be built (%s): going on with %s; --base %s tries it again before an hour is over", id, why, base.Debian12, id))
	b.remember(id, why)
	refs, err = b.Ensure(ctx, base.Debian12)
	return base.Debian12, refs, err
}

// cause is why a build failed, in a line: of the last lines that it printed, which
// its error repeats further in, the last one that says error ("E: Unable to locate
// package haproxy"), or else the last.
func cause(err error) string {
	why := ""
	for line := range strings.Lines(err.Error()) {
		text, printed := strings.CutPrefix(strings.TrimRight(line, "\n"), "  ")
		wrong := func(s string) bool {
			return strings.HasPrefix(s, "E:") || strings.Contains(strings.ToLower(s), "error")
		}
		if printed && (wrong(text) || !wrong(why)) {
			why = text
		}
	}
	if why == "" {
		return brief(err)
	}
	return strings.TrimSpace(why)
}

// remember notes a failure.
func (b *Builder) remember(id, why string) {
	images, err := b.wanted(id)
	if err != nil {
		return
	}
	if text, err := json.Marshal(failure{Images: images, When: time.Now(), Why: why}); err == nil {
		b.options.Failures.Keep(text)
	}
}

// failedBefore says why a base could not be built within the last hour. Where
// what is built has changed since, that says nothing.
func (b *Builder) failedBefore(id string) (why string, ago time.Duration, failed bool) {
	var f failure
	if json.Unmarshal(b.options.Failures.Recall(), &f) != nil {
		return "", 0, false
	}
	images, err := b.wanted(id)
	ago = time.Since(f.When)
	return f.Why, ago, err == nil && images == f.Images && ago >= 0 && ago < remembered
}

// wanted names the images of a base, to compare.
func (b *Builder) wanted(id string) (string, error) {
	p, err := b.plan(id, nil)
	var refs []string
	for _, i := range p.Images {
		refs = append(refs, i.Ref())
	}
	return strings.Join(refs, " "), err
}
