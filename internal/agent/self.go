package agent

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// watchSelf answers SIGUSR1 by an event that says what process 1 itself takes,
// so that a leak can be seen from outside.
func watchSelf(ctx context.Context, r *recorder) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGUSR1)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
			r.note(now(), agentapi.Event{Name: agentapi.EventSelf, Detail: selfWords()}, nil)
		}
	}
}

// selfWords says what is in use after a collection: bytes of the heap,
// goroutines and open files.
func selfWords() string {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("heap %d goroutines %d files %d", m.HeapAlloc, runtime.NumGoroutine(), len(files)-1) // but the folder itself
}
