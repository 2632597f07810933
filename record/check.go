// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"example.org/parley/wire"
)

// Party is one of the two of a line, as the record knows it.
type Party struct {
	Name   string
	Letter string              // of its short IDs
	Keys   []ed25519.PublicKey // sign keys, newest first
}

// Options say whose record it is. They do not change while a Record lives, but for the ends of keys (SetEnds).
type Options struct {
	Genesis wire.Hash
	Parties [2]Party // A, B
	Kinds   map[string]Kind
	// Ends are the ends of keys, by party.
	Ends map[string][]Cutoff
	// Private makes a record of private logs: exchanged with nobody, receipted by nobody.
	Private bool
	// Whole says that nothing more can come: no quota of what is over a gap.
	Whole bool
	// Rows is where bytes are read back from that are not in memory; nil: all stay in memory.
	Rows Rows
}

// Refusal answers what is not sound: its owner ends that log there and goes on in a new run.
type Refusal struct {
	Log   LogName // zero where not even that could be read
	Index int
	Why   string
}

func (r *Refusal) Error() string {
	if r.Log.Party == "" {
		return "refused: " + r.Why
	}
	return fmt.Sprintf("refused: %s %d: %s", r.Log.LogID, r.Index, r.Why)
}

// Why a sound statement is not kept now; it may be sent again later. Neither ends a log.
var (
	ErrGap   = errors.New("too many entries over a gap: send the earlier ones first")
	ErrTwins = errors.New("evidence enough against this log: a further text is not kept")
)

// Checked is a note whose form and signature were found right.
type Checked struct {
	st      Statement
	form    string // what is wrong with the header below its fourth line, "" when nothing is
	leaf    wire.Hash
	key     uint32 // hash of the key that signed it
	bytes   pieces
	badBody bool
}

// Place says where the checked statement stands.
func (c *Checked) Place() Place { return Place{c.st.Log.LogID, c.st.Index} }

// Ref points at the checked statement; Kind is its kind, "" where its header is malformed.
func (c *Checked) Ref() Ref     { return Ref{c.Place(), c.leaf} }
func (c *Checked) Kind() string { return c.st.Kind }

// BadBody reports that a body was given that the header does not name: it is dropped.
func (c *Checked) BadBody() bool { return c.badBody }

// Check finds whether a note is sound, with its signature, which is the cost of taking it in. It
// reads nothing that changes: for bulk it is called outside the loop, beside the Record. It keeps
// copies: the caller's buffers are his own.
//
// SPEC: REC-008
func (o *Options) Check(note, facts, text []byte) (*Checked, error) {
	return o.check(note, facts, text, true)
}

// CheckStored is Check of what a store of our own gives back and was checked before it went there: all but the
// signature, whose cost is twenty times that of the rest.
func (o *Options) CheckStored(note, facts, text []byte) (*Checked, error) {
	return o.check(note, facts, text, false)
}

func (o *Options) check(note, facts, text []byte, signature bool) (*Checked, error) {
	n, err := wire.ParseNote(note, wire.MaxNote)
	if err != nil {
		return nil, &Refusal{Why: err.Error()}
	}
	c := &Checked{leaf: wire.Leaf(n.Text)}
	if c.st, c.form, err = ParseHeader(n.Text); err != nil {
		return nil, &Refusal{*c.st.Log, c.st.Index, err.Error()}
	}
	refuse := func(why string) error { return &Refusal{*c.st.Log, c.st.Index, why} }
	if c.st.Log.Genesis != o.Genesis || c.st.Log.Private != o.Private {
		return nil, refuse("another line, or not the right sort of log")
	}
	p := o.party(c.st.Log.Party)
	if p == nil {
		return nil, refuse("not a party of this line")
	}
	if len(n.Sigs) != 1 {
		return nil, refuse("not exactly one signature line")
	}
	if signature && !p.signed(n) {
		return nil, refuse("not signed by its party's key")
	}
	c.key = n.Sigs[0].Key
	c.bytes = pieces{note: bytes.Clone(note), facts: c.body(c.st.Facts, facts), text: c.body(c.st.Text, text)}
	if c.form == "" && !o.ours(&c.st) {
		c.form = "names a party that is not of this line"
	}
	return c, nil
}

// body gives b if it is what the header names; anything else is dropped and can still come.
func (c *Checked) body(h *Body, b []byte) []byte {
	if b == nil {
		return nil
	}
	if !h.fits(b) {
		c.badBody = true
		return nil
	}
	return append(make([]byte, 0, len(b)), b...) // never nil, which says that a body is absent: an empty one is here
}

func (h *Body) fits(b []byte) bool { return h != nil && h.Len == len(b) && h.Hash == wire.Sum(b) }

func (o *Options) party(name string) *Party {
	for i := range o.Parties {
		if o.Parties[i].Name == name {
			return &o.Parties[i]
		}
	}
	return nil
}

func (p *Party) signed(n wire.Note) bool {
	for _, k := range p.Keys {
		if n.Verify(p.Name+"/sign", k) == nil {
			return true
		}
	}
	return false
}
