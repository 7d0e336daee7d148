package composefile

import (
	"context"
	"fmt"
	"maps"
	"strings"

	compose "github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// maxRounds bounds how often a file is loaded again without the part that
// compose-go refused.
const maxRounds = 20

// loader carries one description from text to Project and gathers its findings.
type loader struct {
	options  Options
	dir      string            // relative paths start here
	env      map[string]string // as variables are set
	sources  sources
	findings []finding
	warnings []finding
	// duplicates are findings with which the rest can still be looked into.
	duplicates []finding
	hopeless   bool   // there is nothing that compose-go could load
	trusted    bool   // the description is the built-in one
	broken     places // what stands there is loaded without
	quiet      places // what stands there has its finding already
}

func (l *loader) add(name string, data []byte) {
	s, findings := parse(name, data)
	l.findings = append(l.findings, findings...)
	for _, t := range s.twice {
		l.broken.add(t.second)
		l.duplicates = append(l.duplicates, finding{file: name, line: t.second.line, what: fmt.Sprintf("%q stands here a second time", t.key),
			why: fmt.Sprintf("it is set in line %d already, and only one of the two could count", t.first.line), cure: "remove one of them"})
	}
	l.sources = append(l.sources, s)
}

// wrong notes what is wrong with the value at path. A finding about a value that
// has one, or about one that is missing beside it, would say the same twice.
func (l *loader) wrong(path []string, what, why, cure string) {
	p := l.sources.at(path)
	if l.known(p) || l.explained(path) {
		return
	}
	l.findings = append(l.findings, newFinding(p, path, what, why, cure))
}

// newFinding makes a finding about the value at path, which stands at p.
func newFinding(p place, path []string, what, why, cure string) finding {
	f := finding{file: p.file, line: p.line, what: what, why: why, cure: cure}
	if len(path) > 0 {
		f.subject = path[len(path)-1]
	}
	return f
}

func (l *loader) known(p place) bool { return l.quiet[p] || l.broken[p] }

// explained reports whether the value at path is missing from a mapping that
// has a finding inside.
func (l *loader) explained(path []string) bool {
	if len(l.quiet)+len(l.broken) == 0 || l.sources.has(path...) {
		return false
	}
	for len(path) > 2 && !l.sources.has(path...) {
		path = path[:len(path)-1]
	}
	if len(path) < 2 {
		return false
	}
	inside := joined(path) + "\x00"
	for _, s := range l.sources {
		for key, p := range s.index {
			if strings.HasPrefix(key, inside) && l.known(p) {
				return true
			}
		}
	}
	return false
}

// warn notes what the file says at path and halab leaves out.
func (l *loader) warn(path []string, what, why, cure string) {
	l.warnings = append(l.warnings, newFinding(l.sources.at(path), path, what, why, cure))
}

// result is the a problem.List so far, or nil.
func (l *loader) result() error {
	if len(l.findings) == 0 {
		return nil
	}
	return problems(tidy(l.findings))
}

// load does all of it.
func (l *loader) load(ctx context.Context) (*Project, error) {
	l.setVariables()
	if len(l.findings) > 0 {
		return nil, l.result() // what can't be read or parsed can't be looked into
	}
	l.findings = l.duplicates
	if !l.trusted {
		l.checkVariables()
		l.checkSchema()
	}
	if l.hopeless {
		return nil, l.result()
	}
	dict, project := l.read(ctx)
	if project == nil {
		return nil, l.result()
	}
	if !l.trusted {
		l.checkSupported(dict)
		l.checkReferences(project)
	}
	if dict[extension] == nil {
		l.wrong([]string{extension}, "there is no x-halab section", "Compose has no words for clusters and VIPs", "add one; compose/compose.yaml has an example")
		return nil, l.result()
	}
	x := l.readSection(dict[extension])
	b := builder{loader: l, project: project, x: x}
	made := b.build()
	if err := l.result(); err != nil {
		return nil, err
	}
	made.Warnings = problems(tidy(l.warnings))
	return made, nil
}

// read has compose-go load the files. What it refuses becomes a finding, and the
// rest is loaded without it, so that later checks see as much as can be seen.
func (l *loader) read(ctx context.Context) (map[string]any, *types.Project) {
	texts := make([][]byte, len(l.sources))
	for i, s := range l.sources {
		texts[i] = s.data
		if len(l.findings) > 0 {
			texts[i] = s.without(l.broken)
		}
	}
	for range maxRounds {
		dict, project, err := l.compose(ctx, texts)
		if err == nil {
			return dict, project
		}
		if ctx.Err() != nil {
			l.findings = append(l.findings, finding{file: l.sources[0].name, what: "loading was interrupted: " + ctx.Err().Error()})
			return nil, nil
		}
		if !l.blame(err) {
			return nil, nil
		}
		for i, s := range l.sources {
			texts[i] = s.without(l.broken)
		}
	}
	return nil, nil
}

// gaveUp begins the message about a panic in compose-go.
const gaveUp = "compose-go gave up on the file"

// compose has compose-go load texts as the files' contents.
func (l *loader) compose(ctx context.Context, texts [][]byte) (dict map[string]any, project *types.Project, err error) {
	defer func() {
		if p := recover(); p != nil {
			dict, project, err = nil, nil, fmt.Errorf("%s: %v", gaveUp, p)
		}
	}()
	details := types.ConfigDetails{WorkingDir: l.dir, Environment: maps.Clone(l.env)}
	for i, s := range l.sources {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: s.name, Content: texts[i]})
	}
	set := []func(*compose.Options){compose.WithSkipValidation, func(o *compose.Options) {
		o.SetProjectName(projectName, false)
		o.SkipConsistencyCheck = true
		if l.trusted {
			// It has no relative path, and no variable where a number belongs:
			// what is left out here takes as long as all the rest.
			o.Interpolate.TypeCastMapping = nil
			o.ResolvePaths = false
			o.SkipDefaultValues = true
			o.SkipExtends, o.SkipInclude = true, true
		}
	}}
	dict, err = compose.LoadModelWithContext(ctx, details, set...)
	if err != nil {
		return nil, nil, err
	}
	// ModelToProject takes extensions out of the model it is given.
	kept := map[string]any{extension: dict[extension], "services": shallow(dict["services"]), "networks": shallow(dict["networks"]), "volumes": shallow(dict["volumes"])}
	for k, v := range dict {
		if _, ok := kept[k]; !ok {
			kept[k] = v
		}
	}
	options := compose.ToOptions(&details, set)
	project, err = compose.ModelToProject(dict, options, details)
	return kept, project, err
}

// projectName stands in for the name of a lab whose file gives none: names of
// networks and volumes that start with it are those that Compose makes up.
const projectName = "x"

// shallow copies a mapping of mappings.
func shallow(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	copied := make(map[string]any, len(m))
	for k, inner := range m {
		if im, ok := inner.(map[string]any); ok {
			copied[k] = maps.Clone(im)
			continue
		}
		copied[k] = inner
	}
	return copied
}
