package docker

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// The streams of a frame, the first byte of its header.
const (
	fdStdin  = 0
	fdStderr = 2
	fdError  = 3 // the engine's own complaint

	headerSize = 8
	// complaintLimit bounds how much of the engine's complaint is kept.
	complaintLimit = 4 << 10
)

// demultiplex reads frames (a byte for the stream, three of padding, the length
// in four) and hands each to take. It returns nil at the end of the stream.
func demultiplex(r io.Reader, take func(fd byte, frame io.Reader) error) error {
	var header [headerSize]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if header[0] > fdError || header[1]|header[2]|header[3] != 0 {
			return frameError(header[:])
		}
		frame := &io.LimitedReader{R: r, N: int64(binary.BigEndian.Uint32(header[4:]))}
		if header[0] == fdError {
			text, _ := io.ReadAll(io.LimitReader(frame, complaintLimit))
			return errors.New(strings.TrimSpace(string(text)))
		}
		if err := take(header[0], frame); err != nil {
			return err
		}
		if frame.N > 0 {
			if _, err := io.Copy(io.Discard, frame); err != nil {
				return err
			}
			if frame.N > 0 {
				return io.ErrUnexpectedEOF
			}
		}
	}
}
