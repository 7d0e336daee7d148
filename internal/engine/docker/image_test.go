package docker

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"halab/internal/engine"
)

const (
	goodBuild = `{"stream":"Step 1/2 : FROM base"}
{"stream":"\n"}
{"status":"Pulling from x","id":"12"}
{"status":"Downloading","progressDetail":{"current":1,"total":9},"id":"ab"}
{"status":"Downloading","progressDetail":{"current":2,"total":9},"id":"ab"}
{"stream":" ---\u003e 123\n"}
{"stream":"Step 2/2 : RUN make"}
{"stream":"\n"}
{"stream":"\u001b[91mwarning: "}
{"stream":"\u001b[0m\u001b[91mcareful\n\u001b[0m"}
{"stream":"10%\r50%\r100%\n"}
{"aux":{"ID":"sha256:abc"}}
{"stream":"Successfully built abc\n"}
`
	badBuild = `{"stream":"Step 1/2 : FROM base\n"}
{"stream":" ---\u003e 123\n"}
{"stream":"Step 2/2 : RUN apt-get install nothing\n"}
{"stream":"Reading package lists...\nE: Unable to locate package nothing\n"}
{"errorDetail":{"code":100,"message":"The command '/bin/sh -c apt-get install nothing' returned a non-zero code: 100"},"error":"The command '/bin/sh -c apt-get install nothing' returned a non-zero code: 100"}
`
)

func TestBuild(t *testing.T) {
	s := newServer(t, "1.41")
	query := make(chan string, 1)
	s.mux.HandleFunc("POST /build", func(w http.ResponseWriter, r *http.Request) {
		query <- r.URL.Query().Encode()
		text, _ := io.ReadAll(r.Body)
		if string(text) != "a tar" {
			t.Errorf("context %q", text)
		}
		_, _ = io.WriteString(w, goodBuild)
	})
	var lines []string
	id, err := s.open(t).ImageBuild(t.Context(), engine.BuildSpec{
		Tags: []string{"x:1", "x:2"}, Dockerfile: "sub/Dockerfile", Args: map[string]string{"A": "1", "B": "two"},
		Labels: map[string]string{"l": "v"}, NetworkMode: "host", Context: strings.NewReader("a tar"),
	}, func(line string) { lines = append(lines, line) })
	if err != nil || id != "sha256:abc" {
		t.Errorf("built %q, %v", id, err)
	}
	want := []string{"Step 1/2 : FROM base", "12: Pulling from x", "ab: Downloading", " ---> 123", "Step 2/2 : RUN make", "warning: careful", "100%", "Successfully built abc"}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	got := <-query
	for _, part := range []string{"t=x%3A1&t=x%3A2", "dockerfile=sub%2FDockerfile", "networkmode=host", "forcerm=1", "version=1", "buildargs=%7B%22A%22%3A%221%22%2C%22B%22%3A%22two%22%7D", "labels=%7B%22l%22%3A%22v%22%7D"} {
		contains(t, "query", got, part)
	}
}

func TestFailedBuildNamesStepAndLastLines(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /build", 200, badBuild)
	_, err := s.open(t).ImageBuild(t.Context(), engine.BuildSpec{Tags: []string{"x:1"}, Context: strings.NewReader("")}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, "error", err.Error(), "build image x:1", "Step 2/2 : RUN apt-get install nothing", "non-zero code: 100", "E: Unable to locate package nothing")
	if strings.Contains(err.Error(), "---> 123") {
		t.Errorf("the error repeats an earlier step: %v", err)
	}
}

func TestBuildStreamIsCut(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /build", 200, `{"stream":"Step 1/2 : FROM base\n"}{"stre`)
	_, err := s.open(t).ImageBuild(t.Context(), engine.BuildSpec{Tags: []string{"x:1"}, Context: strings.NewReader("")}, nil)
	if !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	s = newServer(t, "1.41")
	s.on("POST /build", 200, `{"stream":"Step 1/2 : FROM base\n"}`)
	if _, err = s.open(t).ImageBuild(t.Context(), engine.BuildSpec{Tags: []string{"x:1"}, Context: strings.NewReader("")}, nil); err == nil {
		t.Error("a build without an ID: no error")
	}
}

func TestImport(t *testing.T) {
	s := newServer(t, "1.41")
	query := make(chan map[string][]string, 1)
	s.mux.HandleFunc("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
		query <- r.URL.Query()
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"status":"sha256:abc"}`)
	})
	id, err := s.open(t).ImageImport(t.Context(), strings.NewReader("tar"), "x:1", map[string]string{"b": `say "hi" for $5 \o/`, "a": "1"})
	if err != nil || id != "sha256:abc" {
		t.Errorf("imported %q, %v", id, err)
	}
	got := <-query
	if want := []string{`LABEL "a"="1"`, `LABEL "b"="say \"hi\" for \$5 \\o/"`}; !reflect.DeepEqual(got["changes"], want) || got["repo"][0] != "x:1" || got["fromSrc"][0] != "-" {
		t.Errorf("asked for %v", got)
	}
}

func TestPull(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /images/create", 200, `{"status":"Pulling from library/x","id":"1"}
{"status":"Downloading","id":"ab","progress":"[=> ]"}
{"status":"Downloading","id":"ab","progress":"[==>]"}
{"status":"Pull complete","id":"ab"}
{"status":"Status: Downloaded newer image for x:1"}`)
	var lines []string
	if err := s.open(t).ImagePull(t.Context(), "x:1", func(line string) { lines = append(lines, line) }); err != nil {
		t.Error(err)
	}
	want := []string{"1: Pulling from library/x", "ab: Downloading", "ab: Pull complete", "Status: Downloaded newer image for x:1"}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	for _, test := range []struct {
		status int
		body   string
	}{
		{404, `{"message":"manifest for x:1 not found: manifest unknown"}`},
		{200, `{"status":"Pulling"}{"errorDetail":{"message":"manifest for x:1 not found: manifest unknown"},"error":"manifest for x:1 not found"}`},
		{404, `{"message":"pull access denied for x, repository does not exist or may require 'docker login'"}`},
	} {
		s := newServer(t, "1.41")
		s.on("POST /images/create", test.status, test.body)
		if err := s.open(t).ImagePull(t.Context(), "x:1", nil); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: got %v", test.body, err)
		}
	}
}

func TestLoadReportsTheEnginesError(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("POST /images/load", 200, `{"status":"Loading layer","id":"ab"}{"errorDetail":{"message":"write /layer.tar: no space left on device"},"error":"no space left"}`)
	err := s.open(t).ImageLoad(t.Context(), strings.NewReader("tar"), nil)
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, "error", err.Error(), "load images", "no space left on device")
}

func TestImagesWithoutATagHaveNone(t *testing.T) {
	s := newServer(t, "1.41")
	s.on("GET /images/json", 200, `[{"Id":"sha256:1","RepoTags":["<none>:<none>"],"Size":7},{"Id":"sha256:2","RepoTags":null,"Labels":{"a":"b"}}]`)
	got, err := s.open(t).Images(t.Context(), nil)
	if err != nil || len(got) != 2 || len(got[0].Tags) != 0 || got[0].Size != 7 || len(got[1].Tags) != 0 || got[1].Labels["a"] != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
}
