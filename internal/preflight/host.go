package preflight

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/bits"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// host is what can be seen of this machine without being root.
type host struct {
	name       string
	interfaces []Interface
	routes     []Route
	macvlan    Known
	apparmor   Known
	parser     bool
}

func lookAround() host {
	var h host
	h.name, _ = os.Hostname() // without a name it is not the engine's host
	h.interfaces = interfaces()
	if table, err := os.Open("/proc/net/route"); err == nil {
		defer table.Close()
		h.routes = parseRoutes(table)
	}
	h.macvlan = kernelHas("macvlan")
	h.apparmor = switchedOn("/sys/module/apparmor/parameters/enabled")
	h.parser = installed("apparmor_parser", "/usr/sbin", "/sbin")
	return h
}

// switchedOn reads a switch of a kernel module, "Y" or "N"; without the module
// it is off.
func switchedOn(path string) Known {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return No
	case err != nil:
		return NotKnown
	case strings.HasPrefix(string(text), "Y"):
		return Yes
	}
	return No
}

// installed looks for a program on the path, and in folders that only root has
// there.
func installed(name string, more ...string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	return slices.ContainsFunc(more, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

func interfaces() []Interface {
	found, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var list []Interface
	for _, i := range found {
		one := Interface{Name: i.Name, Up: i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0}
		alias, err := os.ReadFile(filepath.Join("/sys/class/net", i.Name, "ifalias"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just gone
		}
		one.Alias = strings.TrimSpace(string(alias))
		addresses, _ := i.Addrs() // one that has just gone has none
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				one.Addresses = append(one.Addresses, p)
			}
		}
		list = append(list, one)
	}
	return list
}

// parseRoutes reads /proc/net/route (proc_net(5)): addresses are hexadecimal in
// the machine's byte order. A route without an interface ("*") only refuses.
func parseRoutes(r io.Reader) []Route {
	var list []Route
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[0] == "Iface" || f[0] == "*" {
			continue
		}
		flags, err := strconv.ParseUint(f[3], 16, 32)
		if err != nil || flags&unix.RTF_REJECT != 0 {
			continue
		}
		to, ok1 := word(f[1])
		mask, ok2 := word(f[7])
		if ok1 && ok2 {
			list = append(list, Route{f[0], netip.PrefixFrom(netip.AddrFrom4(to), ones(mask)).Masked()})
		}
	}
	return list
}

// word turns eight hexadecimal digits into the four bytes of an address.
func word(text string) ([4]byte, bool) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != 4 {
		return [4]byte{}, false
	}
	var out [4]byte
	binary.NativeEndian.PutUint32(out[:], binary.BigEndian.Uint32(raw))
	return out, true
}

func ones(mask [4]byte) int { return bits.OnesCount32(binary.BigEndian.Uint32(mask[:])) }

// kernelHas looks for a part of the kernel: loaded, built in, or a module.
func kernelHas(part string) Known {
	if _, err := os.Stat(filepath.Join("/sys/module", part)); err == nil {
		return Yes
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return NotKnown
	}
	dir := filepath.Join("/lib/modules", unix.ByteSliceToString(name.Release[:]))
	answer := NotKnown
	for _, file := range []string{"modules.builtin", "modules.dep"} {
		list, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			continue
		}
		if bytes.Contains(list, []byte("/"+part+".ko")) {
			return Yes
		}
		answer = No
	}
	return answer
}

// free is how many bytes anybody may still write below dir; -1: not known.
func free(dir string) int64 {
	var s unix.Statfs_t
	if dir == "" || unix.Statfs(dir, &s) != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}
