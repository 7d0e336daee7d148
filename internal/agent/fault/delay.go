package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"halab/internal/agentapi"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// queueing names what delay and rate both need: the root queueing discipline.
const queueing = "interface's queue (tc qdisc)"

// delay makes what a node sends wait, by netem (tc-netem(8)).
func delay() applier {
	return queueFault(agentapi.FaultDelay, "netem", func(root netlink.QdiscAttrs, r agentapi.FaultRecord) netlink.Qdisc {
		return netlink.NewNetem(root, netlink.NetemQdiscAttrs{
			Latency: uint32(r.Delay / time.Microsecond), Jitter: uint32(r.Jitter / time.Microsecond), Limit: 10000,
		})
	})
}

// queueFault replaces the queueing discipline of the interface. An interface of
// a container has none of its own (noqueue); that comes back when the other
// goes.
func queueFault(name, kind string, build func(netlink.QdiscAttrs, agentapi.FaultRecord) netlink.Qdisc) applier {
	return applier{
		name:  name,
		needs: queueing,
		prepare: func(s Site, _ *agentapi.FaultRecord) error {
			root, err := rootQueue(s.Iface)
			if err == nil && root != nil {
				err = fmt.Errorf("%s has a queueing discipline of its own (%s), which halab leaves alone", s.Iface, root.Type())
			}
			return err
		},
		apply: func(s Site, r agentapi.FaultRecord) error {
			link, err := netlink.LinkByName(s.Iface)
			if err != nil {
				return fmt.Errorf("interface %s: %w", s.Iface, err)
			}
			root := netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: queueHandle, Parent: netlink.HANDLE_ROOT}
			err = netlink.QdiscAdd(build(root, r))
			if errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("this node's kernel has no %s (CONFIG_NET_SCH_%s), so nothing was changed", kind, strings.ToUpper(kind))
			}
			return err
		},
		there: func(s Site, r agentapi.FaultRecord) error {
			root, err := rootQueue(s.Iface)
			if err == nil && (root == nil || root.Type() != kind) {
				err = fmt.Errorf("%s has no %s", s.Iface, kind)
			}
			return err
		},
		undo: func(s Site, _ agentapi.FaultRecord) error {
			root, err := rootQueue(s.Iface)
			if err != nil || root == nil || root.Attrs().Handle != queueHandle {
				return err
			}
			return netlink.QdiscDel(root)
		},
		gone: func(s Site, _ agentapi.FaultRecord) error {
			root, err := rootQueue(s.Iface)
			if err == nil && root != nil && root.Attrs().Handle == queueHandle {
				err = fmt.Errorf("%s still has %s", s.Iface, root.Type())
			}
			return err
		},
	}
}

// queueHandle marks a queueing discipline as halab's: 4a1b:.
const queueHandle uint32 = 0x4a1b << 16

// rootQueue finds the queueing discipline that somebody gave the interface.
func rootQueue(iface string) (netlink.Qdisc, error) {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", iface, err)
	}
	list, err := netlink.QdiscList(link)
	if err != nil {
		return nil, fmt.Errorf("queueing disciplines of %s: %w", iface, err)
	}
	for _, q := range list {
		// The kernel's own has no handle.
		if q.Attrs().Parent == netlink.HANDLE_ROOT && q.Attrs().Handle != 0 {
			return q, nil
		}
	}
	return nil, nil
}
