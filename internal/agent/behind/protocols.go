package behind

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// mysql greets as a server does (MySQL's protocol: Protocol::HandshakeV10) and
// says OK to whatever follows.
func (d *dialogue) mysql() {
	greeting := []byte("\x0a8.0.0-halab\x00")
	greeting = append(greeting, 1, 0, 0, 0)                            // thread
	greeting = append(greeting, "12345678\x00"...)                     // first part of the scramble
	greeting = append(greeting, 0x00, 0x82, 0x21, 0x02, 0x00, 0x08, 0) // capabilities: protocol 4.1, secure connection, plugins
	greeting = append(greeting, 21)                                    // length of the scramble
	greeting = append(greeting, make([]byte, 10)...)                   // reserved
	greeting = append(greeting, "123456789012\x00"...)                 // second part
	greeting = append(greeting, "mysql_native_password\x00"...)        // plugin
	if d.packet(0, greeting) != nil {
		return
	}
	for {
		head := make([]byte, 4)
		if _, err := io.ReadFull(d.in, head); err != nil {
			return
		}
		length := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
		command, err := d.in.Peek(min(1, length))
		if err != nil {
			return
		}
		quit := head[3] == 0 && length == 1 && command[0] == 1 // COM_QUIT
		if _, err := d.in.Discard(length); err != nil || quit {
			return
		}
		ok := []byte{0, 0, 0, 2, 0, 0, 0}
		if d.packet(head[3]+1, ok) != nil {
			return
		}
	}
}

func (d *dialogue) packet(sequence byte, payload []byte) error {
	return d.say(append([]byte{byte(len(payload)), byte(len(payload) >> 8), 0, sequence}, payload...))
}

// pgsql lets everybody in (PostgreSQL's protocol, 55.2.1: a StartupMessage is
// answered with AuthenticationOk) and is then ready for queries, which it answers
// as empty ones.
func (d *dialogue) pgsql() {
	const sslRequest, mostWords = 80877103, 1 << 16
	for {
		head := make([]byte, 8)
		if _, err := io.ReadFull(d.in, head); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint32(head)) - len(head)
		if length < 0 || length > mostWords {
			return
		}
		if _, err := d.in.Discard(length); err != nil {
			return
		}
		if binary.BigEndian.Uint32(head[4:]) != sslRequest {
			break
		}
		if d.say([]byte("N")) != nil { // no encryption: asked in the clear then
			return
		}
	}
	ready := []byte("Z\x00\x00\x00\x05I")
	if d.say(append([]byte("R\x00\x00\x00\x08\x00\x00\x00\x00"), ready...)) != nil {
		return
	}
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(d.in, head); err != nil || head[0] == 'X' {
			return
		}
		length := int(binary.BigEndian.Uint32(head[1:])) - 4
		if length < 0 || length > mostWords {
			return
		}
		if _, err := d.in.Discard(length); err != nil {
			return
		}
		if head[0] == 'Q' && d.say(append([]byte("I\x00\x00\x00\x04"), ready...)) != nil {
			return
		}
	}
}

// redis says PONG to PING and OK to all else, however it is asked: by inline
// commands or by arrays (RESP).
func (d *dialogue) redis() {
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if line[0] == '*' {
			if words, err = d.array(words[0][1:]); err != nil {
				return
			}
		}
		answer := "+OK\r\n"
		if len(words) > 0 && strings.EqualFold(words[0], "PING") {
			answer = "+PONG\r\n"
		}
		if d.say([]byte(answer)) != nil || len(words) > 0 && strings.EqualFold(words[0], "QUIT") {
			return
		}
	}
}

// array reads the words of an array: "$4\r\nPING\r\n".
func (d *dialogue) array(count string) (words []string, err error) {
	n, length := 0, 0
	if _, err := fmt.Sscanf(count, "%d", &n); err != nil || n < 0 || n > 1024 {
		return nil, errReset
	}
	for range n {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(line, "$%d\r\n", &length); err != nil || length < 0 || length > 1<<20 {
			return nil, errReset
		}
		word := make([]byte, length+2)
		if _, err := io.ReadFull(d.in, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:length]))
	}
	return words, nil
}

// smtp greets and takes whatever it is told (RFC 5321, 3.1).
func (d *dialogue) smtp() {
	answer := "220 halab stands for a mail server\r\n"
	for {
		if d.say([]byte(answer)) != nil {
			return
		}
		line, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		answer = "250 OK\r\n"
		if strings.HasPrefix(strings.ToUpper(line), "QUIT") {
			_ = d.say([]byte("221 bye\r\n")) // who asked may be gone
			return
		}
	}
}

// ldap takes every bind (RFC 4511, 4.2.2: a BindResponse with success and the
// request's own number) and ends at anything else.
func (d *dialogue) ldap() {
	const bindRequest, bindResponse = 0x60, 0x61
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(d.in, head); err != nil || head[0] != 0x30 || head[1] > 127 {
			return
		}
		message := make([]byte, head[1])
		if _, err := io.ReadFull(d.in, message); err != nil {
			return
		}
		// messageID is an INTEGER: 02 length bytes.
		if len(message) < 4 || message[0] != 0x02 || int(message[1])+2 >= len(message) {
			return
		}
		id := message[:2+int(message[1])]
		if message[len(id)] != bindRequest {
			return
		}
		result := []byte{bindResponse, 7, 0x0a, 1, 0, 4, 0, 4, 0}
		if d.say(bytes.Join([][]byte{{0x30, byte(len(id) + len(result))}, id, result}, nil)) != nil {
			return
		}
	}
}
