package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// How a soak goes.
const (
	soakEvery   = 5 * time.Second // between two faults
	soakHold    = 2 * time.Second // of each
	soakRate    = 50              // requests a second, all the time
	soakSettle  = 15 * time.Second
	soakMargin  = 3 * time.Minute // the load ends by itself so long after
	watchedName = "halab"         // in the place of a service, for halab's own processes
)

// soaked is a soak and what came of it.
type soaked struct {
	faults, refused int
	mistakes        []string
	requests, lost  int
	before, after   []process
}

// soak breaks something at random every few seconds under load, with a halab
// that watches and one that follows the logs, and prints what grew.
func (b *bench) soakRun(ctx context.Context) error {
	dice := rand.New(rand.NewPCG(b.seed, b.seed))
	fmt.Fprintf(b.out, "\nSoak of %s: a random fault on a random node every %s (seed %d), %d requests a second all the time\n", b.soak, soakEvery, b.seed, soakRate)
	g, err := b.attack(ctx, targets()[2].url, soakRate, b.soak+soakMargin)
	if err != nil {
		return err
	}
	own, stop, err := b.followers(ctx)
	if err == nil {
		err = g.flowing(ctx)
	}
	var s soaked
	if err == nil {
		err = b.strikes(ctx, &s, dice, own)
	}
	stop()
	list, loadErr := g.stop()
	if err := errors.Join(err, loadErr); err != nil {
		return err
	}
	s.requests, s.lost = len(list), countFailed(list)
	b.printSoak(s)
	return nil
}

// strikes breaks and mends until the time is up, between two looks at all
// processes, both under the same load.
func (b *bench) strikes(ctx context.Context, s *soaked, dice *rand.Rand, own map[string]int) error {
	pause(ctx, soakSettle)
	var err error
	if s.before, err = b.look(ctx, own); err != nil {
		return err
	}
	end := time.Now().Add(b.soak)
	for tick := time.Now(); tick.Before(end) && ctx.Err() == nil; tick = tick.Add(soakEvery) {
		pause(ctx, time.Until(tick))
		words := soakFault(dice)
		if _, err := b.run(ctx, append([]string{"fail"}, words...)...); err != nil {
			if strings.Contains(err.Error(), "netem") {
				s.refused++
				continue
			}
			s.mistakes = append(s.mistakes, strings.Join(words, " ")+": "+reason(err))
		}
		s.faults++
		pause(ctx, soakHold)
		if _, err := b.run(ctx, "restore", "--timeout", "30s"); err != nil {
			s.mistakes = append(s.mistakes, "restore after "+strings.Join(words, " ")+": "+reason(err))
		}
	}
	pause(ctx, soakSettle)
	s.after, err = b.look(ctx, own)
	return errors.Join(err, ctx.Err())
}

// soakFault is any fault on any node.
func soakFault(dice *rand.Rand) []string {
	nodes := []string{"frontend-01", "frontend-02", "backend-01", "backend-02"}
	cases := faultCases()
	words := slices.Clone(cases[dice.IntN(len(cases))])
	words[0] = nodes[dice.IntN(len(nodes))]
	if slices.Contains(words, "partition") {
		words[len(words)-1] = "client"
	}
	return words
}

// followers starts the halab commands that run for long. stop ends them.
func (b *bench) followers(ctx context.Context) (own map[string]int, stop func(), err error) {
	own = map[string]int{}
	var all []*exec.Cmd
	stop = func() {
		for _, cmd := range all {
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
			_ = cmd.Wait()                          // with 130
		}
	}
	for _, words := range [][]string{{"watch", "--json"}, {"logs", "-f", "--since", "0s"}, {"status", "--watch"}} {
		cmd := exec.CommandContext(ctx, b.halab, words...)
		cmd.Env = b.environment(b.halab)
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
		if err := cmd.Start(); err != nil {
			return own, stop, err
		}
		all = append(all, cmd)
		own[strings.Join(words[:1], " ")] = cmd.Process.Pid
	}
	return own, stop, nil
}

// look reads all processes of the lab, and halab's own.
func (b *bench) look(ctx context.Context, own map[string]int) ([]process, error) {
	list, err := labProcesses(ctx)
	if err != nil {
		return nil, err
	}
	for name, pid := range own {
		p, ok := readProcess(pid)
		if !ok {
			return nil, fmt.Errorf("halab %s has ended by itself", name)
		}
		p.service, p.name = watchedName, name
		list = append(list, p)
	}
	return list, nil
}

// total sums the processes of one kind.
type total struct {
	n, fds, threads int
	pss, rss        int64
}

func totals(list []process) map[string]total {
	sums := map[string]total{}
	for _, p := range list {
		t := sums[p.key()]
		sums[p.key()] = total{t.n + 1, t.fds + p.fds, t.threads + p.threads, t.pss + p.pss, t.rss + p.rss}
	}
	return sums
}

// lived counts the processes of a kind that are in both lists.
func lived(key string, before, after []process) int {
	n := 0
	for _, a := range before {
		if a.key() == key && slices.ContainsFunc(after, func(b process) bool { return a.pid == b.pid && a.start == b.start }) {
			n++
		}
	}
	return n
}

func (b *bench) printSoak(s soaked) {
	fmt.Fprintf(b.out, "%d faults, %d that this machine can't have; %d of %d requests failed\n", s.faults, s.refused, s.lost, s.requests)
	for _, m := range s.mistakes {
		fmt.Fprintf(b.out, "  ! %s\n", m)
	}
	fmt.Fprintf(b.out, "\n%-32s %9s %21s %21s %15s %15s\n", "on all nodes together", "processes", "PSS", "RSS", "descriptors", "threads")
	before, after := totals(s.before), totals(s.after)
	var keys []string
	for key := range before {
		keys = append(keys, key)
	}
	for key := range after {
		if _, known := before[key]; !known {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		x, y := before[key], after[key]
		fmt.Fprintf(b.out, "%-32s %9s %21s %21s %15s %15s   %d of them all the time\n", key, fmt.Sprintf("%d→%d", x.n, y.n),
			mib(x.pss)+"→"+mib(y.pss), mib(x.rss)+"→"+mib(y.rss), fmt.Sprintf("%d→%d", x.fds, y.fds),
			fmt.Sprintf("%d→%d", x.threads, y.threads), lived(key, s.before, s.after))
	}
}
