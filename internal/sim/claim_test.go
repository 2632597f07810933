// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/verify"
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
