// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"crypto/ed25519"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// A peer of a later version states what this one does not know: it is kept, receipted, shown as such and exported, and both
// the sentence and the row say that an upgrade is wanted. A peer of the same version is told nothing.
//
// SPEC: NOD-042
func TestLaterVersionIsSpokenWith(t *testing.T) {
	simulate(t, 71, func(w *world) {
		us := w.sides[0]
		us.desk = act.Who{Desk: "watch-a", Account: us.name}
		us.open()
		them, err := w.net.open(1, link.Config{Run: "zzzzzz", Greeting: func() []byte { return []byte("parley/1 colour blue kinds 00000000 version v9.1.0 last") }})
		if err != nil {
			t.Fatal(err)
		}
		receipts := make(chan string, 16)
		go func() {
			for ev := range them.Events() {
				if f, err := wire.ParseFrame(ev.Payload); ev.Kind == link.Stream && err == nil && f.Kind == wire.FrameReceipt {
					receipts <- string(f.Parts[0])
				}
			}
		}()
		defer func() {
			w.net.kill(1)
			them.Close("")
		}()
		time.Sleep(5 * time.Second)

		kinds := statement.Record(verify.Kinds)
		kinds["weather.stated"] = record.Kind{Name: "weather.stated", Begins: true}
		o := record.Options{Genesis: w.line.genesis.Hash, Kinds: kinds}
		for i, n := range names {
			o.Parties[i] = record.Party{Name: n, Letter: strings.ToUpper(n[:1]), Keys: []ed25519.PublicKey{w.line.sheets[i].Sign}}
		}
		run := record.New(o).OpenRun(record.RunConfig{Party: names[1], Station: "main", Why: "first", Run: "zzzzzz", Key: w.line.keys[1].Sign})
		e, err := run.Append(record.Draft{Kind: "weather.stated", Class: "service", Mark: "actual", Facts: map[string]string{"sky": "clear"}}, time.Now(), record.PeerClock{}, rand.NewChaCha8([32]byte{1}))
		if err != nil {
			t.Fatal(err)
		}
		note, facts, text := e.Pieces()
		them.SendStream(wire.AppendFrame(nil, wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{note, facts, text}}))
		time.Sleep(5 * time.Second)
		if len(receipts) == 0 {
			t.Error("no receipt of what is not known here")
		}
		status, err := us.do("status")
		if err != nil || !strings.Contains(status.Text, "They run another version (v9.1.0)") {
			t.Errorf("%v: %s", err, status.Text)
		}
		log, err := us.do("log")
		if err != nil || !strings.Contains(log.Text, "weather.stated: not known here, upgrade this node to read it") {
			t.Errorf("%v: %s", err, log.Text)
		}
		r, err := us.act(act.Export)
		if err != nil || r.File == nil {
			t.Fatal(r, err)
		}
		var file bytes.Buffer
		if err := r.File(&file); err != nil || !bytes.Contains(file.Bytes(), []byte("kind weather.stated")) {
			t.Error("it is not in the export", err)
		}
	})
}

// SPEC: NOD-042
func TestSameVersionIsNothingToSay(t *testing.T) {
	simulate(t, 72, func(w *world) {
		w.watch()
		time.Sleep(5 * time.Second)
		r, err := w.sides[0].do("status")
		if err != nil || strings.Contains(r.Text, "another version") {
			t.Error(err, r.Text)
		}
	})
}
