package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"halab/internal/app"
	"halab/internal/ui"
)

func (p *program) vagrantSpec() spec {
	return spec{
		name:    "vagrant",
		summary: "a lab on Vagrant's machines",
		about: `
The nodes of a lab can be machines of their own. vagrant/Vagrantfile makes four;
this writes the Compose file that tells halab of them (docs/vagrant.md).`,
		examples: []string{"halab vagrant export"},
		sub: []spec{{
			name: "export", summary: "write the Compose file of the running machines",
			args: []arg{{name: "FILE", kind: aFile, optional: true}},
			about: `
Asks Vagrant how its machines are reached, looks which of their interfaces is on
the lab's subnet, and writes FILE (vagrant.yaml), a Compose file for halab -f.
Beside it goes FILE.ssh, a configuration for ssh that halab alone uses: nothing
in ~/.ssh is read or changed. Both are written anew when they are there.`,
			examples: []string{"halab vagrant export", "halab vagrant export lab.yaml --directory ~/machines"},
			flags: []cli.Flag{
				&cli.StringFlag{Name: "directory", Usage: "`DIR` of the Vagrantfile (default: vagrant, or this one)"},
				&cli.StringFlag{Name: "interface", Usage: "`NAME` of this machine's interface on the subnet (default: the one that has an address there)"},
			},
			run: p.vagrantExport,
		}},
	}
}

func (p *program) vagrantExport(ctx context.Context, in *input) error {
	e, err := app.ExportVagrant(ctx, app.ExportOrder{
		Directory: in.flags.String("directory"), File: in.arg(0), Subnet: in.Subnet, Interface: in.flags.String("interface"),
	})
	if err != nil {
		return err
	}
	return writeExported(p.stdout, in, e)
}

func writeExported(w io.Writer, in *input, e app.Exported) error {
	if in.json {
		return ui.WriteJSON(w, e)
	}
	t := ui.Table{}
	t.Row("NODE", "ADDRESS", "INTERFACE")
	for _, n := range e.Nodes {
		t.Row(n.Name, n.Address, ui.Clean(n.Interface))
	}
	if err := t.Write(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nthis machine is on the subnet by %s\nwritten: %s, and %s for ssh\n\n  halab -f %s up\n",
		e.Interface, e.File, filepath.Base(e.SSHConfig), e.File)
	return err
}
