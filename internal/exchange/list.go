// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"strings"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// ErrHave says that the peer's list of logs is malformed: it is dropped.
var ErrHave = errors.New("malformed list of logs")

// Bounds of a list, so that it fits one message of the stream however many logs there are.
const (
	maxNamed = 64   // logs of a party that are named one by one
	maxSums  = 1000 // sums in the answer about a span
	maxLines = 1024
)

// Have is what a side says of one log.
type Have struct {
	record.LogID
	Size  int // joined entries
	Root  wire.Hash
	Whole int // below it every body is here
	Held  int // below it a receipt of the other party covers every body
}

func haveOf(l *record.Log) Have {
	return Have{l.Name.LogID, l.Size, l.Root, l.Whole, l.Held}
}

// span is the logs of a party from one to another, by number and run.
type span struct{ from, to record.LogID }

// sum stands for all logs of a span.
type sum struct {
	span
	hash wire.Hash
}

// list is a message *have*.
type list struct {
	of   *span // what it says everything of; nil: all logs
	logs []Have
	sums []sum
}

func (s span) has(l *record.Log) bool {
	return s.from.Compare(l.Name.LogID) <= 0 && l.Name.Compare(s.to) <= 0
}

// in gives the logs of a span, of logs sorted by party, number and run.
func (s span) in(logs []*record.Log) []*record.Log {
	at := func(id record.LogID, over int) int {
		i, _ := slices.BinarySearchFunc(logs, id, func(l *record.Log, id record.LogID) int {
			return cmp.Or(l.Name.Compare(id), over)
		})
		return i
	}
	from := at(s.from, 0)
	return logs[from:max(from, at(s.to, -1))]
}

func (s span) append(b []byte) []byte {
	return append(append(append(append(append(b, s.from.Party...), ' '), s.from.Local()...), ' '), s.to.Local()...)
}

func say(b []byte) wire.Frame { return wire.Frame{Kind: wire.FrameHave, Parts: [][]byte{b}} }

// summary is the whole list: the newest logs of each party by name, the older ones as one sum.
// SPEC: EXC-003
func summary(logs []*record.Log) (b []byte) {
	for len(logs) > 0 {
		n := slices.IndexFunc(logs, func(l *record.Log) bool { return l.Name.Party != logs[0].Name.Party })
		if n < 0 {
			n = len(logs)
		}
		old := max(0, n-maxNamed)
		if old > 0 {
			b = appendSum(b, logs[:old])
		}
		b = appendLogs(b, logs[old:n])
		logs = logs[n:]
	}
	return b
}

// narrower is the list of one span: its logs by name, or as sums of parts where there are too many.
// SPEC: EXC-011
func narrower(s span, logs []*record.Log) []byte {
	b := append(s.append(nil), '\n')
	if len(logs) <= maxNamed {
		return appendLogs(b, logs)
	}
	for part := range slices.Chunk(logs, max(maxNamed, (len(logs)+maxSums-1)/maxSums)) {
		b = appendSum(b, part)
	}
	return b
}

func appendLogs(b []byte, logs []*record.Log) []byte {
	for _, l := range logs {
		b = append(append(append(b, l.Name.Party...), ' '), l.Name.Local()...)
		b = strconv.AppendInt(append(b, ' '), int64(l.Size), 10)
		b = append(append(b, ' '), l.Root.String()...)
		b = strconv.AppendInt(append(b, ' '), int64(l.Whole), 10)
		b = append(strconv.AppendInt(append(b, ' '), int64(l.Held), 10), '\n')
	}
	return b
}

func appendSum(b []byte, logs []*record.Log) []byte {
	s := span{logs[0].Name.LogID, logs[len(logs)-1].Name.LogID}
	return append(append(append(s.append(b), ' '), sumOf(logs).String()...), '\n')
}

// sumOf is over the lines of the logs as they would stand in a list.
func sumOf(logs []*record.Log) (sum wire.Hash) {
	h := sha256.New()
	var line []byte
	for i := range logs {
		line = appendLogs(line[:0], logs[i:i+1])
		h.Write(line)
	}
	h.Sum(sum[:0])
	return sum
}

// parseList reads a list. Its lines rise by party, number and run, so that no log is spoken of twice.
func parseList(b []byte) (out list, err error) {
	var last span
	lines := strings.SplitSeq(string(b), "\n")
	n := 0
	for line := range lines {
		if line == "" {
			continue
		}
		f := strings.Split(line, " ")
		var s span
		switch n++; {
		case n > maxLines:
			return list{}, ErrHave
		case len(f) == 3 && n == 1:
			s, err = parseSpan(f)
			out.of = &s
		case len(f) == 4:
			var m sum
			if m.span, err = parseSpan(f[:3]); err == nil {
				m.hash, err = wire.ParseHash(f[3])
			}
			s, out.sums = m.span, append(out.sums, m)
		case len(f) == 6:
			var h Have
			h, err = parseLog(f)
			s, out.logs = span{h.LogID, h.LogID}, append(out.logs, h)
		default:
			return list{}, ErrHave
		}
		if err != nil {
			return list{}, ErrHave
		}
		if len(f) == 3 {
			continue
		}
		if o := out.of; o != nil && (s.from.Compare(o.from) < 0 || s.to.Compare(o.to) > 0) || last.to.Compare(s.from) >= 0 {
			return list{}, ErrHave
		}
		last = s
	}
	return out, nil
}

func parseSpan(f []string) (s span, err error) {
	if len(f) != 3 {
		return s, ErrHave
	}
	from, err1 := record.ParseLocal(f[0], f[1])
	to, err2 := record.ParseLocal(f[0], f[2])
	if err1 != nil || err2 != nil || from.Compare(to) > 0 {
		return s, ErrHave
	}
	return span{from, to}, nil
}

func parseLog(f []string) (h Have, err error) {
	id, err1 := record.ParseLocal(f[0], f[1])
	size, err2 := wire.ParseNumber(f[2])
	root, err3 := wire.ParseHash(f[3])
	whole, err4 := wire.ParseNumber(f[4])
	held, err5 := wire.ParseNumber(f[5])
	if whole > size {
		return h, ErrHave
	}
	return Have{id, size, root, whole, held}, errors.Join(err1, err2, err3, err4, err5)
}
