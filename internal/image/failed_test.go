package image

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"halab/internal/base"
	"halab/internal/engine"
)

type note []byte

func (n *note) Keep(text []byte) { *n = text }
func (n *note) Recall() []byte   { return *n }

// TestGoesOnWithDebian: where CentOS 7's image is here and its archive is not,
// halab takes Debian 12, says why, and does not try the archive again for an hour.
func TestGoesOnWithDebian(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept note
		f := &fake{
			here: map[string]string{"centos:7": "", "debian:12": ""},
			build: func(_ context.Context, spec engine.BuildSpec) error {
				if spec.Labels[LabelBase] == base.CentOS7 {
					return errors.New("run yum: vault.centos.org: no such host")
				}
				return nil
			},
		}
		up := func(binaryText string) (string, string, int) {
			t.Helper()
			f.did = nil
			var said []string
			b := newBuilder(t, f, func(o *Options) {
				o.Failures, o.Say = &kept, func(line string) { said = append(said, line) }
				o.Binary = func() (Binary, error) { return binary(binaryText), nil }
			})
			choice, err := b.Resolve(t.Context(), base.Auto)
			if err != nil {
				t.Fatal(err)
			}
			got, refs, err := b.EnsureAny(t.Context(), base.Auto, choice.Base)
			if err != nil || !strings.HasPrefix(refs["app"], "halab/app:"+got) {
				t.Fatalf("got %s, %v, %v", got, refs, err)
			}
			centos := 0
			for _, did := range f.did {
				if strings.HasSuffix(did, "on centos:7") {
					centos++
				}
			}
			return got, choice.Reason + "|" + strings.Join(said, "\n"), centos
		}
		got, said, tried := up("halab")
		if got != base.Debian12 || tried == 0 || !strings.Contains(said, "|base centos7 can't be built (no such host): going on with debian12") {
			t.Errorf("first: %s, %q, %d builds of CentOS 7", got, said, tried)
		}
		time.Sleep(59 * time.Minute)
		got, said, tried = up("halab")
		if got != base.Debian12 || tried != 0 || !strings.Contains(said, "could not be built 59m0s ago (no such host)") {
			t.Errorf("within the hour: %s, %q, %d builds of CentOS 7", got, said, tried)
		}
		if _, _, tried = up("another halab"); tried == 0 {
			t.Error("what is built has changed, and the failure still counted")
		}
		time.Sleep(time.Hour)
		if _, _, tried = up("another halab"); tried == 0 {
			t.Error("after an hour it was not tried again")
		}
	})
}

// TestNamedBaseIsNotReplaced: who names CentOS 7 gets it, or its error.
func TestNamedBaseIsNotReplaced(t *testing.T) {
	f := &fake{here: map[string]string{"centos:7": ""}, build: func(context.Context, engine.BuildSpec) error { return errors.New("no mirror") }}
	got, _, err := newBuilder(t, f, nil).EnsureAny(t.Context(), base.CentOS7, base.CentOS7)
	if got != base.CentOS7 || err == nil || !strings.Contains(err.Error(), "no mirror") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestCause(t *testing.T) {
	for text, want := range map[string]string{
		"pull image: dial tcp: no such host.": "no such host",
		"build image x: Step 5/9 : RUN sh install: code 100; the last lines were:\n  Reading package lists...\n  E: Unable to locate package haproxy-1.5.18\n  done\nCentOS 7's packages come from": "E: Unable to locate package haproxy-1.5.18",
		"build image x: code 1; the last lines were:\n  one\n  two\nadvice": "two",
	} {
		if got := cause(errors.New(text)); got != want {
			t.Errorf("of %q: %q, want %q", text, got, want)
		}
	}
}
