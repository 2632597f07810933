// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/contact"
	"example.org/parley/internal/act"
	"example.org/parley/internal/store"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
)

// peerSays gives a statement of borealia's, as it would come to a line.
func peerSays(t *testing.T, m *machine, l *Line, w *record.Run, text string) *record.Entry {
	t.Helper()
	d, err := message.NewDraft("borealia", record.Draft{Kind: "information", Text: &record.Text{Lang: "en", Text: text}}, message.Facts{By: statement.Author{Known: "unattributed"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Append(d, time.Now(), record.PeerClock{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func peerRun(m *machine, l *Line) *record.Run {
	return record.New(*l.opts.Load()).OpenRun(record.RunConfig{Party: "borealia", Station: "main", Why: "first", Run: "bbbbbb", Key: m.them})
}

// in runs f as a step of the loop.
func inLoop(t *testing.T, l *Line, f func()) {
	t.Helper()
	done := make(chan struct{})
	if err := l.in(t.Context(), l.events, func() { f(); close(done) }); err != nil {
		t.Fatal(err)
	}
	<-done
	synctest.Wait()
}

// A statement whose words come while its first row is on the way to the disk is not read back from that row, which
// does not hold them.
// SPEC: STO-018
func TestAStatementIsReadBackFromTheRowThatHoldsItWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		them := peerRun(&m, l)
		says := peerSays(t, &m, l, them, "The convoy leaves at noon.")
		note, facts, text := says.Pieces()
		take := func(facts, text []byte) {
			c, err := l.opts.Load().Check(note, facts, text)
			l.entry(c, err, len(note)+len(facts)+len(text), -1)
		}
		inLoop(t, l, func() {
			take(facts, nil)
			l.answer()
			l.commit()
			first := <-l.store.Durable()
			take(nil, text)
			l.committed(first)
			a, err := l.rec.Add(peerSays(t, &m, l, them, strings.Repeat("word ", 40)).Pieces())
			if err != nil {
				t.Error(err)
			}
			for range 20_000 { // so much comes that the words give way
				a.Entry.OnDisk(2)
			}
			if e := l.rec.ByRef(says.Ref()); e == nil || e.Words() == nil {
				t.Error("the words are gone")
			}
		})
		l.Close()
	})
}

// A row that could not be read back while the record was being read makes that reading fail: it is read again, without
// the row where the disk has altered it, and no row that was left out before comes back in.
// SPEC: NOD-014
func TestARowThatCannotBeReadBackFailsItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			l.disk.altered = map[int]bool{7: true}
			l.disk.dead, l.disk.reopening = errStarting, true
			next := l.empty()
			next.Unread(5, record.ErrAltered)
			l.reopened(next, l.read(next, l.now))
			if _, is := l.disk.altered[5]; !is || len(l.disk.altered) != 2 || l.disk.dead == nil || l.memory == next {
				t.Errorf("rows left out: %v, dead: %v", l.disk.altered, l.disk.dead)
			}
		})
		l.Close()
	})
}

// One altered row that is found twice, when it is read back and by the audit, is one reading; what another finds
// meanwhile is not forgotten.
// SPEC: NOD-014
func TestAnAlteredRowIsFoundOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		before := l.memory
		before.Unread(5, record.ErrAltered)
		before.Unread(6, record.ErrAltered)
		time.Sleep(10 * time.Second)
		var read *memory
		inLoop(t, l, func() { read = l.memory })
		if read == before || len(l.disk.altered) != 2 || l.disk.dead != nil {
			t.Fatalf("read anew: %v, rows left out: %v, dead: %v", read != before, l.disk.altered, l.disk.dead)
		}
		before.Unread(5, record.ErrAltered) // who still drew of the record that was thrown away
		time.Sleep(10 * time.Second)
		inLoop(t, l, func() {
			if l.memory != read || len(l.disk.altered) != 2 {
				t.Error("what is known was thrown away for again")
			}
		})
		l.Close()
	})
}

// A body that the disk has altered is found by the audit as a signature is.
// SPEC: NOD-014
func TestTheAuditFindsAnAlteredBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		note, facts, text := peerSays(t, &m, l, peerRun(&m, l), "The convoy leaves at noon.").Pieces()
		c, err := l.opts.Load().Check(note, facts, text)
		var last int
		inLoop(t, l, func() { l.entry(c, err, len(note), -1) })
		time.Sleep(time.Second)
		inLoop(t, l, func() {
			rows := []store.Row{{Kind: store.KindEntry, Log: "x", Leaf: [32]byte{1}, A: note, B: facts, C: bytes.Replace(text, []byte("noon"), []byte("nine"), 1)}}
			l.disk.seq++
			l.store.Append(l.disk.seq, rows)
			last = rows[0].N
		})
		time.Sleep(time.Second)
		l.disk.rows[1].Store(int64(last))
		l.audit(l.memory, l.disk.altered)
		time.Sleep(10 * time.Second)
		inLoop(t, l, func() {
			if _, is := l.disk.altered[last]; !is || len(l.disk.altered) != 1 {
				t.Errorf("left out: %v, altered was row %d", l.disk.altered, last)
			}
		})
		l.Close()
	})
}

// What is told of the private log is folded when it changes, as all else is, and of what is on disk.
// SPEC: NOD-019
func TestPrivateContactsAreFoldedWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		do := officer(t, l)
		do(act.PostAdd{Name: "ours", Org: "ministry", Level: 2})
		do(act.PostAdd{Name: "theirs", Org: "ministry", Level: 2, Theirs: true})
		do(act.ContactAdd{Kind: "letter", When: "1999-12-01", Channel: "", Basis: "own", Participants: []string{"ours", "theirs"}, Private: true})
		inLoop(t, l, func() {
			one, two := l.count(contact.Query{}).Contacts, l.count(contact.Query{}).Contacts
			if len(one) != 1 || len(two) != 1 || one[0] != two[0] {
				t.Errorf("folded anew: %v, %v", one, two)
			}
			for _, e := range l.priv.Logs() {
				l.volatile[l.priv.Entries(e.Name.LogID, 0)[0]]++
			}
			for _, k := range l.priv.Items() {
				l.touch(k)
			}
			if none := l.count(contact.Query{}).Contacts; len(none) != 0 {
				t.Error("shown before it is on disk")
			}
		})
	})
}
