//go:build !linux

package probe

import (
	"context"
	"errors"
	"io"

	"halab/internal/agentapi"
)

// Observe needs Linux: the observer runs in the lab's client container.
func Observe(_ context.Context, _ agentapi.ObserverSpec, _ io.Reader, _ io.Writer) error {
	return errors.New("the observer runs on Linux only, in the lab's client container")
}
