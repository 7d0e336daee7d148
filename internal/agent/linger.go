package agent

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"halab/internal/agentapi"
)

// linger keeps a VIP on the loopback interface while the node holds it, and
// agentapi.LingerTime longer. Without an address the kernel sends nothing more for its
// connections: answers that were under way when the VIP moved would be lost,
// and their clients would wait for a retransmission and then be reset by the
// new holder.
//
// Others see nothing of it. The node answers ARP only for addresses of the
// interface that is asked, and names no VIP in ARP requests of its own
// (arp_ignore 1 and arp_announce 2, ip-sysctl in the kernel's documentation).
// The description sets both; where they are not set, nothing lingers, nor on a
// host, whose loopback interface outlives the node.
type linger struct {
	fail func(format string, args ...any)

	mu   sync.Mutex
	ends map[netip.Addr]*time.Timer // of the VIPs that are given up
	told bool
}

// arpKeepsQuiet says whether ARP speaks of an interface's own addresses alone.
// The larger of the values for all interfaces and for one counts.
func arpKeepsQuiet(iface string) bool {
	greatest := func(name string) int {
		n := 0
		for _, of := range []string{"all", iface} {
			text, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + of + "/" + name)
			if v, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
				n = max(n, v)
			}
		}
		return n
	}
	return greatest("arp_ignore") >= 1 && greatest("arp_announce") >= 2
}

// note takes up what the interface has to tell of a VIP.
func (l *linger) note(vip netip.Addr, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end, leaving := l.ends[vip]; leaving {
		end.Stop()
		delete(l.ends, vip)
	}
	if held {
		l.set(vip, true)
		return
	}
	l.ends[vip] = time.AfterFunc(agentapi.LingerTime, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, leaving := l.ends[vip]; leaving {
			delete(l.ends, vip)
			l.set(vip, false)
		}
	})
}

// set puts a VIP on the loopback interface or takes it off; the lock is held.
func (l *linger) set(vip netip.Addr, there bool) {
	err := setLoopback(vip, there)
	if err != nil && !l.told {
		l.fail("answers under way are lost when the VIP moves: %v", err)
	}
	l.told = err != nil
}

func setLoopback(vip netip.Addr, there bool) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("the loopback interface: %w", err)
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: vip.AsSlice(), Mask: net.CIDRMask(32, 32)}, Scope: unix.RT_SCOPE_HOST}
	if there {
		return netlink.AddrReplace(lo, address)
	}
	if err := netlink.AddrDel(lo, address); !errors.Is(err, unix.EADDRNOTAVAIL) {
		return err
	}
	return nil
}
