// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"example.org/parley/internal/store"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/verify"
)

// seed lays a record of n statements into both stores, as a line has it after some months: messages that
// were shown and acknowledged, each statement with the other party's receipt.
func (p *pair) seed(n int) {
	p.tb.Helper()
	p.seeded = true
	o := record.Options{Genesis: p.genesis.Hash, Kinds: statement.Record(verify.Kinds)}
	var stores [2]*store.Store
	for i := range 2 {
		o.Parties[i] = record.Party{Name: names[i], Letter: p.genesis.Letters()[i], Keys: []ed25519.PublicKey{p.sheets[i].Sign}}
		s, err := store.Open(p.db(i), store.Options{Reserve: -1})
		p.check(err)
		stores[i] = s
	}
	r := record.New(o)
	var runs [2]*record.Run
	now, seq := time.Now().Add(-30*24*time.Hour), uint64(0)
	var rows []store.Row
	flush := func() {
		if len(rows) == 0 {
			return
		}
		seq++
		for _, s := range stores {
			s.Append(seq, rows)
			for c := range s.Durable() {
				p.check(c.Err)
				if c.UpTo == seq {
					break
				}
			}
		}
		rows = nil
	}
	say := func(i int, d record.Draft, err error) *record.Entry {
		p.check(err)
		now = now.Add(time.Minute)
		e, err := runs[i].Append(d, now, record.PeerClock{}, rand.Reader)
		p.check(err)
		rc, err := r.Receipt(e, names[1-i], runs[1-i].Name(), 1, now.Add(time.Second), p.keys[1-i].Sign)
		p.check(err)
		r.ApplyReceipt(rc)
		note, facts, text := e.Pieces()
		rows = append(rows, store.Row{Kind: store.KindEntry, Log: e.Log.String(), Index: e.Index, Leaf: e.Leaf, A: note, B: facts, C: text},
			store.Row{Kind: store.KindReceipt, Log: e.Log.String(), Index: e.Index, A: rc.Note()})
		if len(rows) > 500 {
			flush()
		}
		n--
		return e
	}
	var by [2]statement.Author
	for i := range 2 {
		runs[i] = r.OpenRun(record.RunConfig{Party: names[i], Station: "main", Why: "first", Run: record.NewRunName(rand.Reader), Key: p.keys[i].Sign})
	}
	for i := range 2 {
		d, err := register.GenesisDraft(p.genesis.Hash, p.genesis.Note)
		say(i, d, err)
		d, err = new(register.Register).OfficerDraft(names[i], register.Officer{Name: "Lt " + names[i], Account: names[i], Langs: []string{"en"}}, "actual", nil)
		by[i] = statement.Author{Officer: say(i, d, err).Place().String(), Known: "account", Desk: "watch"}
	}
	for i := 0; n > 0; i = 1 - i {
		if p.flash >= n { // the second party alone speaks
			i = 1
		}
		if i == 1 && p.flash > 0 {
			p.flash--
			d, err := message.NewDraft(names[i], record.Draft{Kind: "warning", Text: &record.Text{Lang: "en", Text: fmt.Sprintf("Turn back, %d.", n)}}, message.Facts{Precedence: "FLASH", By: by[i]}, now)
			say(i, d, err)
			continue
		}
		d, err := message.NewDraft(names[i], record.Draft{Text: &record.Text{Lang: "en", Text: fmt.Sprintf("Convoy %d leaves at noon.", n)}}, message.Facts{By: by[i]}, now)
		e := say(i, d, err)
		state := func() message.State { return message.Fold(r.Item(r.ItemOf(e)), r) }
		a := statement.Actor{Party: names[1-i], Author: by[1-i]}
		d, err = message.ShownDraft(state(), a)
		say(1-i, d, err)
		d, err = message.AckDraft(state(), a, "original", "", nil)
		say(1-i, d, err)
	}
	flush()
	for _, s := range stores {
		p.check(s.Close())
	}
}
