// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bytes"
	"maps"
	"slices"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// MaxHalf is how many half-received urgent statements are kept of a peer; the oldest gives way.
const MaxHalf = 8

type half struct {
	seq    int
	pieces [][]byte
	left   int
}

// Urgent cuts a statement into its fragments, ready for the link; false when it does not fit, or cannot be read back.
// SPEC: EXC-002
func Urgent(e *record.Entry) ([][]byte, bool) {
	f, ok := entryFrame(e)
	whole := wire.AppendFrame(nil, f)
	if !ok || len(whole) > wire.MaxUrgent {
		return nil, false
	}
	n := (len(whole) + wire.FragmentSize - 1) / wire.FragmentSize
	out := make([][]byte, 0, n)
	for i := range n {
		piece := whole[i*wire.FragmentSize : min(len(whole), (i+1)*wire.FragmentSize)]
		out = append(out, wire.AppendFragment(nil, wire.Fragment{
			Party: e.Log.Party, Log: e.Log.Local(), Index: e.Index, I: i, N: n, Data: piece,
		}))
	}
	return out, true
}

// Fragment takes one fragment; when its statement is whole it gives the statement's frame.
// A malformed one is dropped: it came over an authentic session and costs nothing.
// SPEC: EXC-008
func (x *Exchange) Fragment(b []byte) (wire.Frame, bool) {
	f, err := wire.ParseFragment(b)
	if err != nil {
		return wire.Frame{}, false
	}
	log, err := record.ParseLocal(f.Party, f.Log)
	if err != nil {
		return wire.Frame{}, false
	}
	if f.N == 1 {
		return whole(f.Data)
	}
	k := record.Place{LogID: log, Index: f.Index}
	h := x.half[k]
	if h == nil || len(h.pieces) != f.N {
		x.halfSeq++
		h = &half{seq: x.halfSeq, pieces: make([][]byte, f.N), left: f.N}
		x.half[k] = h
		x.trim()
	}
	if h.pieces[f.I] == nil {
		h.pieces[f.I] = f.Data
		h.left--
	}
	if h.left > 0 {
		return wire.Frame{}, false
	}
	delete(x.half, k)
	return whole(bytes.Join(h.pieces, nil))
}

func whole(b []byte) (wire.Frame, bool) {
	fr, err := wire.ParseFrame(b)
	return fr, err == nil && fr.Kind == wire.FrameEntry
}

func (x *Exchange) trim() {
	for len(x.half) > MaxHalf {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(x.half)), func(a, b record.Place) int { return x.half[a].seq - x.half[b].seq })
		delete(x.half, oldest)
	}
}
