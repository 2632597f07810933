// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"errors"
	"io"
)

// Messages of the control stream: type (1), length (4), body. The first of each end is a hello.
const (
	msgHello byte = 'h' // version (1), lane index (3), lane epoch (1), run (1+n), greeting (rest)
	msgGreet byte = 'g' // run (1+n), greeting (rest)
	msgBye   byte = 'b' // why, in words

	streamControl byte = 'c' // first byte of the dialler's first stream
	streamBulk    byte = 'b' // then the stream's ID (8)

	maxControl = 64 << 10
	maxRun     = 32
	version    = 1
)

var errControl = errors.New("malformed control message")

type hello struct {
	index    uint32
	epoch    byte
	run      string
	greeting []byte
}

func (h hello) append(b []byte) []byte {
	b = append(b, version, byte(h.index>>16), byte(h.index>>8), byte(h.index), h.epoch)
	return appendGreet(b, h.run, h.greeting)
}

// SPEC: LNK-012
func parseHello(b []byte) (h hello, err error) {
	if len(b) < 6 || b[0] != version || b[4] >= 8 {
		return h, errControl
	}
	h.index, h.epoch = uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), b[4]
	h.run, h.greeting, err = parseGreet(b[5:])
	return h, err
}

func appendGreet(b []byte, run string, greeting []byte) []byte {
	return append(append(append(b, byte(len(run))), run...), greeting...)
}

func parseGreet(b []byte) (run string, greeting []byte, err error) {
	if len(b) < 1 || b[0] == 0 || b[0] > maxRun || len(b) < 1+int(b[0]) {
		return "", nil, errControl
	}
	n := 1 + int(b[0])
	for _, c := range b[1:n] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return "", nil, errControl
		}
	}
	return string(b[1:n]), b[n:], nil
}

func appendMessage(b []byte, typ byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(b, typ), uint32(len(body))), body...)
}

func readMessage(r io.Reader) (typ byte, body []byte, err error) {
	var head [1]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	body, err = readSized(r, maxControl)
	return head[0], body, err
}

func readSized(r io.Reader, limit uint32) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > limit {
		return nil, errControl
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

// printable makes a peer's words fit for a log line or a board.
func printable(b []byte) string {
	b = append([]byte(nil), b[:min(len(b), 200)]...)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}
