package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The lab that is measured: of no name or subnet that anybody uses.
const (
	labName = "bench"
	prefix  = "10.198.89"
	macs    = "02:68:0a:c6:59"
)

type bench struct {
	options
	table *table
	out   io.Writer
	base  string // of the images
}

// environment is what halab, or Compose, gets to make that lab.
func (b *bench) environment(name string) []string {
	env := append(os.Environ(), "HALAB_NAME="+labName, "HALAB_SUBNET="+prefix+".0/24")
	if name != b.halab {
		env = append(env, "HALAB_BASE="+b.base, "HALAB_PREFIX="+prefix, "HALAB_MAC="+macs, "HALAB_PARENT=hl-"+labName)
	}
	return env
}

// timed runs a command and says how long it took and what it said.
func (b *bench) timed(ctx context.Context, name string, args ...string) (time.Duration, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = b.environment(name)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return took, out.String(), err
}

func (b *bench) run(ctx context.Context, args ...string) (time.Duration, error) {
	took, _, err := b.timed(ctx, b.halab, args...)
	return took, err
}

// clean leaves nothing behind, whatever happened.
func (b *bench) clean() {
	if _, err := b.run(context.Background(), "down"); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// all measures the parts that were asked for.
func (b *bench) all(ctx context.Context) error {
	if err := b.describe(ctx); err != nil {
		return err
	}
	fmt.Fprintln(b.out, b.table.title)
	do := map[string]func(context.Context) error{
		"speed": b.speed, "sizes": b.sizes, "idle": b.idle, "load": b.load, "faults": b.underLoad, "memory": b.memory, "soak": b.soakRun,
	}
	up := false
	for _, part := range parts() {
		if !slices.Contains(b.parts, part) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", part)
		if !up && part != "speed" && part != "sizes" {
			if _, err := b.run(ctx, "up"); err != nil {
				return err
			}
			up = true
		}
		if err := do[part](ctx); err != nil {
			return err
		}
	}
	return nil
}

// speed measures halab beside the others.
func (b *bench) speed(ctx context.Context) error {
	if err := b.firstBuild(ctx); err != nil {
		return err
	}
	if err := b.findBase(ctx); err != nil {
		return err
	}
	for round := range b.rounds {
		fmt.Fprintf(os.Stderr, "bench: round %d of %d\n", round+1, b.rounds)
		if err := b.round(ctx); err != nil {
			return err
		}
	}
	return b.table.print(b.out)
}

// describe notes the machine.
func (b *bench) describe(ctx context.Context) error {
	var v struct {
		Halab  string
		Engine struct{ Version, Kernel string }
	}
	_, out, err := b.timed(ctx, b.halab, "version", "--json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		return err
	}
	b.table.title = fmt.Sprintf("halab %s, Docker Engine %s, Linux %s, %d cores, %s",
		v.Halab, v.Engine.Version, v.Engine.Kernel, runtime.NumCPU(), time.Now().Format("2006-01-02"))
	return nil
}

func (b *bench) firstBuild(ctx context.Context) error {
	if !b.build {
		_, err := b.run(ctx, "build")
		return err
	}
	fmt.Fprintln(os.Stderr, "bench: the first build of all images")
	if _, err := b.run(ctx, "down", "--images"); err != nil {
		return err
	}
	took, err := b.run(ctx, "build")
	b.table.row("first build of all images", "under 150 s").add("halab", took)
	return err
}

// findBase brings the lab up once, which also warms the page cache, and asks it
// for its base.
func (b *bench) findBase(ctx context.Context) error {
	if _, err := b.run(ctx, "up"); err != nil {
		return err
	}
	_, out, err := b.timed(ctx, b.halab, "status", "--json")
	if err != nil {
		return err
	}
	var s struct{ Base string }
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		return err
	}
	if _, err := b.run(ctx, "down"); err != nil {
		return err
	}
	b.base = s.Base
	return nil
}

// round measures each contestant once.
func (b *bench) round(ctx context.Context) error {
	if err := b.halabRound(ctx); err != nil {
		return err
	}
	for _, c := range []struct{ name, binary string }{{"Compose v2", b.compose2}, {"Compose v1", b.compose1}} {
		if c.binary == "" {
			continue
		}
		if err := b.composeRound(ctx, c.name, c.binary); err != nil {
			return err
		}
	}
	return nil
}

// The rows, and what they should show.
const (
	rowUp      = "up, until the command returns"
	rowServes  = "up, until both VIPs serve"
	rowNetwork = "network up, which Compose needs before"
	rowSum     = "up from nothing, until both VIPs serve"
	rowDown    = "down"
	rowStatus  = "status"
	rowFail    = "fail backend-01 app --how kill"
	rowStop    = "fail backend-01 haproxy"
)

func (b *bench) halabRound(ctx context.Context) error {
	took, err := b.run(ctx, "up")
	if err != nil {
		return err
	}
	b.table.row(rowUp, "no longer than Compose's").add("halab", took)
	// up returns when both tiers serve; held here against a request from outside.
	begin := time.Now()
	if err := serves(ctx); err != nil {
		return err
	}
	b.table.row(rowServes, "").add("halab", took+time.Since(begin))
	b.table.row(rowSum, "").add("halab", took+time.Since(begin))
	for range 3 {
		took, err := b.run(ctx, "status")
		if err != nil {
			return err
		}
		b.table.row(rowStatus, "under 150 ms").add("halab", took)
	}
	if err := b.faults(ctx); err != nil {
		return err
	}
	took, err = b.run(ctx, "down")
	b.table.row(rowDown, "at most 2 s, a fifth of Compose's").add("halab", took)
	return err
}

// faults measures fail beside the bare call of the engine that it makes.
func (b *bench) faults(ctx context.Context) error {
	for _, f := range []struct {
		row, service, how, call string
	}{
		{rowFail, "app", "kill", "kill?signal=KILL"},
		{rowStop, "haproxy", "stop", "stop?t=5"},
	} {
		took, err := b.run(ctx, "fail", "backend-01", f.service, "--how", f.how)
		if err != nil {
			return err
		}
		b.table.row(f.row, "under 100 ms more than the bare call").add("halab", took)
		if _, err := b.run(ctx, "restore"); err != nil {
			return err
		}
		took, err = bareCall(ctx, labName+"-backend-01-"+f.service, f.call)
		if err != nil {
			return err
		}
		b.table.row(f.row, "").add("bare call", took)
		if _, err := b.run(ctx, "restore"); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) composeRound(ctx context.Context, name, binary string) error {
	project := []string{"-p", labName, "-f", b.file}
	network, err := b.run(ctx, "network", "up")
	if err != nil {
		return err
	}
	b.table.row(rowNetwork, "").add("halab", network)
	begin := time.Now()
	took, _, err := b.timed(ctx, binary, append(project, "up", "-d")...)
	if err != nil {
		return err
	}
	b.table.row(rowUp, "").add(name, took)
	if err := serves(ctx); err != nil {
		return err
	}
	b.table.row(rowServes, "").add(name, time.Since(begin))
	b.table.row(rowSum, "").add(name, network+time.Since(begin))
	took, _, err = b.timed(ctx, binary, append(project, "down", "-v")...)
	if err != nil {
		return err
	}
	b.table.row(rowDown, "").add(name, took)
	_, err = b.run(ctx, "network", "down")
	return err
}
