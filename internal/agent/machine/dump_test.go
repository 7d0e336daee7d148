package machine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vishvananda/netlink"
)

func TestWholeAsksAgain(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name    string
		answers []error // the last one stays
		calls   int
		err     error
	}{
		{"at once", []error{nil}, 1, nil},
		{"after two interruptions", []error{netlink.ErrDumpInterrupted, fmt.Errorf("list: %w", netlink.ErrDumpInterrupted), nil}, 3, nil},
		{"another error", []error{netlink.ErrDumpInterrupted, broken}, 2, broken},
		{"never", []error{netlink.ErrDumpInterrupted}, dumpTries, netlink.ErrDumpInterrupted},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			_, err := Whole(func() ([]int, error) {
				answer := test.answers[min(calls, len(test.answers)-1)]
				calls++
				return []int{calls}, answer
			})
			if calls != test.calls || !errors.Is(err, test.err) {
				t.Errorf("%d calls and %v, should be %d and %v", calls, err, test.calls, test.err)
			}
		})
	}
}
