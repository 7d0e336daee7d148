// Package host is what halab does on a host by a helper container there: it makes
// the lab's interfaces, looks whether a node may be put there, removes what a lab
// left, and keeps processors busy.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"halab/internal/agent/command"
	"halab/internal/agent/machine"
	"halab/internal/agentapi"
)

// Check looks at the host that this container is on.
func Check(ctx context.Context, args []string, out command.Output) error {
	if len(args) != 1 {
		return command.Usagef("host JSON")
	}
	var r agentapi.HostRequest
	if err := json.Unmarshal([]byte(args[0]), &r); err != nil {
		return command.Usagef("host JSON: %v", err)
	}
	return json.NewEncoder(out.Answer).Encode(lookAtHost(ctx, r))
}

func lookAtHost(ctx context.Context, r agentapi.HostRequest) agentapi.HostReply {
	reply := agentapi.HostReply{Addresses: []string{}, Heard: []agentapi.Heard{}}
	link, err := netlink.LinkByName(r.Interface)
	if err != nil {
		reply.Problem = err.Error()
		return reply
	}
	reply.Found, reply.Up = true, machine.IsUp(link.Attrs().RawFlags)
	found, err := machine.AddressesOf(r.Interface)
	if err != nil {
		reply.Problem = err.Error()
		return reply
	}
	for _, a := range found {
		reply.Addresses = append(reply.Addresses, a.String())
	}
	// The same alias again changes nothing, and is refused to who may not
	// change interfaces.
	if err := netlink.LinkSetAlias(link, link.Attrs().Alias); err != nil {
		reply.Problem = fmt.Sprintf("its containers may not change %s: %v", r.Interface, err)
		return reply
	}
	reply.Taken = taken(r.Ports)
	if err := listenVRRP(ctx, link.Attrs().Index, r.Listen, &reply); err != nil {
		reply.Problem = err.Error()
	}
	return reply
}

// taken lists the TCP ports that somebody listens on.
func taken(ports []int) []int {
	var list []int
	for _, port := range ports {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
		if errors.Is(err, unix.EADDRINUSE) {
			list = append(list, port)
		}
		if err == nil {
			_ = l.Close() // nobody has connected
		}
	}
	return list
}

// rawVRRP listens to the protocol of VRRP, 112 (RFC 5798, section 5.1.1).
const rawVRRP = "ip4:112"

// listenVRRP notes who sends VRRP packets that arrive on an interface.
func listenVRRP(ctx context.Context, index int, patience time.Duration, reply *agentapi.HostReply) error {
	conn, err := net.ListenPacket(rawVRRP, "0.0.0.0")
	if err != nil {
		return fmt.Errorf("its containers can't listen to VRRP: %w", err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.IPConn).SyscallConn()
	if err != nil {
		return err
	}
	group := &unix.IPMreqn{Multiaddr: [4]byte{224, 0, 0, 18}, Ifindex: int32(index)}
	var joined error
	if err := raw.Control(func(fd uintptr) {
		joined = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, group)
	}); err != nil || joined != nil {
		return fmt.Errorf("its containers can't join VRRP's group: %v", joined)
	}
	deadline := time.Now().Add(patience)
	if at, earlier := ctx.Deadline(); earlier && at.Before(deadline) {
		deadline = at
	}
	if err := conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	seen := map[agentapi.Heard]bool{}
	packet := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(packet)
		if err != nil {
			return nil // the time is up
		}
		sender, ok := netip.AddrFromSlice(from.(*net.IPAddr).IP.To4())
		if n < 8 || !ok {
			continue
		}
		h := agentapi.Heard{From: sender.String(), RouterID: int(packet[1])} // RFC 5798, section 5.1
		if !seen[h] {
			seen[h] = true
			reply.Heard = append(reply.Heard, h)
		}
	}
}
