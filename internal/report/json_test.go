package report

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"halab/internal/outage"
)

func TestSavedResultsComeBack(t *testing.T) {
	t.Parallel()
	for _, o := range []JSONOptions{
		{Recordings: true}, {Recordings: true, Compress: true}, {Recordings: true, Indent: true},
	} {
		want := drilled()
		var b bytes.Buffer
		if err := JSON(&b, want, o); err != nil {
			t.Fatal(err)
		}
		got, err := Load(&b)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: what was saved is not what came back", o)
		}
	}
}

func TestJSONWithoutRecordings(t *testing.T) {
	t.Parallel()
	r := drilled()
	var b bytes.Buffer
	if err := JSON(&b, r, JSONOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), `"recording"`) || strings.Contains(b.String(), `"samples"`) {
		t.Error("there is raw material in it")
	}
	if r.Scenarios[0].Runs[0].Recorded == nil {
		t.Error("the caller's result lost its recording")
	}
	got, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	var before, after bytes.Buffer
	if err := Text(&before, r, TextOptions{Anatomy: true}); err != nil {
		t.Fatal(err)
	}
	if err := Text(&after, got, TextOptions{Anatomy: true}); err != nil {
		t.Fatal(err)
	}
	if before.String() != after.String() {
		t.Error("the figures depend on the recording")
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	if err := JSON(&whole, only(haproxyKill(1)), JSONOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, in, want string
		notAResult     bool
	}{
		{"nothing", "", "empty", true},
		{"text", "no such file\n", "byte 2 is not JSON", true},
		{"a page", "<!DOCTYPE html>", "byte 1 is not JSON", true},
		{"a list", "[]", "array where outage.Result belongs", true},
		{"another document", `{"ready":true}`, `no "schema"`, true},
		{"a wrong field", `{"schema":1,"repeat":"five"}`, `field "repeat" at byte 27 is string where int belongs`, true},
		{"cut short", whole.String()[:whole.Len()/2], "ends in the middle", true},
		{"two in one", whole.String() + "{}", "something follows the result", false},
		{"newer", `{"schema":99,"halab_version":"9.1\u001b[2J"}`, `saved by a newer halab (9.1^[[2J)`, false},
		{"half a gzip", "\x1f\x8b\x08", "begins like gzip", true},
	} {
		_, err := Load(strings.NewReader(c.in))
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.want)
		}
		if errors.Is(err, ErrNotAResult) != c.notAResult {
			t.Errorf("%s: ErrNotAResult is %v", c.name, !c.notAResult)
		}
	}
}

func FuzzLoad(f *testing.F) {
	var b bytes.Buffer
	if err := JSON(&b, only(appHang()), JSONOptions{}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":1,"scenarios":[{"runs":[{"phases":[{"valid":true,"from_ms":1e308,"to_ms":-1e308,"anatomy":[{"at_ms":5}]}]}]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Load(bytes.NewReader(in))
		if err != nil {
			return
		}
		for name, write := range map[string]func(*bytes.Buffer, *outage.Result) error{
			"text":     func(b *bytes.Buffer, r *outage.Result) error { return Text(b, r, TextOptions{Anatomy: true}) },
			"markdown": func(b *bytes.Buffer, r *outage.Result) error { return Markdown(b, r) },
			"junit":    func(b *bytes.Buffer, r *outage.Result) error { return JUnit(b, r) },
			"html":     func(b *bytes.Buffer, r *outage.Result) error { return HTML(b, r) },
			"compare":  func(b *bytes.Buffer, r *outage.Result) error { return CompareJSON(b, Compare("a", r, "b", r)) },
		} {
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				t.Errorf("%s of a result that Load took: %v", name, err)
			}
		}
	})
}
