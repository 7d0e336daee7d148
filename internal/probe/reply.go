package probe

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// maxReply is the largest answer a probe reads.
const maxReply = 64 << 10

// reply is an answer as far as a probe cares; all but failure are of HTTP/1.
type reply struct {
	failure string // whole, and not what was asked for
	status  int
	body    []byte
	close   bool // the server will not take another request on this connection
}

// replyState says what the bytes so far amount to.
type replyState int

const (
	replyPartial  replyState = iota // more must come
	replyComplete                   // the answer is whole
	replyBad                        // it can't become one
)

// parseReply reads an HTTP/1 answer from what has arrived so far; eof says that
// nothing more will come. It is pure, so that a probe may call it again with
// more bytes. Length by Content-Length, chunks or end of connection (RFC 9112,
// section 6).
func parseReply(b []byte, eof bool) (reply, replyState) {
	head := bytes.Index(b, []byte("\r\n\r\n"))
	if head < 0 {
		if eof || len(b) > maxReply {
			return reply{}, replyBad
		}
		return reply{}, replyPartial
	}
	r, h, ok := parseHead(b[:head])
	if !ok {
		return reply{}, replyBad
	}
	body := b[head+4:]
	switch {
	case h.chunked:
		out, state := dechunk(body)
		if state == replyPartial && eof {
			state = replyBad
		}
		r.body = out
		return r, state
	case h.length >= 0:
		if int64(len(body)) >= h.length {
			r.body = body[:h.length]
			return r, replyComplete
		}
		if eof {
			return r, replyBad
		}
		return r, replyPartial
	default:
		r.close = true
		r.body = body
		if eof {
			return r, replyComplete
		}
		return r, replyPartial
	}
}

type headers struct {
	length  int64 // −1: not said
	chunked bool
}

func parseHead(b []byte) (reply, headers, bool) {
	lines := bytes.Split(b, []byte("\r\n"))
	first := lines[0] // "HTTP/1.1 200 OK"
	if len(first) < 12 || !bytes.HasPrefix(first, []byte("HTTP/1.")) || first[8] != ' ' {
		return reply{}, headers{}, false
	}
	status, err := strconv.Atoi(string(first[9:12]))
	if err != nil || status < 200 || status > 999 {
		return reply{}, headers{}, false
	}
	r, h := reply{status: status, close: first[7] == '0'}, headers{length: -1}
	for _, line := range lines[1:] {
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			continue
		}
		value = bytes.ToLower(bytes.TrimSpace(value))
		switch string(bytes.ToLower(name)) {
		case "content-length":
			n, err := strconv.ParseUint(string(value), 10, 31)
			if err != nil {
				return reply{}, headers{}, false
			}
			h.length = int64(n)
		case "transfer-encoding":
			h.chunked = bytes.Contains(value, []byte("chunked"))
		case "connection":
			switch {
			case bytes.Contains(value, []byte("close")):
				r.close = true
			case bytes.Contains(value, []byte("keep-alive")):
				r.close = false
			}
		}
	}
	if status == 204 || status == 304 {
		h.length, h.chunked = 0, false
	}
	return r, h, true
}

// dechunk joins the chunks of a body (RFC 9112, section 7.1); trailers are read
// over.
func dechunk(b []byte) ([]byte, replyState) {
	var out []byte
	for {
		line, rest, found := bytes.Cut(b, []byte("\r\n"))
		if !found {
			if len(b) > 64 {
				return nil, replyBad
			}
			return out, replyPartial
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil || n > maxReply {
			return nil, replyBad
		}
		if n == 0 {
			if bytes.HasPrefix(rest, []byte("\r\n")) || bytes.Contains(rest, []byte("\r\n\r\n")) {
				return out, replyComplete
			}
			return out, replyPartial
		}
		if uint64(len(rest)) < n+2 {
			return out, replyPartial
		}
		if rest[n] != '\r' || rest[n+1] != '\n' {
			return nil, replyBad
		}
		out = append(out, rest[:n]...)
		b = rest[n+2:]
	}
}

// who are the names an app's answer carries.
type who struct {
	Frontend string `json:"frontend"`
	Backend  string `json:"backend"`
}

// parseWho reads the names from a body; ok says whether the body is a JSON
// object at all.
func parseWho(body []byte) (w who, ok bool) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' {
		return who{}, false
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return who{}, false
	}
	return w, true
}
