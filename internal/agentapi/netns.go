package agentapi

import (
	"os"
	"strings"
)

// NetworkNamespace names the network namespace of this thread: the number that
// the kernel gives it, and the kernel's boot ID, after which numbers begin anew
// (namespaces(7), random(4)). "" where it can't be read.
//
// An engine behind a socket of this machine need not be in the namespace of who
// asks it: one without root, that of Docker Desktop, a second one. Its helper on
// the host's network tells its own namespace.
func NetworkNamespace() string {
	link, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return link + " " + strings.TrimSpace(string(boot))
}

// SameNamespace compares two names of network namespaces. The first one of a
// machine has the same number after each boot, so equal numbers mean the same
// namespace also then; unequal ones of two boots mean nothing.
func SameNamespace(a, b string) (same, known bool) {
	if a == "" || b == "" {
		return false, false
	}
	numberA, bootA, _ := strings.Cut(a, " ")
	numberB, bootB, _ := strings.Cut(b, " ")
	return numberA == numberB, numberA == numberB || bootA == bootB
}
