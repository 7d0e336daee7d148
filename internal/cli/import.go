package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/daemonconf/inventory"
	"halab/internal/problem"
	"halab/internal/ui"
)

func (p *program) importSpec() spec {
	return spec{
		name:    "import",
		summary: "read the HAProxy and keepalived files of your own machines, by ssh",
		args:    []arg{{name: "HOST…", many: true}},
		about: `
Reads from each HOST what its HAProxy and keepalived run with, and writes a
folder for halab lint: their files, those that they include and name (lists,
scripts, certificates), their versions, the machine's addresses and settings.
HOST is what ssh HOST means to you: ~/.ssh/config, agents and jump hosts count.
ssh must ask no question. Nothing is written on the machine. Private keys,
passwords and tokens stay there: throw-away keys and words of the same length
stand for them, the same for the same, and each is listed (docs/own-config.md).
What the user of ssh can't read is read by --sudo.`,
		examples: []string{
			"halab import lb1 lb2 -o mine",
			"halab import admin@192.0.2.11 admin@192.0.2.12 --sudo -o mine",
			"halab import lb1 -o mine --json",
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FOLDER`, which must not be there yet", TakesFile: true},
			&cli.BoolFlag{Name: "sudo", Usage: "read as root, by sudo without a password"},
		},
		run: p.imports,
	}
}

func (p *program) imports(ctx context.Context, in *input) error {
	folder := in.flags.String("output")
	switch {
	case folder == "":
		return app.AsUsage(problem.New("-o is missing: the folder to write").Cure("example: halab import lb1 lb2 -o mine"))
	case folder[0] == '-':
		return usage("-o cannot be %q: a folder's name does not begin with a dash here", folder)
	}
	s := p.offline(in)
	a, err := app.Import(ctx, app.ImportOrder{Hosts: in.args, Sudo: in.flags.Bool("sudo"), Folder: folder}, s.tell)
	s.story.end()
	if err != nil {
		return err
	}
	return s.answer(a, func() error { return writeImported(p.stdout, s.out.Style, a) })
}

func writeImported(w io.Writer, style ui.Style, a app.Imported) error {
	var b strings.Builder
	for _, n := range a.Nodes {
		fmt.Fprintf(&b, "%s  %s, %s, %s\n", ui.Clean(n.Name), daemonWords("keepalived", n.Keepalived), daemonWords("HAProxy", n.HAProxy), count(len(n.Files), "file"))
		for _, r := range n.Replaced {
			labelled(&b, "  replaced  ", 12, r.String())
		}
		for _, m := range n.Missing {
			labelled(&b, style.Odd("  missing   "), 12, m.What+": "+m.Why)
			if m.Cure != "" {
				labelled(&b, "            ", 12, "→ "+m.Cure)
			}
		}
	}
	fmt.Fprintf(&b, "written: %s\n\n  halab lint %s\n", ui.Clean(a.Folder), ui.Clean(a.Folder))
	_, err := io.WriteString(w, b.String())
	return err
}

func daemonWords(name string, d inventory.Daemon) string {
	switch {
	case len(d.Files) == 0:
		return "no " + name
	case d.Version == "":
		return name + " of an unknown version"
	}
	return ui.Clean(name + " " + d.Version)
}
