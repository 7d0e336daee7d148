// Package probe is the observer: it probes virtual addresses at a fixed rate as
// a client would, listens to VRRP and gratuitous ARP on the same interface, and
// stamps both with one clock, CLOCK_MONOTONIC of the kernel it runs on.
//
// The prober is open-loop: when a probe is due depends on the time alone, never
// on the probe before it. It is one thread around epoll and a timer, without a
// goroutine or a scheduler between the kernel and the time stamp, so that 551
// probes a second cost about a tenth of one slow processor, most of it the
// kernel's own work on connections, and the stamps are good to some tens of
// microseconds when the machine is not overloaded. How far it
// was late is measured for each probe and reported.
package probe
