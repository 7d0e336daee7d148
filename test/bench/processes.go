package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is one process of the lab, or one of halab's own, as the kernel of
// this machine counts it (proc(5)).
type process struct {
	node, service string // whose it is
	name          string
	pid           int
	start         string // clock ticks after boot; with pid it names a process for good
	pss, rss      int64  // KiB; pss is 0 where we may not look
	fds, threads  int
	taken         time.Duration // processor time since its start
}

// key is what processes of several nodes have in common.
func (p process) key() string { return p.service + ": " + p.name }

// labProcesses lists the processes of the lab's containers, found by the
// container's ID in the path of their control group.
func labProcesses(ctx context.Context) ([]process, error) {
	out, err := docker(ctx, "ps", "--no-trunc", "--filter", "label=halab.lab="+labName, "--format",
		`{{.ID}} {{or (.Label "halab.node") "-"}} {{.Label "halab.service"}}`)
	if err != nil {
		return nil, err
	}
	owners := map[string][]string{}
	for line := range strings.Lines(out) {
		if words := strings.Fields(line); len(words) == 3 && words[2] != "helper" {
			owners[words[0]] = words[1:]
		}
	}
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var list []process
	for _, folder := range folders {
		group, err := os.ReadFile(filepath.Join(folder, "cgroup"))
		if err != nil {
			continue // it has ended
		}
		for id, owner := range owners {
			if !bytes.Contains(group, []byte(id)) {
				continue
			}
			pid, _ := strconv.Atoi(filepath.Base(folder)) // the pattern has digits only
			if p, ok := readProcess(pid); ok {
				p.node, p.service = owner[0], owner[1]
				list = append(list, p)
			}
		}
	}
	slices.SortFunc(list, func(a, b process) int {
		return strings.Compare(a.node+a.service+a.name, b.node+b.service+b.name)
	})
	return list, nil
}

// readProcess looks at one process; false when it has ended.
func readProcess(pid int) (process, bool) {
	folder := fmt.Sprintf("/proc/%d", pid)
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return process{}, false
	}
	p := process{pid: pid}
	begin, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if begin < 0 || end < begin || len(fields) < 20 {
		return process{}, false
	}
	p.name = string(stat[begin+1 : end])
	p.start = fields[19]                              // starttime, field 22
	p.threads, _ = strconv.Atoi(fields[17])           // num_threads, field 20
	user, _ := strconv.ParseInt(fields[11], 10, 64)   // utime, field 14, in hundredths of a second
	system, _ := strconv.ParseInt(fields[12], 10, 64) // stime, field 15
	p.taken = time.Duration(user+system) * time.Second / 100
	p.rss = kib(folder+"/status", "VmRSS:")
	p.pss = kib(folder+"/smaps_rollup", "Pss:")
	if open, err := os.ReadDir(folder + "/fd"); err == nil {
		p.fds = len(open)
	}
	return p, true
}

// kib reads a number that a file of /proc gives in "kB"; 0 where it doesn't.
func kib(path, name string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			n, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel writes digits
			return n
		}
	}
	return 0
}

// memory prints what each process of one node takes.
func (b *bench) memory(ctx context.Context) error {
	list, err := labProcesses(ctx)
	if err != nil {
		return err
	}
	const node = "frontend-01"
	fmt.Fprintf(b.out, "\nMemory of each process of %s. PSS counts a page that n processes share as 1/n of a page for each.\n\n", node)
	fmt.Fprintf(b.out, "%-32s %9s %9s %8s %12s\n", "", "PSS", "RSS", "threads", "descriptors")
	var sum process
	for _, p := range list {
		if p.node != node {
			continue
		}
		fmt.Fprintf(b.out, "%-32s %9s %9s %8d %12d\n", p.key(), mib(p.pss), mib(p.rss), p.threads, p.fds)
		sum.pss += p.pss
		sum.rss += p.rss
	}
	fmt.Fprintf(b.out, "%-32s %9s %9s\n", "together", mib(sum.pss), mib(sum.rss))
	return nil
}

func mib(kib int64) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) }
