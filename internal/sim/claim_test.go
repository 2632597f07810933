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
	"example.org/parley/internal/node"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// TestAClaimHoldsAtOnceAndHidesNothingPrivate: a claim is made of what both stated, in one answer, and holds for anybody; a
// figure that a private statement of ours would change is refused by name, and the others can be claimed.
//
// SPEC: CLM-002 CLM-003 CLM-010
func TestAClaimHoldsAtOnceAndHidesNothingPrivate(t *testing.T) {
	simulate(t, 84, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		time.Sleep(2 * time.Second)
		ours := a.must("post add Minister --org ministry --level 1")
		time.Sleep(time.Second)
		theirs := b.must("post add Minister --org ministry --level 1 --pair " + ours)
		time.Sleep(time.Second)
		a.must("contact add call --when 2022-02-18 --basis own --with " + ours + " --with " + theirs)
		b.must("send --kind question Whose is it?")
		time.Sleep(2 * time.Second)
		claim := func(figures ...string) verify.Report {
			t.Helper()
			var out bytes.Buffer
			r, err := a.act(act.ClaimAsk{Since: "2022-01-01", Figures: figures})
			if err != nil || r.File(&out) != nil {
				t.Fatal(r, err)
			}
			return verify.Verify(&out, verify.Expected{})
		}
		rep := claim()
		if rep.Verdict != verify.Holds || rep.Claim.Known == "" || rep.Claim.Facts.Used.Messages != 1 || !strings.Contains(rep.String(), "last contact 2022-02-18 (call, by aurelia alone)") {
			t.Fatalf("%s", rep)
		}
		time.Sleep(2 * time.Second)
		if r, err := b.do("log --kind claim"); err != nil || !strings.Contains(r.Text, rep.Claim.ID) {
			t.Errorf("the other side does not hold the claim %s: %s %v", rep.Claim.ID, r.Text, err)
		}
		a.must("contact add meeting --when 2022-02-20 --basis own --private --with " + ours + " --with " + theirs)
		if _, err := a.act(act.ClaimAsk{Since: "2022-01-01"}); err == nil || !strings.Contains(err.Error(), "the figure contacts would be another") {
			t.Errorf("a private contact is hidden by a claim: %v", err)
		}
		if rep := claim("used", "tested"); rep.Verdict != verify.Holds || len(rep.Claim.Figures) != 2 {
			t.Errorf("%s", rep)
		}
		if _, err := a.act(act.ClaimAsk{}); err == nil {
			t.Error("a claim since nothing")
		}
	})
}

// TestWhatIsNotValidIsCountedAlike: a message of the other side that its program made not valid is no use for the desk, but its
// header says that one was sent: `figures` counts it as a claim does.
//
// SPEC: CHK-022 CLM-014 CLM-020
func TestWhatIsNotValidIsCountedAlike(t *testing.T) {
	hostile(t, func(w *world, us *side, them node.Link) {
		g := w.line.genesis
		o := record.Options{Genesis: g.Hash, Kinds: map[string]record.Kind{}} // a program that judges nothing
		for name := range statement.Record(verify.Kinds) {
			o.Kinds[name] = record.Kind{Name: name, Begins: true}
		}
		for i := range o.Parties {
			letters := g.Letters()
			o.Parties[i] = record.Party{Name: g.Parties[i].Party, Letter: letters[i], Keys: []ed25519.PublicKey{w.line.sheets[i].Sign}}
		}
		random := rand.NewChaCha8([32]byte{6})
		run := record.New(o).OpenRun(record.RunConfig{Party: "borealia", Station: "main", Why: "first", Run: "zzzzzz", Key: w.line.keys[w.sides[1].who%2].Sign})
		genesis, err := register.GenesisDraft(g.Hash, g.Note)
		if err != nil {
			t.Fatal(err)
		}
		bad := map[string]any{"precedence": "NONE", "by": map[string]string{"known": "account"}}
		for _, d := range []record.Draft{genesis,
			{Kind: "message.warning", Class: "substantive", Mark: "actual", Facts: bad, Text: &record.Text{Lang: "en", Text: "keep clear"}},
			{Kind: "stop.sent", Class: "substantive", Mark: "actual", Facts: bad},
			{Kind: "message.warning", Class: "substantive", Mark: "exercise", Facts: bad},
			{Kind: "stop.sent", Class: "test", Mark: "actual", Facts: bad},
		} {
			e, err := run.Append(d, time.Now(), record.PeerClock{}, random)
			if err != nil {
				t.Fatal(err)
			}
			note, facts, text := e.Pieces()
			if !them.SendStream(wire.AppendFrame(nil, wire.Frame{Kind: wire.FrameEntry, Parts: [][]byte{note, facts, text}})) {
				t.Fatal("it was not sent")
			}
			time.Sleep(time.Second)
		}
		r, err := us.do("figures")
		if err != nil || !strings.Contains(r.Text, "Used for substance 2 times") {
			t.Errorf("%v\n%s", err, r.Text)
		}
		var out bytes.Buffer
		c, err := us.act(act.ClaimAsk{Since: "2022-01-01", Figures: []string{"used"}})
		if err != nil || c.File(&out) != nil {
			t.Fatal(c, err)
		}
		if rep := verify.Verify(&out, verify.Expected{}); rep.Verdict != verify.Holds || rep.Claim.Facts.Used.N() != 2 {
			t.Errorf("%s", rep)
		}
	})
}
