// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The messages of the exchange. Each is one byte of kind, then parts, each a uvarint length and bytes.
const (
	FrameHave    byte = 1 // what we hold: one text line a log, or a span of logs
	FrameEntry   byte = 2 // note, facts, text
	FrameReceipt byte = 3 // the receipt's note
	FrameRefused byte = 4 // log, place, why: one text line
	FrameWant    byte = 5 // asks what is held of a span of logs: one text line
)

// frameParts is how many parts each kind has; a kind not named here is refused.
var frameParts = map[byte]int{FrameHave: 1, FrameEntry: 3, FrameReceipt: 1, FrameRefused: 1, FrameWant: 1}

// MaxFrame bounds a message of the bulk stream: a note, two bodies of 64 KiB and their lengths.
const MaxFrame = 160 << 10

// ErrFrame says that a message of the stream is malformed; the connection that carried it is ended.
var ErrFrame = errors.New("malformed message on the stream")

// Frame is one message of the bulk stream between two nodes (spec: EXC).
type Frame struct {
	Kind  byte
	Parts [][]byte // owned by whoever holds the frame
}

// AppendFrame appends the bytes of f to b.
func AppendFrame(b []byte, f Frame) []byte {
	b = append(b, f.Kind)
	for _, p := range f.Parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// ParseFrame reads one whole message. The parts are copies; nothing is allocated by a length that is not here.
// SPEC: EXC-001
func ParseFrame(b []byte) (Frame, error) {
	if len(b) < 1 || len(b) > MaxFrame {
		return Frame{}, fmt.Errorf("%w: %d bytes", ErrFrame, len(b))
	}
	f := Frame{Kind: b[0]}
	n, ok := frameParts[f.Kind]
	if !ok {
		return Frame{}, fmt.Errorf("%w: kind %d", ErrFrame, b[0])
	}
	b = b[1:]
	for range n {
		l, k := binary.Uvarint(b)
		if k <= 0 || l > uint64(len(b)-k) {
			return Frame{}, fmt.Errorf("%w: a part is longer than the message", ErrFrame)
		}
		f.Parts = append(f.Parts, append([]byte{}, b[k:k+int(l)]...))
		b = b[k+int(l):]
	}
	if len(b) != 0 {
		return Frame{}, fmt.Errorf("%w: %d bytes after its end", ErrFrame, len(b))
	}
	return f, nil
}

// A statement that does not wait goes in fragments, each in a sealed packet of its own (record: urgent).
const (
	MaxFragments = 5
	FragmentSize = 1120 // bytes of statement a fragment
	MaxUrgent    = MaxFragments * FragmentSize
)

// Fragment is one piece of an urgent statement: whose log, where, which piece of how many.
type Fragment struct {
	Party string
	Log   string // number.run
	Index int
	I, N  int // piece I of N, from 0
	Data  []byte
}

// ErrFragment says that a fragment is malformed; it is dropped and counted.
var ErrFragment = errors.New("malformed fragment")

// AppendFragment appends the bytes of f to b.
func AppendFragment(b []byte, f Fragment) []byte {
	b = append(b, byte(len(f.Party)))
	b = append(b, f.Party...)
	b = append(b, byte(len(f.Log)))
	b = append(b, f.Log...)
	b = binary.AppendUvarint(b, uint64(f.Index))
	b = append(b, byte(f.I), byte(f.N))
	return append(b, f.Data...)
}

// ParseFragment reads one fragment; Data is a copy.
func ParseFragment(b []byte) (f Fragment, err error) {
	str := func(max int) string {
		if len(b) < 1 || int(b[0]) > max || len(b) < 1+int(b[0]) {
			err = ErrFragment
			return ""
		}
		s := string(b[1 : 1+int(b[0])])
		b = b[1+int(b[0]):]
		return s
	}
	if f.Party = str(16); err != nil {
		return f, err
	}
	if f.Log = str(17); err != nil {
		return f, err
	}
	idx, k := binary.Uvarint(b)
	if k <= 0 || idx >= 1<<31 || len(b) < k+2 {
		return f, ErrFragment
	}
	f.Index, f.I, f.N = int(idx), int(b[k]), int(b[k+1])
	b = b[k+2:]
	if f.N < 1 || f.N > MaxFragments || f.I >= f.N || len(b) < 1 || len(b) > FragmentSize {
		return f, ErrFragment
	}
	f.Data = append([]byte{}, b...)
	return f, nil
}
