package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// How many random sequences are tried, in make test and in make nightly;
// HALAB_E2E_SEQUENCES=N is another number.
const (
	sequences      = 5
	nightSequences = 30
)

// Whatever was done to a lab, in whatever order, whoever was killed in the middle
// of it: after down the machine is as it was, byte for byte.
func TestNothingIsLeftBehind(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("HALAB_E2E_SEQUENCES"))
	if err != nil {
		n = sequences
		if tier("nightly") {
			n = nightSequences
		}
	}
	random := dice(t)
	Shared(t) // it is there before the first restart, and as that left it ever after
	restarts := mayRestart(shared.Name, spareName)
	if restarts != "" {
		t.Logf("NOT TESTED HERE: a restart of the Docker Engine in the sequences; %s", restarts)
	} else if err := restartEngine(); err != nil { // what the engine itself changes by a restart is no trace of a lab
		t.Fatal(err)
	}
	lab := Spare(t)
	before := snapshot(t)
	var h hits
	for i := range n {
		seed := random.Uint64()
		t.Run(fmt.Sprintf("%d seed %d", i, seed), func(t *testing.T) {
			s := &sequence{t: t, lab: lab, dice: rand.New(rand.NewPCG(seed, 0)), hits: &h}
			s.play(restarts == "" && i%10 == 4)
			SameAs(t, before)
		})
		if t.Failed() {
			return // what is left would be counted again and again
		}
	}
	t.Logf("halab was killed %d times, %d of them before its end", h.kills, h.met)
	if n >= nightSequences && 3*h.met < h.kills {
		t.Errorf("moments are chosen badly: %+v", h)
	}
}

// sequence is one random story of a lab.
type sequence struct {
	t    *testing.T
	lab  *Lab
	dice *rand.Rand
	told []string
	hits *hits
}

// hits counts the kills of halab, and those that came before its end.
type hits struct{ kills, met int }

// acts are what may happen, each as often as it stands here.
func (s *sequence) acts() []func() {
	return []func(){s.fail, s.fail, s.fail, s.restore, s.up, s.killContainer, s.killContainer, s.killHalab, s.killHalab, s.killHalab}
}

func (s *sequence) tell(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

// play goes from nothing to nothing.
func (s *sequence) play(restart bool) {
	s.t.Cleanup(func() { s.t.Log(strings.Join(s.told, "; ")) })
	if s.dice.IntN(4) > 0 {
		s.up()
	} else {
		s.killDuring("up")
	}
	acts := s.acts()
	count := 2 + s.dice.IntN(4)
	at := s.dice.IntN(count)
	for i := range count {
		if restart && i == at {
			s.restartEngine()
			continue
		}
		acts[s.dice.IntN(len(acts))]()
	}
	if s.dice.IntN(4) == 0 {
		s.killDuring("down")
	}
	r := s.lab.Run(s.t, "down")
	s.tell("%s", strings.TrimSpace(r.Stdout))
}

// up must work whatever happened, but a fault that nobody undid keeps the lab from
// being whole: then a restore is what up says to do.
func (s *sequence) up() {
	r := s.lab.Try(s.t, "up", "--timeout", "5s")
	s.tell("up %d in %s", r.Code, r.Took.Round(10*time.Millisecond))
	if r.Code == 0 {
		return
	}
	s.excuse(r)
	s.lab.Run(s.t, "restore")
	s.lab.Run(s.t, "up")
	s.tell("restore and up")
}

// excuse fails the test where an up failed with no fault that keeps the lab from
// being whole.
func (s *sequence) excuse(up Result) {
	if faults := s.lab.Try(s.t, "faults"); strings.Contains(faults.Stdout, "nothing is broken") || faults.Code != 0 {
		s.t.Errorf("up failed, and no fault is its reason:\n%s%s", up, faults)
	}
}

// restore mends everything, unless containers were never made.
func (s *sequence) restore() {
	whole := len(s.lab.containers(s.t)) >= 17
	r := s.lab.Try(s.t, "restore", "--timeout", "10s")
	s.tell("restore %d of %d containers in %s", r.Code, len(s.lab.containers(s.t)), r.Took.Round(10*time.Millisecond))
	if whole && r.Code != 0 && !strings.Contains(r.Stderr, "halab up") {
		s.t.Errorf("a restore of a whole lab failed:\n%s", r)
	}
}

// fault is a random fault on a random node.
func (s *sequence) fault() []string {
	all := cases()
	c := all[s.dice.IntN(len(all))]
	node := nodes[s.dice.IntN(len(nodes))]
	args := c.command(place{node: node, holder: node})
	if s.dice.IntN(3) == 0 && !slices.Contains(args, "--for") {
		args = append(args, "--for", fmt.Sprintf("%dms", 200+s.dice.IntN(3000)))
	}
	return args
}

// fail may be refused, in words.
func (s *sequence) fail() {
	r := s.lab.Try(s.t, s.fault()...)
	s.tell("%s %d", strings.Join(r.Args, " "), r.Code)
	if r.Code != 0 {
		checkManners(s.t, r)
	}
}

// killContainer kills any container of the lab, as docker kill does.
func (s *sequence) killContainer() {
	var names []string
	for name := range s.lab.containers(s.t) {
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	name := names[s.dice.IntN(len(names))]
	_, err := tryCommand("docker", "kill", name) // it may not run
	s.tell("docker kill %s: %v", name, err == nil)
}

// killHalab kills halab in the middle of anything.
func (s *sequence) killHalab() {
	commands := [][]string{{"up"}, {"restore"}, {"down"}, s.fault(), s.fault()}
	s.killDuring(commands[s.dice.IntN(len(commands))]...)
}

// longest is how long each command takes here at most, when nobody disturbs it;
// a moment beyond it kills nobody.
func longest(command string) time.Duration {
	switch command {
	case "up":
		return upTime
	case "down":
		return time.Second
	}
	return 500 * time.Millisecond
}

func (s *sequence) killDuring(args ...string) {
	p := s.lab.Start(s.t, args...)
	moment := between(s.dice, 0, longest(args[0]))
	select {
	case <-p.done:
	case <-time.After(moment):
	}
	p.Signal(syscall.SIGKILL)
	r := p.Wait()
	s.hits.kills++
	s.tell("%s killed after %s: %d", strings.Join(args, " "), moment.Round(time.Millisecond), r.Code)
	switch {
	case r.Code == 128+int(syscall.SIGKILL):
		s.hits.met++
	case args[0] == "up" && r.Code != 0:
		s.excuse(r)
	}
}

func (s *sequence) restartEngine() {
	begin := time.Now()
	if err := restartEngine(); err != nil {
		s.t.Fatal(err)
	}
	s.tell("restart of the engine in %s", time.Since(begin).Round(10*time.Millisecond))
}
