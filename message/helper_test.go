// SPDX-License-Identifier: Apache-2.0

package message

import (
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

var (
	t0      = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	amaro   = statement.Author{Officer: "aurelia/1.aaaaaa 1", Known: "account", Desk: "pts/1"}
	bruni   = statement.Author{Officer: "borealia/1.bbbbbb 1", Known: "account", Desk: "page-1"}
	atB     = statement.Actor{Party: "borealia", Author: bruni}
	atA     = statement.Actor{Party: "aurelia", Author: amaro}
	theID   = "000102030405060708090a0b0c0d0e0f"
	nowhere = past{}
)

// past is a Past that is told what comes before what.
type past map[[2]*record.Entry]bool

func (p past) Before(a, b *record.Entry) bool { return p[[2]*record.Entry{a, b}] }

// world makes entries by hand, each in a run of its own.
type world struct {
	t *testing.T
	n int
}

// entry is what a draft of a party becomes.
func (w *world) entry(party string, d record.Draft, at time.Time) *record.Entry {
	w.t.Helper()
	w.n++
	body := func(v any) []byte {
		b, err := wire.EncodeBody(v, [32]byte{1})
		if err != nil {
			w.t.Fatal(err)
		}
		return b
	}
	var facts, text []byte
	if d.Facts != nil {
		facts = body(d.Facts)
	}
	if d.Text != nil {
		text = body(*d.Text)
	}
	e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: w.n, Run: "aaaaaa"}},
		Time: at, Kind: d.Kind, Class: d.Class, Mark: d.Mark, Re: d.Re}, nil, facts, text)
	e.Leaf = wire.Sum([]byte{byte(w.n), byte(w.n >> 8)})
	return e
}

func (w *world) must(party string, at time.Time) func(record.Draft, error) *record.Entry {
	return func(d record.Draft, err error) *record.Entry {
		w.t.Helper()
		if err != nil {
			w.t.Fatalf("%s: %v", d.Kind, err)
		}
		return w.entry(party, d, at)
	}
}

// held gives an entry a receipt of the other party.
func held(e *record.Entry, at time.Time) *record.Entry {
	e.Receipt = &record.Receipt{By: "borealia", Held: at}
	return e
}

// typed is a message as its author wants it.
type typed struct {
	Kind, Class, Mark, Precedence, Lang, Text, Phrase string

	Fields   map[string]string
	ReadBack []string
	ReplyTo  *record.Ref
	Info     []string
	Respond  bool
	NotAfter time.Time
	By       statement.Author
}

func (n typed) draft(party string, now time.Time) (record.Draft, error) {
	d := record.Draft{Kind: n.Kind, Class: n.Class, Mark: n.Mark, Text: &record.Text{Lang: n.Lang, Text: n.Text}}
	if n.ReplyTo != nil {
		d.Re = []record.Ref{*n.ReplyTo}
	}
	return NewDraft(party, d, Facts{Precedence: n.Precedence, Phrase: n.Phrase, Fields: n.Fields, ReadBack: n.ReadBack, Info: n.Info, Respond: n.Respond, NotAfter: n.NotAfter, By: n.By}, now)
}

// question is a FLASH with a phrase, read-back and a response asked for.
func question() typed {
	return typed{Precedence: "flash", Phrase: "IS_THIS_YOURS", Fields: map[string]string{"object": "drone", "place": "54.2n 018.4e", "heading": "45"},
		ReadBack: []string{"place", "heading"}, Respond: true, By: amaro}
}

func item(es ...*record.Entry) *record.Item {
	return &record.Item{Key: "x", Begin: es[0], Entries: es}
}

func validate(e, begin *record.Entry) error {
	k, ok := statement.Find(Kinds, e.Kind)
	if !ok {
		k, _ = statement.Find(stop.Kinds, e.Kind)
	}
	return k.Validate(e, begin)
}
