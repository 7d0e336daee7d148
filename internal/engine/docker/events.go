package docker

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"

	"halab/internal/engine"
)

// Events hands over what happens to the containers that match the filter, until
// take fails or ctx ends (with its error). What happens before the engine has
// taken the request is not seen: list the containers once ready is called.
func (e *Engine) Events(ctx context.Context, filter engine.Filter, ready func(), take func(engine.Event) error) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	args := labels(filter)
	args.Add("type", string(events.ContainerEventType))
	messages, errs := e.api.Events(listening, events.ListOptions{Filters: args})
	ready() // the SDK returns once the engine has answered
	for {
		select {
		case message := <-messages:
			if err := take(ourEvent(message)); err != nil {
				cancel()
				<-errs // the SDK's goroutine is done
				return err
			}
		case err := <-errs:
			if ctx.Err() != nil {
				err = ctx.Err()
			} else if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // an engine never ends it by itself
			}
			return e.fail("listen to events", err)
		}
	}
}

func ourEvent(message events.Message) engine.Event {
	// "exec_create: COMMAND" and the like: the command is nobody's business here.
	action, _, _ := strings.Cut(string(message.Action), ":")
	return engine.Event{
		Time:      time.Unix(0, message.TimeNano),
		Container: message.Actor.ID,
		Action:    action,
		Labels:    message.Actor.Attributes,
	}
}
