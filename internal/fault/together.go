package fault

import "sync"

// each runs f(0) … f(n−1) side by side and returns when all have.
func each(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}
