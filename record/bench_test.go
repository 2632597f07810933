// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"example.org/parley/wire"
)

// BenchmarkSignature is the bare cost beside which Append and Add are read.
func BenchmarkSignature(b *testing.B) {
	p := newPair(b)
	k := p.keys["aurelia"]
	text := make([]byte, 700)
	sig := ed25519.Sign(k, text)
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			ed25519.Sign(k, text)
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			ed25519.Verify(k.Public().(ed25519.PublicKey), text, sig)
		}
	})
}

// ratio reports the time of an operation against bare Ed25519.
func ratio(b *testing.B, bare func()) {
	per := b.Elapsed() / time.Duration(b.N)
	const n = 200
	at := time.Now()
	for range n {
		bare()
	}
	b.ReportMetric(float64(per)/float64(time.Since(at)/n), "x-ed25519")
}

func BenchmarkAppend(b *testing.B) {
	p := newPair(b)
	r := New(p.o)
	w := p.run(r, "aurelia", "first")
	b.ReportAllocs()
	for b.Loop() {
		p.say(w, "message.question", "word")
	}
	text := make([]byte, 700)
	ratio(b, func() { ed25519.Sign(p.keys["aurelia"], text) })
}

// prepared gives n statements of a run, each a question.
func prepared(b *testing.B, n int) (*pair, []*Entry) {
	p := newPair(b)
	w := p.run(New(p.o), "aurelia", "first")
	es := make([]*Entry, n)
	for i := range es {
		es[i] = p.say(w, "message.question", "word")
	}
	return p, es
}

func BenchmarkAdd(b *testing.B) {
	const n = 4000
	p, es := prepared(b, n)
	r := New(p.o)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if i == n {
			i, r = 0, New(p.o)
		}
		if _, err := r.Add(es[i].Note(), es[i].Facts(), nil); err != nil {
			b.Fatal(err)
		}
		i++
	}
	e := es[0]
	note, _ := wire.ParseNote(e.Note(), wire.MaxNote)
	key := p.keys["aurelia"].Public().(ed25519.PublicKey)
	ratio(b, func() { ed25519.Verify(key, note.Text, note.Sigs[0].Sig) })
}

// BenchmarkAddChecked is what remains for the loop when signatures are checked outside it.
func BenchmarkAddChecked(b *testing.B) {
	for _, n := range []int{1000, 16000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, es := prepared(b, n)
			cs := make([]*Checked, n)
			for i, e := range es {
				cs[i], _ = p.o.Check(e.Note(), e.Facts(), nil)
			}
			r := New(p.o)
			i := 0
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if i == n {
					i, r = 0, New(p.o)
				}
				if _, err := r.AddChecked(cs[i]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkBefore(b *testing.B) {
	p := newPair(b)
	a := New(p.o)
	peer := New(p.o)
	w := p.run(a, "aurelia", "first")
	wp := p.run(peer, "borealia", "first")
	var x, y *Entry
	for i := range 2000 {
		x = p.say(w, "message.question", "x")
		if i%4 == 0 {
			give(b, peer, x)
			y = p.say(wp, "message.question", "y")
			give(b, a, y)
		} else {
			give(b, peer, x)
		}
	}
	e := y.in(a)
	first := a.Logs()[0].chain[100]
	b.ReportAllocs()
	for b.Loop() {
		if !a.Before(first, e) {
			b.Fatal("not before")
		}
	}
}
