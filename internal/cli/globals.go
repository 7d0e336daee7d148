package cli

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/base"
	"halab/internal/topology"
	"halab/internal/ui"
)

// settings are the global flags: which lab, on which engine, shown how.
type settings struct {
	app.Setting
	json   bool
	colour ui.ColourMode
	detail ui.Detail
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "the lab's `NAME`", Value: topology.DefaultName, EnvVars: []string{"HALAB_NAME"}},
		&cli.StringFlag{Name: "base", Usage: "what the images stand on, `BASE` " + strings.Join(base.Values(), ", "), Value: base.Auto, EnvVars: []string{"HALAB_BASE"}},
		&cli.StringFlag{Name: "profile", Usage: "timings: `PROFILE` fast or classic", DefaultText: string(topology.ProfileFast), EnvVars: []string{"HALAB_PROFILE"}},
		&cli.StringFlag{Name: "subnet", Usage: "move all addresses to `SUBNET`, a /24 such as 192.168.77.0/24", EnvVars: []string{"HALAB_SUBNET"}},
		&cli.StringFlag{Name: "parent", Usage: "put the lab on `INTERFACE` of the host instead of a pair of its own", EnvVars: []string{"HALAB_PARENT"}},
		&cli.StringSliceFlag{Name: "file", Aliases: []string{"f"}, Usage: "take the lab from Compose `FILE` (repeatable, merged)", TakesFile: true},
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "run your own haproxy.cfg and keepalived.conf, from `FOLDER` (docs/own-config.md)", EnvVars: []string{"HALAB_CONFIG"}, TakesFile: true},
		&cli.StringFlag{Name: "host", Aliases: []string{"H"}, Usage: "Docker `ENDPOINT`: unix://, tcp://, ssh:// or a context; default as docker's own"},
		&cli.BoolFlag{Name: "json", Usage: "print the answer as JSON (docs/json.md)"},
		&cli.StringFlag{Name: "color", Usage: "`WHEN` to use colours: auto, always or never", Value: string(ui.ColourAuto)},
		&cli.BoolFlag{Name: "no-color", Usage: "no colours, the same as --color never; NO_COLOR does it too"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "tell only what goes wrong"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "tell every step"},
	}
}

// values lists what a flag's value can be, nil when it is free.
func values(flag string) []string {
	switch flag {
	case "base":
		return base.Values()
	case "profile":
		return []string{string(topology.ProfileFast), string(topology.ProfileClassic)}
	case "color":
		return []string{string(ui.ColourAuto), string(ui.ColourAlways), string(ui.ColourNever)}
	case "how":
		return hows()
	case "kind":
		return kinds()
	case "format":
		return []string{"text", "sarif", "github"}
	}
	return nil
}

// oneOf checks a flag whose values are listed.
func oneOf(flag, value string, list []string) error {
	if slices.Contains(list, value) {
		return nil
	}
	return usage("--%s cannot be %q%s It can be: %s", flag, value,
		question(didYouMean(value, list)), strings.Join(list, ", "))
}

// readSettings reads the flags that every command has.
func readSettings(c *cli.Context) (settings, error) {
	s := settings{
		Setting: app.Setting{
			Name: c.String("name"), Base: c.String("base"), Profile: c.String("profile"),
			Subnet: c.String("subnet"), Parent: c.String("parent"), Host: c.String("host"),
			Files: c.StringSlice("file"), Config: c.String("config"),
		},
		json: c.Bool("json"), colour: ui.ColourMode(c.String("color")),
	}
	for _, flag := range []string{"base", "profile", "color"} {
		if err := oneOf(flag, c.String(flag), values(flag)); err != nil && c.String(flag) != "" {
			return s, err
		}
	}
	if c.Bool("no-color") {
		s.colour = ui.ColourNever
	}
	switch {
	case c.Bool("quiet") && c.Bool("verbose"):
		return s, usage("--quiet and --verbose exclude each other")
	case c.Bool("quiet"):
		s.detail = ui.Quiet
	case c.Bool("verbose"):
		s.detail = ui.Verbose
	}
	return s, s.check()
}

// choice is a global flag that says which lab is meant, and its value.
type choice struct {
	flag  *cli.StringFlag
	value string
}

// choices are all of them but for the files.
func (s settings) choices() []choice {
	values := map[string]string{"name": s.Name, "base": s.Base, "profile": s.Profile,
		"subnet": s.Subnet, "parent": s.Parent, "host": s.Host}
	var all []choice
	for _, f := range globalFlags() {
		flag, ok := f.(*cli.StringFlag)
		if !ok {
			continue
		}
		if value, chooses := values[flag.Name]; chooses {
			all = append(all, choice{flag, value})
		}
	}
	return all
}

// again are the flags that name the same lab to another halab, which may run in
// another folder.
func (s settings) again() ([]string, error) {
	var args []string
	for _, c := range s.choices() {
		if c.value != "" || c.flag.Value != "" {
			args = append(args, "--"+c.flag.Name, c.value)
		}
	}
	for _, file := range s.Files {
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		args = append(args, "--file", path)
	}
	if s.Config != "" {
		path, err := filepath.Abs(s.Config)
		if err != nil {
			return nil, err
		}
		args = append(args, "--config", path)
	}
	return args, nil
}

// maxName is how long a lab's name may be: container names are made from it,
// and host names have at most 63 characters (RFC 1035, 2.3.4).
const maxName = 30

func (s settings) check() error {
	if s.Name == "" || len(s.Name) > maxName || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || s.Name[0] == '-' {
		return usage("--name cannot be %q: a lab's name has 1 to %d small letters, digits and dashes, and begins with a letter or digit", s.Name, maxName)
	}
	switch {
	case s.Config == "":
	case len(s.Files) > 0:
		return usage("--config and --file exclude each other: the lab is made from the one or from the other")
	case s.Profile != "":
		return usage("--config and --profile exclude each other: the timings are those of your files")
	}
	if s.Subnet == "" {
		return nil
	}
	p, err := netip.ParsePrefix(s.Subnet)
	if err != nil || !p.Addr().Is4() || p.Bits() != 24 || p != p.Masked() {
		return usage("--subnet cannot be %q: it is an IPv4 network of 24 bits, such as 192.168.77.0/24", s.Subnet)
	}
	return nil
}
