package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"halab/internal/agent/machine"
)

// netWatch follows the addresses and the state of one interface.
type netWatch struct {
	name    string
	address func(a netip.Addr, there bool, at moment)
	link    func(up bool, at moment)
	begun   func() // may be nil: called once everything that is there was told

	index int // 0 while there is no such interface
	up    bool
	known map[netip.Addr]bool
}

// watchBuffer is room for the kernel's messages while the agent does not run.
const watchBuffer = 1 << 20

// subscribe opens the socket the kernel tells of changes on.
func subscribe() (*nl.NetlinkSocket, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	// Best effort: force needs a capability that not every caller has.
	if socket.SetReceiveBufferSize(watchBuffer, true) != nil {
		_ = socket.SetReceiveBufferSize(watchBuffer, false)
	}
	return socket, nil
}

// run tells what is there, then every change, until ctx ends.
func (w *netWatch) run(ctx context.Context) error {
	socket, err := subscribe()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, socket.Close)
	defer stop()
	defer socket.Close()
	w.known = map[netip.Addr]bool{}
	if err := w.resync(); err != nil {
		return err
	}
	if w.begun != nil {
		w.begun()
	}
	for {
		messages, _, err := socket.Receive()
		at := now()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENOBUFS):
			// Messages were lost: look instead.
			if err := w.resync(); err != nil {
				return err
			}
			continue
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return fmt.Errorf("netlink: %w", err)
		}
		for i := range messages {
			w.message(&messages[i], at)
		}
	}
}

// resync compares what is known with what is there.
func (w *netWatch) resync() error {
	at := now()
	there := map[netip.Addr]bool{}
	link, err := netlink.LinkByName(w.name)
	if err == nil {
		w.index = link.Attrs().Index
		addresses, err := machine.Whole(func() ([]netlink.Addr, error) { return netlink.AddrList(link, netlink.FAMILY_ALL) })
		if err != nil {
			return fmt.Errorf("addresses of %s: %w", w.name, err)
		}
		for _, a := range addresses {
			if ip, ok := netip.AddrFromSlice(a.IP); ok {
				there[ip.Unmap()] = true
			}
		}
		w.setLink(machine.IsUp(link.Attrs().RawFlags), at)
	} else {
		w.index = 0
		w.setLink(false, at)
	}
	for ip := range w.known {
		if !there[ip] {
			w.setAddress(ip, false, at)
		}
	}
	for ip := range there {
		w.setAddress(ip, true, at)
	}
	return nil
}

func (w *netWatch) setLink(up bool, at moment) {
	if w.up != up {
		w.up = up
		w.link(up, at)
	}
}

func (w *netWatch) setAddress(ip netip.Addr, there bool, at moment) {
	if w.known[ip] == there {
		return
	}
	if there {
		w.known[ip] = true
	} else {
		delete(w.known, ip)
	}
	w.address(ip, there, at)
}

// message reads one message of the kernel (rtnetlink(7)).
func (w *netWatch) message(m *syscall.NetlinkMessage, at moment) {
	switch m.Header.Type {
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		if index, ip, ok := parseAddress(m); ok && index == w.index {
			w.setAddress(ip, m.Header.Type == unix.RTM_NEWADDR, at)
		}
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		w.linkMessage(m, at)
	}
}

func (w *netWatch) linkMessage(m *syscall.NetlinkMessage, at moment) {
	if len(m.Data) < unix.SizeofIfInfomsg {
		return
	}
	info := nl.DeserializeIfInfomsg(m.Data)
	index := int(info.Index)
	if m.Header.Type == unix.RTM_DELLINK {
		if index == w.index {
			w.index = 0
			w.setLink(false, at)
			for ip := range w.known {
				w.setAddress(ip, false, at)
			}
		}
		return
	}
	if index != w.index {
		if w.index != 0 || linkName(m) != w.name {
			return
		}
		w.index = index
	}
	w.setLink(machine.IsUp(info.Flags), at)
}

func linkName(m *syscall.NetlinkMessage) string {
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return ""
	}
	for _, a := range attributes {
		if a.Attr.Type == unix.IFLA_IFNAME {
			return unix.ByteSliceToString(a.Value)
		}
	}
	return ""
}

// parseAddress finds the interface and its own address in a message: IPv6 has that
// where IPv4 has the other end's (rtnetlink(7)).
func parseAddress(m *syscall.NetlinkMessage) (index int, ip netip.Addr, ok bool) {
	if len(m.Data) < unix.SizeofIfAddrmsg || m.Data[0] != unix.AF_INET && m.Data[0] != unix.AF_INET6 {
		return 0, netip.Addr{}, false
	}
	attribute := uint16(unix.IFA_LOCAL)
	if m.Data[0] == unix.AF_INET6 {
		attribute = unix.IFA_ADDRESS
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return 0, netip.Addr{}, false
	}
	index = int(nl.DeserializeIfAddrmsg(m.Data).Index)
	for _, a := range attributes {
		if a.Attr.Type == attribute {
			ip, ok = netip.AddrFromSlice(a.Value)
		}
	}
	return index, ip, ok
}

// hardwareOf is an interface's hardware address, lower case with colons; empty
// where there is none.
func hardwareOf(name string) string {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return ""
	}
	return i.HardwareAddr.String()
}
