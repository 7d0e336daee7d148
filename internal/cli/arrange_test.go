package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"halab/internal/problem"
)

// leaves lists every command that does something, with the words that name it.
func leaves(specs []spec, path []string) map[string]spec {
	all := map[string]spec{}
	for _, s := range specs {
		here := append(slices.Clone(path), s.name)
		if s.run != nil {
			all[strings.Join(here, " ")] = s
		}
		for name, sub := range leaves(s.sub, here) {
			all[name] = sub
		}
	}
	return all
}

// sample is a value that a flag takes.
func sample(f cli.Flag) string {
	switch f.(type) {
	case *cli.DurationFlag:
		return "5s"
	case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag, *cli.Uint64Flag, *cli.Float64Flag:
		return "5"
	}
	if v := values(f.Names()[0]); v != nil {
		return v[len(v)-1]
	}
	return "value"
}

// TestFlagsStandAnywhere puts every flag of every command, and every global
// flag, at every place of the command line, in each of its forms: the result is
// always the same.
func TestFlagsStandAnywhere(t *testing.T) {
	t.Parallel()
	specs := (&program{}).commands()
	for name, s := range leaves(specs, nil) {
		path := strings.Fields(name)
		var args []string
		for range s.args {
			args = append(args, "argument")
		}
		for _, f := range append(slices.Clone(s.flags), globalFlags()...) {
			want := ""
			for _, form := range forms(f) {
				if name == "logs" && strings.HasPrefix(form[0], "-f") && f.Names()[0] == "file" {
					continue // logs has a -f of its own
				}
				for at := len(path); at <= len(path)+len(args); at++ {
					line := slices.Insert(slices.Concat(path, args), at, form...)
					got, err := arrange(specs, line)
					if err != nil {
						t.Errorf("%q: %v", line, err)
						continue
					}
					joined := strings.Join(got, " ")
					if want == "" {
						want = joined
					}
					if joined != want {
						t.Errorf("%q becomes %q, want %q", line, joined, want)
					}
				}
			}
			if !strings.Contains(want, "--"+f.Names()[0]) {
				t.Errorf("halab %s loses --%s: %q", name, f.Names()[0], want)
			}
		}
	}
}

// forms lists the ways to write a flag.
func forms(f cli.Flag) [][]string {
	var list [][]string
	for _, name := range f.Names() {
		dash := "--"
		if len(name) == 1 {
			dash = "-"
		}
		if _, isBool := f.(*cli.BoolFlag); isBool {
			list = append(list, []string{dash + name})
			continue
		}
		list = append(list, []string{dash + name, sample(f)}, []string{dash + name + "=" + sample(f)})
	}
	return list
}

func TestArrange(t *testing.T) {
	t.Parallel()
	specs := (&program{}).commands()
	for _, c := range []struct{ in, want string }{
		{"fail frontend-00 haproxy --how kill", "fail --how=kill -- frontend-00 haproxy"},
		{"--json fail --how=kill frontend-00 --name x haproxy", "--json --name=x fail --how=kill -- frontend-00 haproxy"},
		{"-f one.yaml logs -f frontend -f", "--file=one.yaml logs --follow --follow -- frontend"},
		{"logs --file one.yaml", "--file=one.yaml logs"},
		{"shell frontend-01 -- ls --color -l", "shell -- frontend-01 ls --color -l"},
		{"shell --name x frontend-01 -- --json", "--name=x shell -- frontend-01 --json"},
		{"network up --parent eth0", "--parent=eth0 network up"},
		{"network --parent eth0 up", "--parent=eth0 network up"},
		{"up --dry-run=false", "up --dry-run=false"},
		{"fail a b --how -x", "fail --how=-x -- a b"},
		{"fail up down", "fail -- up down"},
		{"restore -", "restore -- -"},
		{"status --help", "status --help"},
		{"--help", "--help"},
		{"logs -h --tail 5", "logs --help --tail=5"},
		{"", ""},
	} {
		got, err := arrange(specs, strings.Fields(c.in))
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		if joined := strings.Join(got, " "); joined != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, joined, c.want)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	t.Parallel()
	specs := (&program{}).commands()
	for _, c := range []struct{ in, want string }{
		{"fial", "did you mean fail?"},
		{"frobnicate", `no command "frobnicate"`},
		{"fail a b --hwo kill", "did you mean --how?"},
		{"fail a b --how", "--how needs a value: --how HOW"},
		{"status --jsn", "did you mean --json?"},
		{"status --watch=maybe", "takes no value"},
		{"shell frontend-01 ls -l", "go after two dashes"},
		{"--nmae x up", "did you mean --name?"},
	} {
		_, err := arrange(specs, strings.Fields(c.in))
		if !strings.Contains(problem.Of(err).Text(), c.want) {
			t.Errorf("%q: got error %v, want one with %q", c.in, err, c.want)
			continue
		}
		if code := exitCode(t.Context(), err); code != exitUsage {
			t.Errorf("%q ends with %d, want %d", c.in, code, exitUsage)
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add("fail a b --how kill")
	f.Add("-f x logs -f -- --")
	f.Add("--= = - -- ---")
	f.Fuzz(func(t *testing.T, line string) {
		specs := (&program{}).commands()
		got, err := arrange(specs, strings.Fields(line))
		if err != nil {
			return
		}
		again, err := arrange(specs, got)
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%q becomes %q, and that %q (%v)", line, got, again, err)
		}
	})
}
