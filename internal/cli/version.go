package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"halab/internal/ui"
)

func (p *program) versionSpec() spec {
	return spec{
		name:     "version",
		summary:  "print the versions of halab, Go and the engine",
		about:    "Prints halab's version, the Go release it was built with, and the engine's\nversions where it can be reached.",
		examples: []string{"halab version", "halab version --json"},
		run:      p.version,
	}
}

// versions is the answer of version.
type versions struct {
	Halab  string          `json:"halab"`
	Commit string          `json:"commit,omitempty"`
	Go     string          `json:"go"`
	OS     string          `json:"os"`
	Arch   string          `json:"arch"`
	Engine *engineVersions `json:"engine,omitempty"` // absent when it can't be reached
}

type engineVersions struct {
	Version string `json:"version"`
	API     string `json:"api"` // the newest that the engine speaks
	Kernel  string `json:"kernel"`
}

// engineTime bounds how long version waits for an engine.
const engineTime = 2 * time.Second

func (p *program) version(ctx context.Context, in *input) error {
	v := builtFrom(debug.ReadBuildInfo())
	s, err := p.session(ctx, in)
	if err == nil {
		defer s.close()
		v.Engine = s.engineVersions(ctx)
	}
	if in.json {
		return ui.WriteJSON(p.stdout, v)
	}
	commit := ""
	if v.Commit != "" {
		commit = " (" + v.Commit + ")"
	}
	engine := "not reachable"
	if v.Engine != nil {
		engine = ui.Clean(fmt.Sprintf("%s, API %s, Linux %s", v.Engine.Version, v.Engine.API, v.Engine.Kernel))
	}
	_, err = fmt.Fprintf(p.stdout, "halab   %s%s\nGo      %s %s/%s\nengine  %s\n", v.Halab, commit, v.Go, v.OS, v.Arch, engine)
	return err
}

func (s *session) engineVersions(ctx context.Context) *engineVersions {
	ctx, cancel := context.WithTimeout(ctx, engineTime)
	defer cancel()
	info, err := s.Info(ctx)
	if err != nil {
		return nil
	}
	return &engineVersions{Version: info.Version, API: info.APIVersion, Kernel: info.Kernel}
}

// buildVersion is set by the linker (-X halab/internal/cli.buildVersion=…) in
// releases; nothing else writes it.
var buildVersion string

// builtFrom reads what the Go toolchain wrote into the binary.
func builtFrom(info *debug.BuildInfo, ok bool) versions {
	v := versions{Halab: buildVersion, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if !ok {
		return v
	}
	if v.Halab == "" {
		v.Halab = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v.Commit = s.Value[:12]
		}
	}
	if v.Halab == "" {
		v.Halab = "(devel)"
	}
	return v
}
