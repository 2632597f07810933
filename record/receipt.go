// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/wire"
)

// Leaf is the identity of a receipt.
func (rc *Receipt) Leaf() wire.Hash {
	if rc.leaf.IsZero() {
		rc.leaf = wire.Leaf(rc.Encode())
	}
	return rc.leaf
}

// Compare orders receipts: the earlier held counts; of one second, any fixed order.
func (rc *Receipt) Compare(o *Receipt) int {
	return cmp.Or(rc.Held.Compare(o.Held), compareHashes(rc.Leaf(), o.Leaf()))
}

func (rc *Receipt) before(o *Receipt) bool { return rc.Compare(o) < 0 }

// Of points at the entry that it names.
func (rc *Receipt) Of() Ref { return Ref{Place{rc.Log.LogID, rc.Index}, rc.Entry} }

// Encode gives the text of a receipt.
//
// SPEC: REC-017
func (rc *Receipt) Encode() []byte {
	b := fmt.Appendln(make([]byte, 0, 512), "parley/v1", "receipt")
	b = fmt.Appendln(b, "log", rc.Log)
	b = fmt.Appendln(b, "entry", rc.Index, rc.Entry)
	b = fmt.Appendln(b, "bodies", rc.Bodies)
	b = fmt.Appendln(b, "all", rc.All, rc.Root)
	b = fmt.Appendln(b, "whole", rc.Whole)
	b = fmt.Appendln(b, "sheet", rc.Sheet)
	b = fmt.Appendln(b, "by", rc.By+"/"+rc.Log.Genesis.Name()+"/"+rc.ByRun)
	return fmt.Appendln(b, "held", rc.Held.UTC().Format(heldForm))
}

// bodyWords are what a receipt may say of the bodies that are here: bit 0 facts, bit 1 text.
var bodyWords = []string{"none", "facts", "text", "facts text"}

// ParseReceipt reads the text of a receipt in its one form.
//
// SPEC: REC-017
func ParseReceipt(text []byte) (*Receipt, error) {
	rc, l := new(Receipt), wire.ReadLines(text)
	l.Line("parley/v1").OneOf("receipt")
	l.Line("log")
	name := wire.Field(l, ParseLogName)
	rc.Log = &name
	l.Need(!name.Private)
	l.Line("entry")
	rc.Index, rc.Entry = l.Number(), l.Hash()
	rc.Bodies = l.Line("bodies").OneOf("none", "facts", "text")
	if rc.Bodies == "facts" && l.More() {
		l.OneOf("text")
		rc.Bodies = "facts text"
	}
	l.Line("all")
	rc.All, rc.Root = l.Number(), l.Hash()
	l.Need(rc.All > 0 || rc.Root == emptyRoot)
	rc.Whole = l.Line("whole").Number()
	l.Need(rc.Whole <= rc.All)
	rc.Sheet = l.Line("sheet").Number()
	l.Need(rc.Sheet > 0)
	by, run, _ := strings.Cut(l.Line("by").Word(), "/"+rc.Log.Genesis.Name()+"/")
	l.Need(wire.ValidName(by) && by != rc.Log.Party && wire.ValidRun(run))
	rc.By, rc.ByRun = share(by), share(run)
	l.Line("held")
	rc.Held = wire.Field(l, parseHeld)
	if err := l.End(); err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	return rc, nil
}

// names reports whether the receipt itself names every body of the entry.
func (rc *Receipt) names(e *Entry) bool {
	return (!e.WantFacts || strings.HasPrefix(rc.Bodies, "facts")) && (!e.WantText || strings.HasSuffix(rc.Bodies, "text"))
}

// settle finds the receipt that makes the entry held: the earliest that covers its bodies.
//
// SPEC: REC-018
func (e *Entry) settle() {
	if !e.sealed {
		e.holds(e.byWhole)
	}
	for _, rc := range e.receipts {
		if rc.names(e) {
			e.holds(rc)
			return // they stand earliest first
		}
	}
}

// holds takes a receipt that covers the bodies of an entry, if it is earlier than the one that counts.
func (e *Entry) holds(rc *Receipt) bool {
	if rc == nil || e.Receipt != nil && !rc.before(e.Receipt) {
		return false
	}
	e.Receipt = rc
	return true
}

// covered reports whether the other party had receipted this text at all.
func (e *Entry) covered() bool {
	return len(e.receipts) > 0 || e.Joined && e.Index < e.log.Receipted
}

// CheckReceipt finds whether a receipt is in form and signed by its party. Any goroutine may call it.
func (o *Options) CheckReceipt(note []byte) (*Receipt, error) { return o.checkReceipt(note, true) }

// CheckStoredReceipt is CheckReceipt of what a store of our own gives back, without the signature.
func (o *Options) CheckStoredReceipt(note []byte) (*Receipt, error) {
	return o.checkReceipt(note, false)
}

func (o *Options) checkReceipt(note []byte, signature bool) (*Receipt, error) {
	n, err := wire.ParseNote(note, wire.MaxNote)
	if err != nil {
		return nil, err
	}
	rc, err := ParseReceipt(n.Text)
	if err != nil {
		return nil, err
	}
	p := o.party(rc.By)
	if rc.Log.Genesis != o.Genesis || o.Private || p == nil || o.party(rc.Log.Party) == nil {
		return nil, errors.New("receipt: not of this line")
	}
	if len(n.Sigs) != 1 || signature && !p.signed(n) {
		return nil, fmt.Errorf("receipt: %w", wire.ErrSignature)
	}
	rc.leaf = wire.Leaf(n.Text)
	rc.bytes = &bytesOf{mem: &pieces{note: bytes.Clone(note)}}
	return rc, nil
}

// ApplyReceipt takes in a receipt that Receipt made or CheckReceipt found right, and gives the entries whose state *held* it
// changed. One that is known already changes nothing; one about what is not here waits for it.
func (r *Record) ApplyReceipt(rc *Receipt) (changed []*Entry) {
	l := r.log(rc.Log.LogID)
	e := l.text(rc.Index, rc.Entry)
	switch {
	case e == nil:
		if l.early == nil {
			l.early = map[int][]*Receipt{}
		}
		early, isNew := insertReceipt(l.early[rc.Index], rc)
		if !isNew {
			return nil
		}
		l.early[rc.Index] = early
		l.Claimed = max(l.Claimed, rc.Index+1)
	default:
		var isNew bool
		if e.receipts, isNew = insertReceipt(e.receipts, rc); !isNew {
			return nil
		}
		if rc.names(e) && e.holds(rc) {
			changed = append(changed, e)
		}
	}
	if rc.Log = &l.Name; rc.bytes == nil {
		rc.bytes = new(bytesOf)
	}
	rc.bytes.shelf = r.shelf
	l.hear(claim{rc: rc})
	if l.decides(rc) {
		changed = append(changed, r.rebuild(l)...)
		r.settleEnds() // the entry of an end may stand on another branch now
		return changed
	}
	changed = append(changed, l.cover(rc)...)
	changed = append(changed, r.coverEnded(l, rc)...)
	if e != nil && r.beyond(e) != nil {
		r.judge(e)
		changed = append(changed, e)
	}
	return append(changed, r.rejudge(l)...)
}

// insertReceipt keeps the earliest first, and each once.
func insertReceipt(rs []*Receipt, rc *Receipt) ([]*Receipt, bool) {
	i, found := slices.BinarySearchFunc(rs, rc, (*Receipt).Compare)
	if found {
		return rs, false
	}
	return slices.Insert(rs, i, rc), true
}

// cover applies all and whole of a receipt to the joined entries.
func (l *Log) cover(rc *Receipt) (changed []*Entry) {
	if root, ok := l.RootAt(rc.All); !ok || root != rc.Root {
		return nil
	}
	l.Receipted, l.Held = max(l.Receipted, rc.All), max(l.Held, rc.Whole)
	// From the top down: where an entry is covered by an earlier receipt, so is everything below it.
	for i := rc.Whole - 1; i >= 0; i-- {
		e := l.chain[i]
		if e.byWhole != nil && !rc.before(e.byWhole) {
			break
		}
		e.byWhole = rc
		if !e.sealed && e.holds(rc) {
			changed = append(changed, e)
		}
	}
	return changed
}

// rejudge judges again what a receipt can bring into force, and gives what changed.
func (r *Record) rejudge(l *Log) (changed []*Entry) {
	for _, t := range l.disputed() {
		was := t.item
		if r.judge(t); t.item != was {
			changed = append(changed, t)
		}
	}
	return changed
}

// disputed gives the entries of a log whose folding a receipt can change.
func (l *Log) disputed() []*Entry {
	var out []*Entry
	for _, t := range l.twins {
		out = append(out, t, l.at(t.Index))
	}
	if e := l.gap[l.Size]; e != nil {
		out = append(out, e)
	}
	return out
}

// allReceipts gives every receipt about a log once, in a fixed order.
func (l *Log) allReceipts(entries []*Entry) []*Receipt {
	var out []*Receipt
	for _, e := range entries {
		out = append(out, e.receipts...)
	}
	for i, rs := range l.early {
		for _, rc := range rs {
			if l.text(i, rc.Entry) == nil {
				out = append(out, rc)
			}
		}
	}
	slices.SortFunc(out, (*Receipt).Compare)
	return out
}

// Receipts gives the receipts that name an entry, earliest first.
func (r *Record) Receipts(e *Entry) []*Receipt { return e.receipts }

// HasReceipt reports whether a receipt has been taken in.
func (r *Record) HasReceipt(rc *Receipt) bool {
	l := r.logs[rc.Log.LogID]
	if l == nil {
		return false
	}
	known := l.early[rc.Index]
	if e := l.text(rc.Index, rc.Entry); e != nil {
		known = e.receipts
	}
	_, found := slices.BinarySearchFunc(known, rc, (*Receipt).Compare)
	return found
}

// LogReceipts gives every receipt about a log once, those of texts not held here too.
func (r *Record) LogReceipts(id LogID) []*Receipt {
	if l := r.logs[id]; l != nil {
		return l.allReceipts(r.Entries(id, 0))
	}
	return nil
}

// Receipt makes, and does not apply, the receipt of an entry by the other party. It refuses to
// receipt what its own party wrote, and a second text after the evidence.
//
// SPEC: REC-019
func (r *Record) Receipt(e *Entry, by, byRun string, sheet int, now time.Time, key ed25519.PrivateKey) (*Receipt, error) {
	switch {
	case r.o.Private || by == e.Log.Party || r.o.party(by) == nil || !wire.ValidRun(byRun):
		return nil, fmt.Errorf("no receipt by %s for %s", by, e.Place())
	case e.Evidence != "" && !e.covered():
		return nil, fmt.Errorf("no receipt for %s: %s", e.Place(), e.Evidence)
	}
	l := e.log
	rc := &Receipt{
		Log: e.Log, Index: e.Index, Entry: e.Leaf, Bodies: e.bodies(), All: l.Size, Root: l.Root, Whole: l.Whole,
		Sheet: sheet, By: by, ByRun: byRun, Held: now.UTC().Truncate(time.Second),
	}
	note, err := wire.SignNote(rc.Encode(), by+"/sign", key)
	if err != nil {
		return nil, err
	}
	return r.o.CheckStoredReceipt(note)
}

// bodies names the bodies that are here.
func (e *Entry) bodies() string {
	i := 0
	if e.facts {
		i = 1
	}
	if e.text {
		i += 2
	}
	return bodyWords[i]
}
