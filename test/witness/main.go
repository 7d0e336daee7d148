// Command witness looks at a lab's failovers with another prober than halab's
// own: vegeta's attacker, on this machine's leg on the lab's network. It breaks
// the VIP's holder by `halab fail`, and says what an outage was by vegeta's
// time stamps alone. So a drill's figures have a second opinion. Run it by
// `make witness`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(1)
	}
}

func run() error {
	var w witness
	flag.StringVar(&w.halab, "halab", "bin/halab", "the binary that breaks and mends")
	flag.StringVar(&w.cluster, "cluster", "frontend", "the cluster whose VIP's holder is broken")
	flag.IntVar(&w.repeat, "repeat", 20, "how often each fault is done")
	flag.IntVar(&w.rate, "rate", 500, "new connections a second to the VIP")
	only := flag.String("only", "", "the name of one fault, such as \"node crash\"; all without it")
	flag.Parse()
	if w.repeat < 1 || w.rate < 1 {
		return errors.New("-repeat and -rate are at least 1")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := w.find(ctx); err != nil {
		return err
	}
	defer func() {
		if err := w.do(context.WithoutCancel(ctx), "restore"); err != nil {
			fmt.Fprintln(os.Stderr, "witness:", err)
		}
	}()
	fmt.Printf("edge: GET http://%s/haproxy-alive, %d new connections a second, from %s\n\n", w.vip, w.rate, w.leg)
	fmt.Print(heading)
	for _, f := range faults {
		if *only != "" && f.name != *only {
			continue
		}
		s, err := w.watch(ctx, f)
		if err != nil {
			return err
		}
		fmt.Print(s.row(f.name))
	}
	return nil
}
