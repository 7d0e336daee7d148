// Package puppet is a small program that does as it is told, so that the same
// tests can be played on an engine in memory and, as the only file of an image,
// on a real one.
package puppet

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Process is what a puppet has to do with.
type Process struct {
	Args    []string // without the program's own name
	Env     []string // KEY=value
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Signals <-chan string // names, such as SIGTERM
}

// Run plays the program and returns its exit code. It ends early when ctx ends.
//
//	wait            says "ready" and waits for SIGTERM, then exits with 0
//	stubborn        says "ready" and takes no notice of SIGTERM
//	exit N          exits with N
//	say TEXT        writes a line to stdout
//	cry TEXT        writes a line to stderr
//	long N          writes a line of N letters
//	cat             copies stdin to stdout
//	env NAME        writes the variable's value
//	sum FILE        writes the file's size (on a real engine only)
func Run(ctx context.Context, p Process) int {
	if len(p.Args) == 0 {
		return complain(p, "no command")
	}
	rest := strings.Join(p.Args[1:], " ")
	switch p.Args[0] {
	case "wait":
		_, _ = fmt.Fprintln(p.Stdout, "ready")
		return await(ctx, p, true)
	case "stubborn":
		_, _ = fmt.Fprintln(p.Stdout, "ready")
		return await(ctx, p, false)
	case "exit":
		code, err := strconv.Atoi(rest)
		if err != nil {
			return complain(p, err.Error())
		}
		return code
	case "say":
		_, _ = fmt.Fprintln(p.Stdout, rest)
	case "cry":
		_, _ = fmt.Fprintln(p.Stderr, rest)
	case "long":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return complain(p, err.Error())
		}
		_, _ = fmt.Fprintln(p.Stdout, strings.Repeat("x", n))
	case "cat":
		if _, err := io.Copy(p.Stdout, p.Stdin); err != nil {
			return complain(p, err.Error())
		}
	case "env":
		for _, pair := range p.Env {
			if value, found := strings.CutPrefix(pair, rest+"="); found {
				_, _ = fmt.Fprintln(p.Stdout, value)
			}
		}
	case "sum":
		info, err := os.Stat(rest)
		if err != nil {
			return complain(p, err.Error())
		}
		_, _ = fmt.Fprintln(p.Stdout, info.Size())
	default:
		return complain(p, "unknown command "+p.Args[0])
	}
	return 0
}

func complain(p Process, text string) int {
	_, _ = fmt.Fprintln(p.Stderr, "puppet: "+text)
	return 2
}

func await(ctx context.Context, p Process, obey bool) int {
	for {
		select {
		case <-ctx.Done():
			return 137 // 128 + SIGKILL
		case name := <-p.Signals:
			if obey && name == "SIGTERM" {
				return 0
			}
		}
	}
}
