// Command bench measures halab and its lab. Run it by `make bench`; -parts picks
// from what it does:
//
//   - speed: how long halab takes, beside Docker Compose on the same file and
//     beside bare calls of the engine. The contestants take turns, so that a
//     machine that is busy for a while is busy for all.
//   - sizes: how large the images are, and why.
//   - idle: what the lab takes of a processor while nothing happens.
//   - load: requests a second and their latency at three depths of the lab.
//   - faults: what a client under load loses to each fault.
//   - memory: what each process of a node takes.
//   - soak: what grows while things break for a long time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
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
	parts    []string
	vegeta   string        // the load generator's binary
	length   time.Duration // of each measurement under load
	soak     time.Duration
	seed     uint64         // of the soak's dice
	only     *regexp.Regexp // of the faults under load
}

// parts are what there is to measure, in the order in which it is done.
func parts() []string { return []string{"speed", "sizes", "idle", "load", "faults", "memory", "soak"} }

func run() error {
	var o options
	flag.StringVar(&o.halab, "halab", "bin/halab", "the binary that is measured")
	flag.StringVar(&o.compose2, "compose2", "", "a binary of Compose v2 to compare with")
	flag.StringVar(&o.compose1, "compose1", "", "docker-compose 1.29 to compare with")
	flag.StringVar(&o.file, "file", "compose/compose.yaml", "the Compose file for all of them")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each is measured; the median counts")
	flag.BoolVar(&o.build, "build", true, "measure the first build, too: removes all of halab's images, and builds them")
	flag.StringVar(&o.vegeta, "vegeta", "dist/vegeta", "the load generator, a static binary")
	flag.DurationVar(&o.length, "load", 10*time.Second, "how long each measurement under load, or of the idle lab, takes")
	flag.DurationVar(&o.soak, "soak", 10*time.Minute, "how long the soak takes")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano())&0xffffffff, "the soak's dice")
	faults := flag.String("faults", "", "a regular expression: only these faults under load")
	chosen := flag.String("parts", strings.Join(parts(), ","), "what is measured")
	flag.Parse()
	for _, part := range strings.Split(*chosen, ",") {
		if !slices.Contains(parts(), part) {
			return fmt.Errorf("-parts has %q; there are: %s", part, strings.Join(parts(), ", "))
		}
		o.parts = append(o.parts, part)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if o.only, err = regexp.Compile(*faults); err != nil {
		return fmt.Errorf("-faults: %w", err)
	}
	file, err := filepath.Abs(o.file)
	if err != nil {
		return err
	}
	o.file = file
	b := &bench{options: o, table: &table{}, out: os.Stdout}
	defer b.clean()
	if err := b.all(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted; the lab is taken down")
		}
		return err
	}
	return nil
}
