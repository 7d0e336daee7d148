// Command bench measures how long halab takes, beside Docker Compose on the
// same file and beside bare calls of the engine, and prints one table of
// medians and ratios. The contestants take turns, so that a machine that is
// busy for a while is busy for all. Run it by `make bench`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options say what is measured and how often.
type options struct {
	halab    string // the binary
	compose2 string // Compose v2's binary; empty: not there
	compose1 string // docker-compose 1.29; empty: not there
	file     string // the Compose file
	rounds   int
	build    bool // also the first build, which removes all images of halab's before
}

func run() error {
	var o options
	flag.StringVar(&o.halab, "halab", "bin/halab", "the binary that is measured")
	flag.StringVar(&o.compose2, "compose2", "", "a binary of Compose v2 to compare with")
	flag.StringVar(&o.compose1, "compose1", "", "docker-compose 1.29 to compare with")
	flag.StringVar(&o.file, "file", "compose/compose.yaml", "the Compose file for all of them")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each is measured; the median counts")
	flag.BoolVar(&o.build, "build", true, "measure the first build, too: removes all of halab's images, and builds them")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file, err := filepath.Abs(o.file)
	if err != nil {
		return err
	}
	o.file = file
	b := &bench{options: o, table: &table{}}
	defer b.clean()
	if err := b.all(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted; the lab is taken down")
		}
		return err
	}
	return b.table.print(os.Stdout)
}
