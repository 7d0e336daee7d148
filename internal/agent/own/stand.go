package own

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
	"halab/internal/topology"
)

// CallsFile is where calls of commands that reach nobody are kept, with their time.
// It is on the disk that the containers of a node share.
const CallsFile = agentapi.RunDir + "/calls"

// Stand answers a command that scripts call: `stand systemctl is-active haproxy`.
// systemctl and service know the node's two daemons; everything else reaches nobody,
// as the lab has no way out: its call is kept, and it fails as it would there.
func Stand(ctx context.Context, args []string, out command.Output) int {
	if len(args) == 0 {
		return out.Code(command.Usagef("stand COMMAND [ARG…]"))
	}
	name, args := args[0], args[1:]
	switch name {
	case "systemctl":
		return unit(ctx, words(args), out)
	case "service":
		if args = words(args); len(args) == 2 {
			return unit(ctx, []string{args[1], args[0]}, out)
		}
		fmt.Fprintln(out.Story, "service: halab's own knows  service haproxy|keepalived status|start|stop|restart|reload")
		return command.ExitUsage
	}
	line := fmt.Sprintf("%s %s %s\n", time.Now().Format(time.RFC3339Nano), name, strings.Join(args, " "))
	if f, err := os.OpenFile(CallsFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666); err == nil {
		_, _ = f.WriteString(line) // the script must not wait for a full disk
		_ = f.Close()
	}
	fmt.Fprintf(out.Story, "%s: the lab has no way out; the call was kept in %s\n", name, CallsFile)
	return command.ExitFailed
}

// words are the arguments that are no flags.
func words(args []string) []string {
	var list []string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			list = append(list, a)
		}
	}
	return list
}

// Exit codes of systemctl(1): a unit that is not active, and one that is not there.
const (
	notActive = 3
	noUnit    = 4
)

// unit does what systemctl would with one of the node's daemons.
func unit(ctx context.Context, args []string, out command.Output) int {
	if len(args) != 2 {
		fmt.Fprintln(out.Story, "systemctl: halab's own knows  systemctl is-active|status|start|stop|restart|reload haproxy|keepalived")
		return command.ExitUsage
	}
	verb, name := args[0], strings.TrimSuffix(args[1], ".service")
	service := topology.Service(name)
	if service != topology.ServiceHAProxy && service != topology.ServiceKeepalived {
		fmt.Fprintf(out.Story, "Unit %s.service could not be found.\n", name)
		return noUnit
	}
	switch verb {
	case "is-active", "status", "is-failed":
		all, err := machine.Processes()
		if err != nil {
			return out.Code(err)
		}
		_, runs := machine.Daemon(all, service)
		fmt.Fprintln(out.Answer, map[bool]string{true: "active", false: "inactive"}[runs])
		if runs != (verb != "is-failed") {
			return notActive
		}
		return command.ExitDone
	case "start", "stop", "restart", "reload", "try-restart", "reload-or-restart":
		return out.Code(ask(ctx, service, verb))
	case "enable", "disable", "daemon-reload", "reset-failed":
		return command.ExitDone
	}
	fmt.Fprintf(out.Story, "Unknown command verb %s.\n", verb)
	return command.ExitFailed
}

// orderTime bounds an order to a supervisor: a daemon's stop is in it.
const orderTime = 10 * time.Second

// Socket is where the supervisor of a daemon takes orders.
func Socket(service topology.Service) string {
	return filepath.Join(agentapi.RunDir, string(service)+".order")
}

// ask gives an order to a daemon's supervisor.
func ask(ctx context.Context, service topology.Service, verb string) error {
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", Socket(service))
	if err != nil {
		return fmt.Errorf("%s has no supervisor here: %w", service, err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, verb); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && len(answer) > 0 {
		err = fmt.Errorf("%s", strings.TrimSpace(string(answer)))
	}
	return err
}
