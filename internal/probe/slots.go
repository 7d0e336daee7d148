package probe

// flight is one probe from when it was due until its sample is made.
type flight struct {
	due     int64
	sent    int64
	dialled bool
	conn    *conn // nil: waits for the held connection
}

// conn is one TCP connection of a stream.
type conn struct {
	fd     int
	gen    int32
	stream *stream
	up     bool // established
	wrote  int  // bytes of the request written
	port   uint16
	buf    []byte
	flight *flight // nil: a held connection between two probes
}

// slots gives connections small numbers that epoll carries, each with a
// generation, so that an event for a connection closed meanwhile is known.
type slots struct {
	conns []*conn
	free  []int32
	gen   int32
}

func (s *slots) add(c *conn) int32 {
	s.gen++
	c.gen = s.gen
	if n := len(s.free); n > 0 {
		id := s.free[n-1]
		s.free = s.free[:n-1]
		s.conns[id] = c
		return id
	}
	s.conns = append(s.conns, c)
	return int32(len(s.conns) - 1)
}

func (s *slots) get(id, gen int32) *conn {
	if id < 0 || int(id) >= len(s.conns) {
		return nil
	}
	if c := s.conns[id]; c != nil && c.gen == gen {
		return c
	}
	return nil
}

func (s *slots) remove(c *conn) {
	for id, other := range s.conns {
		if other == c {
			s.conns[id] = nil
			s.free = append(s.free, int32(id))
			return
		}
	}
}
