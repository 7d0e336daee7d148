// Package behind stands for everything behind a lab's HAProxies: it listens on the
// servers' own addresses, speaks what their checks expect, and each server can be
// stopped, hung, slowed and made to fail by itself. Beside that it is the name
// server for the names in the files.
package behind

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agentapi"
)

const usage = "halab agent behind run FILE | set SERVER STATE [MILLISECONDS] | state"

// Command is `halab agent behind`: the stand-in itself, or a command to the one
// that runs.
func Command(ctx context.Context, args []string, out command.Output) error {
	socket := agentapi.BehindSocket
	if len(args) > 1 && args[0] == "--socket" {
		socket, args = args[1], args[2:]
	}
	switch {
	case len(args) == 2 && args[0] == "run":
		text, err := os.ReadFile(args[1])
		if err != nil {
			return err
		}
		var d agentapi.Behind
		if err := json.Unmarshal(text, &d); err != nil {
			return fmt.Errorf("%s describes no servers: %w", args[1], err)
		}
		return Run(ctx, d, socket, out.Story)
	case len(args) == 1 && args[0] == "state":
		return order(ctx, socket, agentapi.BehindOrder{}, out.Answer)
	case (len(args) == 3 || len(args) == 4) && args[0] == "set":
		o := agentapi.BehindOrder{Server: args[1], State: args[2]}
		if len(args) == 4 {
			ms, err := strconv.Atoi(args[3])
			if err != nil || ms < 0 {
				return command.Usagef("%q is no number of milliseconds", args[3])
			}
			o.Ms = ms
		}
		return order(ctx, socket, o, out.Answer)
	}
	return command.Usagef("%s", usage)
}

// order gives a command to the stand-in and prints its reply.
func order(ctx context.Context, socket string, o agentapi.BehindOrder, out io.Writer) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("nothing stands for the servers here: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(orderTime)); err != nil {
		return err
	}
	if err := json.NewEncoder(conn).Encode(o); err != nil {
		return err
	}
	var reply agentapi.BehindReply
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return err
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	return json.NewEncoder(out).Encode(reply)
}

// orderTime bounds a command.
const orderTime = 5 * time.Second

// Run stands for the servers until ctx ends. It is an error when one of their
// addresses can't be listened on: a server that is silently not there would look
// like one that is down.
func Run(ctx context.Context, d agentapi.Behind, socket string, story io.Writer) error {
	sign, err := signer(d.Authority)
	if err != nil {
		return err
	}
	s := &stand{}
	defer s.end()
	for _, l := range d.Listeners {
		one := &spot{BehindListener: l, state: agentapi.BehindUp, changed: make(chan struct{}), open: map[net.Conn]bool{}}
		if l.TLS {
			certificate, err := sign.certificate(l)
			if err != nil {
				return fmt.Errorf("a certificate for %s: %w", l.Address, err)
			}
			one.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10}
			if l.Speaks == agentapi.BehindHTTP {
				one.tls.NextProtos = []string{"h2", "http/1.1"}
			}
		}
		if err := one.set(agentapi.BehindUp, 0); err != nil {
			return err
		}
		s.spots = append(s.spots, one)
		fmt.Fprintf(story, "%s stands for %v\n", l.Address, l.Servers)
	}
	if d.DNS != nil {
		stop, err := resolve(*d.DNS)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	control, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	defer control.Close()
	go s.obey(control, story)
	<-ctx.Done()
	return nil
}

// stand is all servers that one process stands for.
type stand struct{ spots []*spot }

func (s *stand) end() {
	for _, one := range s.spots {
		_ = one.set(agentapi.BehindKill, 0) // to end needs nothing
	}
}

// obey takes commands until the socket is closed.
func (s *stand) obey(control net.Listener, story io.Writer) {
	for {
		conn, err := control.Accept()
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(orderTime)) // a socket takes one
		var o agentapi.BehindOrder
		reply := agentapi.BehindReply{Error: "that is no command"}
		if json.NewDecoder(bufio.NewReader(conn)).Decode(&o) == nil {
			reply = s.carryOut(o)
			if o.Server != "" && reply.Error == "" {
				fmt.Fprintf(story, "%s: %s\n", o.Server, o.State)
			}
		}
		_ = json.NewEncoder(conn).Encode(reply) // who asked may be gone
		_ = conn.Close()
	}
}

func (s *stand) carryOut(o agentapi.BehindOrder) agentapi.BehindReply {
	var reply agentapi.BehindReply
	known := false
	for _, one := range s.spots {
		if o.Server != "" && o.Server != one.Address && !slices.Contains(one.Servers, o.Server) {
			continue
		}
		known = true
		if o.Server != "" {
			if err := one.set(o.State, o.Ms); err != nil {
				return agentapi.BehindReply{Error: err.Error()}
			}
		}
		reply.Listeners = append(reply.Listeners, one.look())
	}
	if !known && o.Server != "" {
		reply.Error = fmt.Sprintf("no server here is called %s", o.Server)
	}
	return reply
}
