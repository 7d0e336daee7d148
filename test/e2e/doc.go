// Package e2e drives the built halab binary against a real Docker Engine and
// asserts what a user sees: answers, exit codes, and what is left behind.
//
// The tests run where HALAB_E2E=1, which `make test` sets. HALAB_BIN names the
// binary (../../bin/halab). Most tests share one lab that is brought up once,
// with a name and a subnet of its own, so that a lab of yours may stay up
// meanwhile. What the run made, images too, is gone when it ends; with
// HALAB_E2E_KEEP=1 the images stay. Where other people use the same engine,
// HALAB_E2E_SHARED=1 makes the comparison of before and after look at what
// carries this run's names only.
package e2e
