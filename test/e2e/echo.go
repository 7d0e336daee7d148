package e2e

import (
	wire "encoding/binary"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// echoes is what came of a series of ICMP echo requests to a node.
type echoes struct {
	sent, came int
	took       time.Duration // from the first reply to the last one
	times      []time.Duration
}

// share that came back.
func (e echoes) share() float64 { return float64(e.came) / float64(e.sent) }

// median time of those that came back.
func (e echoes) median() time.Duration {
	if len(e.times) == 0 {
		return 0
	}
	slices.Sort(e.times)
	return e.times[len(e.times)/2]
}

// echo sends n requests of that many bytes to an address of the lab, one a
// millisecond, from the host's leg, whose address it is bound to. The kernel of
// the other side answers each; nothing repeats what is lost. (RFC 792)
func (l *Lab) echo(t testing.TB, last, n, size int) echoes {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("ICMP takes root")
	}
	conn, err := icmp.ListenPacket("ip4:icmp", l.hostLeg())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	to := &net.IPAddr{IP: net.ParseIP(l.Address(last))}
	id := os.Getpid() & 0xffff
	result := make(chan echoes)
	go func() { result <- collect(conn, id, n) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for seq := range n {
		<-tick.C
		data := wire.BigEndian.AppendUint64(make([]byte, 0, size), uint64(time.Now().UnixNano()))
		m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: seq, Data: data[:size:size]}}
		packet, err := m.Marshal(nil)
		if err == nil {
			_, err = conn.WriteTo(packet, to)
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	e := <-result
	e.sent = n
	return e
}

// quiet is how long no reply may come before the series is over.
const quiet = 700 * time.Millisecond

// collect reads replies until all are there or none comes any more.
func collect(conn *icmp.PacketConn, id, n int) (e echoes) {
	var first, lastAt time.Time
	buffer := make([]byte, 2048)
	for e.came < n {
		_ = conn.SetReadDeadline(time.Now().Add(quiet))
		size, _, err := conn.ReadFrom(buffer)
		if err != nil {
			break // the deadline
		}
		m, err := icmp.ParseMessage(1, buffer[:size]) // protocol 1 is ICMP
		if err != nil || m.Type != ipv4.ICMPTypeEchoReply {
			continue
		}
		reply, ok := m.Body.(*icmp.Echo)
		if !ok || reply.ID != id || len(reply.Data) < 8 {
			continue
		}
		lastAt = time.Now()
		if e.came++; e.came == 1 {
			first = lastAt
		}
		e.times = append(e.times, lastAt.Sub(time.Unix(0, int64(wire.BigEndian.Uint64(reply.Data)))))
	}
	e.took = lastAt.Sub(first)
	return e
}
