package agent

import (
	"fmt"
	"os"
	"testing"
)

func TestSelfWords(t *testing.T) {
	read := func() (heap, goroutines, files int) {
		if _, err := fmt.Sscanf(selfWords(), "heap %d goroutines %d files %d", &heap, &goroutines, &files); err != nil {
			t.Fatal(err)
		}
		return heap, goroutines, files
	}
	heap, goroutines, files := read()
	if heap <= 0 || goroutines < 1 || files < 3 {
		t.Errorf("heap %d, %d goroutines, %d files", heap, goroutines, files)
	}
	end := make(chan struct{})
	defer close(end)
	go func() { <-end }()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, g, n := read(); g <= goroutines || n != files+1 {
		t.Errorf("%d goroutines and %d files after one more of each; before %d and %d", g, n, goroutines, files)
	}
}
