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
)

// maxMessage is more than a daemon puts into one message.
const maxMessage = 8 << 10

// Syslog stands for the machine's syslog: what is sent to /dev/log, there or below a
// chroot, and to port 514 of the machine itself is written to out, a line each. What
// can't be listened on is somebody else's: of the two daemons' containers one has the
// port.
func Syslog(ctx context.Context, out io.Writer, chroot string) {
	sockets := []string{"/dev/log"}
	if chroot != "" && chroot != "/" {
		sockets = append(sockets, filepath.Join(chroot, "dev/log"))
	}
	var all []net.PacketConn
	for _, path := range sockets {
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		_ = os.Remove(path)
		if conn, err := net.ListenPacket("unixgram", path); err == nil {
			_ = os.Chmod(path, 0o666)
			all = append(all, conn)
		}
	}
	if conn, err := net.ListenPacket("udp", "127.0.0.1:514"); err == nil {
		all = append(all, conn)
	}
	for _, conn := range all {
		context.AfterFunc(ctx, func() { conn.Close() })
		go func() {
			buffer := make([]byte, maxMessage)
			for {
				n, _, err := conn.ReadFrom(buffer)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					time.Sleep(time.Second) // a socket that fails once may work again
					continue
				}
				if text := message(string(buffer[:n])); !strings.Contains(text, " Keepalived") { // which says all on its console as well
					fmt.Fprintln(out, strings.TrimSpace(text))
				}
			}
		}()
	}
}

// message is a syslog message without its priority (RFC 3164, section 4.1.1).
func message(text string) string {
	if strings.HasPrefix(text, "<") {
		if _, rest, ok := strings.Cut(text, ">"); ok {
			return rest
		}
	}
	return text
}
