// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/verify"
)

// timeAlone is what aurelia states before there is a line.
const timeAlone = `post add Minister --org Ministry --level 1
post add "Their minister" --theirs --org "Their ministry" --level 1 --pair Minister
post add Chief --org Staff --level 2
post add "Their chief" --theirs --org "Their staff" --level 2 --pair Chief
holder add Chief "A. Neri"
holder add Minister "B. Bianchi"
holder end Minister "B. Bianchi" --on 2026-01-01
post edit Chief --org Staff --level 2 --number +39065550100
event add crossing --when 2026-02-24
event add slip --when 2026-02-25
event end slip --reason "never happened"
contact add call --when 2026-02-18 --with Minister,"Their minister" --channel telephone --basis own
contact add public --by Minister --when 2026-03-16 --quote "a breaker of treaties" --basis press --source "a newspaper"
contact add summons --when 2026-03-21 --with Minister,"Their minister" --host borealia --channel in-person --basis press --occasion Aa1-13
contact add meeting --when 2026-03-01/2026-03-07 --with Chief,"Their chief" --channel in-person --basis press
contact correct Aa1-15 --with Chief:2,"Their chief"
concern raise Aa1-14 "fishermen held"
concern raise Aa1-14 "the buoys"
concern answer Aa1-18 "they are moved"
request record --by Minister --with "Their minister" --for call --when 2026-02-25/2026-03-23 --standing --basis told-by --source "the press secretary"
request again Aa1-20 --when 2026-03-24
request outcome Aa1-20 declined --told-by "the press secretary" --on 2026-03-25
request record --by Chief --with "Their chief" --for meeting --when 2026-02-25 --basis own
request withdraw Aa1-23 "no more"
readout file Aa1-14 --point "observed: struck the table" --text-lang en
readout file Aa1-14 --point "observed: struck the table twice" --text-lang en
readout shown Aa1-26 --to "a news organisation"
check note answered
note "quiet"
assess Aa1-14 "not as planned"
stop`

// questions are what both the time alone and the line answer.
var questions = []string{"contacts --since crossing", "requests", "raised", "readouts Aa1-14", "post list", "event list"}

var anID = regexp.MustCompile(`\b[AB]a?\d+-\d+\b`)

// answers are the answers of a side without what joining changes: IDs, and that it was before the line.
func (s *side) answers(about string) string {
	s.w.t.Helper()
	var out []string
	for _, q := range questions {
		r, err := s.do(strings.Replace(q, "Aa1-14", about, 1))
		if err != nil {
			s.w.t.Fatalf("%s: %v", q, err)
		}
		for _, l := range strings.Split(r.Text, "\n") {
			l = strings.NewReplacer(" before the line", "", "borealia: nothing on record", "", "; borealia: none on record", "").Replace(anID.ReplaceAllString(l, "ID"))
			if l = strings.Join(strings.Fields(l), " "); l != "" && !strings.HasPrefix(l, "On our word alone") {
				out = append(out, q+" | "+l)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// beAlone lets aurelia state what it states before the line, and gives what it answered and what of it is stated anew.
func (w *world) beAlone() (answered string, carried int) {
	w.t.Helper()
	s := w.sides[0]
	terms, err := party.DefaultTerms().Encode([32]byte{9})
	if err != nil {
		w.t.Fatal(err)
	}
	g, err := party.NewAlone("north", w.line.sheets[0], names[1], [32]byte{1}, terms)
	if err == nil {
		err = g.SignNext(w.line.keys[0].Sign)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	dir := filepath.Join(s.dir, "alone")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	schedule, letters := party.DefaultTerms().Schedule, g.Letters()
	s.alone = &node.Config{Name: "north", DB: filepath.Join(dir, "alone.db"), IsPartyA: true, Alone: true, Key: w.line.keys[0].Sign, Genesis: g.Hash, GenesisText: g.Note, Terms: terms, Station: "main", Schedule: schedule,
		Sheets: [][]byte{w.line.sheets[0].Note}, Us: node.Party{Name: names[0], Letter: letters[0], Keys: s.party(0).Keys}, Them: node.Party{Name: names[1], Letter: letters[1]},
		Now: time.Now, Boot: func() time.Duration { return time.Since(w.start) }, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(&w.logs, nil)), Store: store.Options{Reserve: -1}}
	s.desk = act.Who{Desk: "watch-a", Account: s.name}
	s.line = node.Open(*s.alone)
	if err := s.line.Read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	s.must("officer add Amaro")
	s.must("sign-on")
	for i, l := range strings.Split(timeAlone, "\n") {
		r, err := s.do(shift(l))
		if err != nil {
			w.t.Fatalf("%d: %s: %v", i, l, err)
		}
		if s := strings.Fields(l)[0]; s != "check" && s != "note" && s != "assess" && s != "stop" {
			carried++
		}
		_ = r
	}
	time.Sleep(time.Second)
	answered = s.answers(shift("Aa1-14"))
	s.stop()
	return answered, carried
}

// shift counts the officer, who comes first.
func shift(l string) string {
	return anID.ReplaceAllStringFunc(l, func(id string) string {
		var n int
		fmt.Sscanf(id, "Aa1-%d", &n)
		return fmt.Sprintf("Aa1-%d", n+1)
	})
}

// anew lists what a side holds that was stated anew, by the leaf that it had.
func (s *side) anew() map[string]int {
	n := map[string]int{}
	r, err := s.act(act.ReadLog{Last: 1000})
	if err != nil {
		s.w.t.Fatal(err)
	}
	leaf := regexp.MustCompile(`"before":\{"place":"[^"]*","leaf":"([^"]*)"`)
	for _, row := range r.Data.(view.Desk).Log {
		d, err := s.act(act.Show{ID: row.ID})
		if err != nil {
			s.w.t.Fatal(err)
		}
		if m := leaf.FindStringSubmatch(d.Data.(view.Desk).Log[0].Facts); m != nil {
			n[m[1]]++
		}
	}
	return n
}

// Of what was stated before the line nothing is lost and nothing stands twice, though the node is killed at fifty random
// instants while it takes it in; the other side sees the same, as stated before the line, and confirms it at once.
func TestHistoryJoinsWholeThroughFiftyKills(t *testing.T) {
	// SPEC: ALN-020 ALN-021 ALN-022 ALN-023 ALN-025 ALN-027
	t.Parallel()
	const worlds, kills = 10, 5
	for round := range uint64(worlds) {
		simulate(t, 3000+round, func(w *world) {
			rnd := mrand.New(mrand.NewPCG(round, 11))
			want, carried := w.beAlone()
			for _, s := range w.sides {
				s.disk.write = 50 * time.Microsecond
			}
			a, b := w.sides[0], w.sides[1]
			a.open()
			for range kills {
				time.Sleep(time.Duration(rnd.IntN(250_000)) * time.Microsecond)
				a.kill()
				a.open()
			}
			b.desk = act.Who{Desk: "watch-b", Account: b.name}
			b.open()
			for i, s := range w.sides {
				s.must([]string{"officer add Amaro", "officer add Benz"}[i])
				s.must("sign-on")
			}
			time.Sleep(30 * time.Second)
			n := a.anew()
			if len(n) != carried {
				t.Errorf("round %d: %d statements were stated anew of %d", round, len(n), carried)
			}
			for leaf, times := range n {
				if times != 1 {
					t.Errorf("round %d: %s was stated %d times", round, leaf, times)
				}
			}
			about := summons(t, a)
			if got := a.answers(about); got != want {
				t.Errorf("round %d: before:\n%s\nand now:\n%s", round, want, got)
			}
			text := b.text("contacts --with Minister")
			if strings.Count(text, "stated by them before the line") != 4 {
				t.Errorf("round %d: borealia sees:\n%s", round, text)
			}
			b.must("contact confirm before")
			b.must("request dispute before we never said so")
			time.Sleep(5 * time.Second)
			if text := b.text("contacts --with Minister"); strings.Contains(text, "stated by them before") || strings.Count(text, "confirmed by both\n") != 3 {
				t.Errorf("round %d: after it confirmed all:\n%s", round, text)
			}
			if text := a.text("requests"); !strings.Contains(text, "disputed") {
				t.Errorf("round %d: after it disputed:\n%s", round, text)
			}
			if _, err := b.do("contact confirm before"); err == nil {
				t.Error("it confirms again what it has confirmed")
			}
			if text := a.text("checks"); !strings.Contains(text, "alone, before the line: tested 1 of") || !strings.Contains(text, "Tested 0 of 0 days") {
				t.Errorf("round %d: %s", round, text)
			}
			var file bytes.Buffer
			r, err := a.act(act.ExportAlone)
			if err == nil {
				err = r.File(&file)
			}
			if err != nil {
				t.Fatal(err)
			}
			if rep := verify.Verify(&file, verify.Expected{}); rep.Verdict != verify.Holds || !rep.Alone { // SPEC: ALN-028
				t.Errorf("%s", rep)
			}
		})
	}
}

func (s *side) text(line string) string {
	s.w.t.Helper()
	r, err := s.do(line)
	if err != nil {
		s.w.t.Fatalf("%s: %v", line, err)
	}
	return r.Text
}

// summons is the short ID of the contact that was raised at.
func summons(t *testing.T, s *side) string {
	t.Helper()
	for _, l := range strings.Split(s.text("contacts --with Minister"), "\n") {
		if strings.Contains(l, "summons") {
			return anID.FindString(l)
		}
	}
	t.Fatal("no summons")
	return ""
}
