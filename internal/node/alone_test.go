// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/store"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/party"
	"example.org/parley/verify"
)

// lone is a line alone of aurelia, with an officer signed on at a desk.
type lone struct {
	*Line
	t   *testing.T
	who act.Who
}

func openAlone(t *testing.T, h *home.Line, change ...func(*Config)) *lone {
	t.Helper()
	c, err := Of(h.Alone, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&c)
	}
	began := time.Now()
	c.Boot = func() time.Duration { return time.Since(began) }
	if c.Store.ReserveFile == h.Reserve() { // that no test has set
		c.Store = store.Options{Reserve: -1}
	}
	l := &lone{Open(c), t, act.Who{Desk: "1", Account: "amaro"}}
	t.Cleanup(func() { l.Close() })
	if err := l.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func newAlone(t *testing.T, change ...func(*Config)) *lone {
	t.Helper()
	c := home.DefaultConfig("aurelia", 0)
	c.Terms.Fallback["borealia"] = []string{"+39 06 555 0100"}
	h, err := home.Home{Dir: t.TempDir()}.InitAlone("north", c, "borealia", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := openAlone(t, h, change...)
	l.do("officer add Amaro")
	r := l.do("sign-on")
	l.who.Officer, l.who.Known = r.ID, "account"
	if _, err := l.Do(t.Context(), l.who, "en", act.SetDesk{Armed: true, Sound: "ok"}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lone) try(line string) (act.Reply, error) {
	l.t.Helper()
	argv, err := verbs.Split(line)
	if err != nil {
		l.t.Fatal(err)
	}
	a, err := verbs.Parse(argv, time.Now())
	if err != nil {
		l.t.Fatalf("%s: %v", line, err)
	}
	return l.Do(l.t.Context(), l.who, "en", a)
}

func (l *lone) do(line string) act.Reply {
	l.t.Helper()
	r, err := l.try(line)
	if err != nil {
		l.t.Fatalf("%s: %v", line, err)
	}
	return r
}

func (l *lone) says(line string, parts ...string) {
	l.t.Helper()
	text := l.do(line).Text
	for _, p := range parts {
		if !strings.Contains(text, p) {
			l.t.Errorf("%s does not say %q:\n%s", line, p, text)
		}
	}
}

// A line alone refuses what needs the other party, with what to do instead, and nothing of it is stated.
func TestLineAloneRefusesWhatNeedsTheOtherParty(t *testing.T) {
	// SPEC: ALN-011
	synctest.Test(t, func(t *testing.T) {
		l := newAlone(t)
		before := l.rec.Len()
		for line, way := range map[string]string{
			"send hello": "contact add", "ring": "ordinary telephone", "check now": "ordinary telephone", "terms propose --from +48h --check 10:00": "pair SHEET",
			"request accept Aa1-1": "request outcome", "confirm": "pair FILE",
		} {
			_, err := l.try(line)
			if e := hint.Of(err); err == nil || !strings.Contains(e.What, "alone") || !strings.Contains(e.Hint, way) {
				t.Errorf("%s: %v, %s", line, err, e.Hint)
			}
		}
		if l.rec.Len() != before {
			t.Error("a refused verb has stated something")
		}
	})
}

// STOP stands here only, and says so with their telephone; no clock of it runs and no alarm comes of it.
func TestStopOnALineAloneStandsHereOnly(t *testing.T) {
	// SPEC: ALN-012 ALN-013
	synctest.Test(t, func(t *testing.T) {
		l := newAlone(t)
		l.says("stop", "stands here only", "+39 06 555 0100")
		time.Sleep(10 * time.Minute)
		v := l.View("en", "1")
		if len(v.Alarms) > 0 || len(v.Stops) != 1 || !v.Stops[0].Stands || v.Stops[0].Overdue || len(v.Stops[0].Steps) != 1 || v.Stops[0].Steps[0].Step != "recorded" {
			t.Errorf("alarms %+v, STOP %+v", v.Alarms, v.Stops)
		}
		l.do("stop lift " + v.Stops[0].ID + " --reason over")
		if v := l.View("en", "1"); v.Stops[0].Stands {
			t.Errorf("%+v", v.Stops)
		}
	})
}

// Everything says on whose word it is, nothing is held, and what it exports holds on the word of one side.
func TestLineAloneSaysOnWhoseWordItIs(t *testing.T) {
	// SPEC: ALN-013 ALN-004 ALN-010
	synctest.Test(t, func(t *testing.T) {
		l := newAlone(t)
		l.do(`post add Minister --org Ministry --level 1`)
		l.do(`post add Minister --theirs --org "Their ministry" --level 1 --pair Minister`)
		for _, ask := range []string{"status", "checks", "figures", "contacts", "requests", "raised", "readouts", "card", "log", "post list", "calls"} {
			if text := strings.ToLower(l.do(ask).Text); !strings.Contains(text, "on our word alone") || strings.Contains(text, "not held") || strings.Contains(text, "available") || strings.Contains(text, "down") {
				t.Errorf("%s:\n%s", ask, text)
			}
		}
		if v := l.View("it", "1"); !strings.Contains(v.Alone, "Sulla sola nostra parola") || v.Answers[0].Mark != "alone" || len(v.Call.Acts) > 0 {
			t.Errorf("%+v", v)
		}
		if csv := l.do("contacts --csv").Text; strings.Contains(csv, "word alone") {
			t.Errorf("a table for a spreadsheet begins with words:\n%s", csv)
		}
		var b bytes.Buffer
		r, err := l.Do(t.Context(), l.who, "en", act.Export)
		if err == nil {
			err = r.File(&b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if rep := verify.Verify(&b, verify.Expected{}); rep.Verdict != verify.Holds || !rep.Alone {
			t.Errorf("%s", rep)
		}
		d, _ := l.do("show Aa1-1").Data.(view.Desk)
		if len(d.Log) == 0 || d.Log[0].ID != "Aa1-1" || !strings.Contains(d.Log[0].Header, "heard none") {
			t.Errorf("%+v", d.Log)
		}
	})
}

// The ordinary telephone is tested by hand: an overdue test is an alarm until one is answered, and a call on it is use.
func TestTelephoneOfALineAloneIsTestedByHand(t *testing.T) {
	// SPEC: CHK-030 CHK-031 CHK-032 CHK-033 CHK-035
	synctest.Test(t, func(t *testing.T) {
		l := newAlone(t)
		a3 := func() bool {
			for _, a := range l.View("en", "1").Alarms {
				if a.ID == "A3" && a.State != "returned" {
					return true
				}
			}
			return false
		}
		time.Sleep(l.View("en", "1").Check.Due.Sub(time.Now()) + 10*time.Minute)
		if a3() {
			t.Error("an alarm while time is left")
		}
		time.Sleep(30 * time.Minute)
		if !a3() {
			t.Error("no alarm of a test that is overdue")
		}
		l.says("status", "check OVERDUE")
		l.do("check note busy")
		time.Sleep(time.Minute)
		if !a3() {
			t.Error("no alarm of a test that did not reach them")
		}
		l.do("check note answered --by Amaro")
		time.Sleep(time.Minute)
		if a3() {
			t.Error("an alarm after a person has answered")
		}
		l.says("checks", "Tested 1 of 1 days", "answered 1", "no reply 0", "not reached 1 (busy 1) · of those answered, 1 by the word of an officer", "answered by a person, by the word of an officer", "On our word alone")
		for _, bad := range []string{"check note busy --at 2099-01-01T09:00Z", "check note busy --at 2000-01-01", "call note --with Nobody"} {
			if _, err := l.try(bad); err == nil {
				t.Errorf("%s was stated", bad)
			}
		}
		l.do(`post add Minister --org Ministry --level 1`)
		l.do(`call note --with Minister --minutes 3 --class service`)
		l.says("figures", "Never used for substance")
		l.do(`call note --with Minister --minutes 3 they asked about the incident`)
		l.says("figures", "Used for substance once")
		l.says("calls", "held on the ordinary telephone", "substantive", "service")
	})
}

// TestTheNodeRingsTheirTelephone: on a line alone the node rings their telephone at each due time, once, and states what came
// of it with nobody signed on; a person has it rung at any time; whoever has tested by hand is not rung for again.
func TestTheNodeRingsTheirTelephone(t *testing.T) {
	// SPEC: CHK-036
	synctest.Test(t, func(t *testing.T) {
		var rung []string
		tries, open := 0, false
		logs := bytes.Buffer{}
		script := []string{"answered", "no-answer", "busy", "dead", "answered", "unproven", "declined"}
		l := newAlone(t, func(c *Config) {
			ticks := time.NewTicker(5 * time.Minute)
			t.Cleanup(ticks.Stop)
			c.Ticks, c.Log = ticks.C, slog.New(slog.NewTextHandler(&logs, nil))
			c.Telephone = func() func(string, func([]byte)) (string, bool) {
				if !open {
					return nil
				}
				return func(number string, _ func([]byte)) (string, bool) {
					time.Sleep(time.Minute)
					if tries++; tries%3 == 0 {
						return "", false // no test could be made: it is still due
					}
					rung = append(rung, number)
					return script[(len(rung)-1)%len(script)], true
				}
			}
		})
		for range 2 {
			_, err := l.Do(t.Context(), l.who, "en", act.CheckPhone{When: "now"})
			if err == nil || !strings.Contains(err.Error(), "is not open") {
				t.Errorf("nothing can be rung: %v", err)
			}
		}
		if n := strings.Count(logs.String(), "was not rung"); n != 2 {
			t.Errorf("a person pressed twice, and it is told %d times", n)
		}
		open = true
		if _, err := l.Do(t.Context(), l.who, "en", act.CheckPhone{When: "now"}); err != nil {
			t.Fatal(err)
		}
		_, err := l.Do(t.Context(), l.who, "en", act.CheckPhone{When: "now"})
		if err == nil || !strings.Contains(err.Error(), "is being rung") {
			t.Errorf("twice at once: %v", err)
		}
		time.Sleep(20 * time.Minute)
		days := 4
		time.Sleep(time.Duration(days) * 24 * time.Hour)
		due := len(l.cfg.Schedule.Slots(time.Now().Add(-time.Duration(days)*24*time.Hour), time.Now()))
		if len(rung) != due+1 || rung[0] != "+39 06 555 0100" {
			t.Fatalf("%d times in %d days of %d due: %v", len(rung), days, due, rung)
		}
		counts := map[string]int{}
		l.in(t.Context(), l.looks, func() { counts = check.Counts(l.checkStates(), "aurelia") })
		synctest.Wait()
		for _, o := range check.Outcomes {
			want := 0
			for i := range rung {
				if script[i%len(script)] == o {
					want++
				}
			}
			if counts["test."+o] != want {
				t.Errorf("%s: %d stated, %d came of it", o, counts["test."+o], want)
			}
		}
		l.do("sign-off")
		l.who.Officer = ""
		if _, err := l.Do(t.Context(), l.who, "en", act.CheckPhone{When: "now"}); err == nil {
			t.Error("nobody is signed on, and it is rung")
		}
	})
}

// step runs f as a step of the loop, to its end.
func (l *lone) step(f func()) {
	done := make(chan struct{})
	l.post(func() { f(); close(done) })
	<-done
}

// rung is a line alone whose telephone counts how often it rings.
func rung(t *testing.T, n *int, change ...func(*Config)) *lone {
	return newAlone(t, append(change, func(c *Config) {
		ticks := time.NewTicker(5 * time.Minute)
		t.Cleanup(ticks.Stop)
		c.Ticks = ticks.C
		c.Telephone = func() func(string, func([]byte)) (string, bool) {
			return func(string, func([]byte)) (string, bool) { *n++; return "answered", true }
		}
	})...)
}

// TestNobodyIsRungOutOfService: a line alone that is out of service rings nobody, and what was due then is no fault.
func TestNobodyIsRungOutOfService(t *testing.T) {
	// SPEC: SVC-005 CHK-015 CHK-036
	synctest.Test(t, func(t *testing.T) {
		n := 0
		l := rung(t, &n)
		time.Sleep(48*time.Hour + time.Minute)
		was := n
		if was == 0 {
			t.Fatal("it was never rung")
		}
		l.do("line maintenance --until " + time.Now().Add(72*time.Hour).UTC().Format("2006-01-02T15:04Z"))
		time.Sleep(71 * time.Hour)
		if n != was {
			t.Errorf("rung %d times in maintenance", n-was)
		}
		outcomes := map[string]int{}
		l.step(func() {
			for _, s := range l.days(l.checkStates(), l.began()).Slots {
				outcomes[s.Outcome]++
			}
		})
		if outcomes[check.Maintenance] == 0 || outcomes[check.Missed] != 0 {
			t.Error(outcomes)
		}
		for _, a := range l.View("en", "1").Alarms {
			if a.ID == "A3" && a.State != "returned" {
				t.Error("an alarm of a test that was not due")
			}
		}
		time.Sleep(26 * time.Hour)
		if n == was {
			t.Error("it is never rung again")
		}
	})
}

// TestAClockThatWasAhead: once it is set back their telephone is tested again.
func TestAClockThatWasAhead(t *testing.T) {
	// SPEC: CHK-036
	synctest.Test(t, func(t *testing.T) {
		n, ahead := 0, time.Duration(0)
		l := rung(t, &n, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(ahead) } })
		l.step(func() { ahead = 30 * 24 * time.Hour })
		time.Sleep(48 * time.Hour)
		was := n
		l.step(func() { ahead = 0 })
		time.Sleep(48 * time.Hour)
		if was == 0 || n == was {
			t.Errorf("rung %d times, then %d", was, n-was)
		}
	})
}

// TestOutcomeWaitsForRoom: what came of a test while the disk was full is stated once it has room.
func TestOutcomeWaitsForRoom(t *testing.T) {
	// SPEC: CHK-036 NOD-006
	h, err := home.Home{Dir: t.TempDir()}.InitAlone("north", home.DefaultConfig("aurelia", 0), "borealia", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	room := int64(disk.Bavail) * disk.Bsize / 100 * 95 // the disk has no room for this and a little more: it is full
	file := filepath.Join(dir, "reserve")
	l := openAlone(t, h, func(c *Config) {
		c.Store = store.Options{Reserve: room, ReserveFile: file}
		c.Fallback = map[string][]string{"borealia": {"+39 06 555 0100"}}
		c.Telephone = func() func(string, func([]byte)) (string, bool) {
			return func(string, func([]byte)) (string, bool) { return "busy", true }
		}
	})
	state := func() (owed, stated int) {
		l.step(func() { owed, stated = len(l.disk.owed), check.Counts(l.checkStates(), "aurelia")["test.busy"] })
		return owed, stated
	}
	wait := func(what string, ok func(owed, stated int) bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !ok(state()); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				owed, stated := state()
				t.Fatalf("%s: owed %d, stated %d", what, owed, stated)
			}
		}
	}
	l.step(func() {
		if !l.store.Full() {
			t.Error("the disk is not full")
		}
		l.ringOrdinary(act.Who{Desk: "telephone"})
	})
	wait("full", func(owed, _ int) bool { return owed == 1 })
	l.step(func() { l.stateOwed(); l.repaired(time.Time{}) })
	if owed, stated := state(); owed != 1 || stated != 0 {
		t.Fatalf("owed %d, stated %d", owed, stated)
	}
	if err = os.WriteFile(file, nil, 0o600); err == nil {
		err = os.Truncate(file, room) // the reserve is there again
	}
	if err != nil {
		t.Fatal(err)
	}
	l.do("stop") // what is written next finds it
	wait("room again", func(owed, stated int) bool { return owed == 0 && stated == 1 })
}

// TestAnOfficerHearsTheirTelephone: who has it rung from a page hears what it says, and nobody hears the page; in a call he hears the
// call alone. A desk without sound is told so. What an officer heard he states under his name, beside what the node found.
func TestAnOfficerHearsTheirTelephone(t *testing.T) {
	// SPEC: CHK-038
	synctest.Test(t, func(t *testing.T) {
		says := make(chan bool)
		l := newAlone(t, func(c *Config) {
			c.Telephone = func() func(string, func([]byte)) (string, bool) {
				return func(_ string, hear func([]byte)) (string, bool) {
					for range says {
						hear(make([]byte, voice.FrameBytes))
					}
					return "unproven", true
				}
			}
		})
		rung := func(want string) {
			t.Helper()
			r, err := l.Do(t.Context(), l.who, "en", act.CheckPhone{When: "now"})
			if err != nil || !strings.Contains(r.Text, want) {
				t.Errorf("%q, %v; want %q", r.Text, err, want)
			}
		}
		ends := func() {
			close(says)
			synctest.Wait()
			time.Sleep(time.Second)
			says = make(chan bool)
		}
		rung("this desk has no sound: you do not hear it")
		says <- true
		ends()
		page := &tape{heard: map[byte]int{}}
		l.Sound(l.who.Desk, page)
		rung("you hear it at this desk")
		says <- true
		says <- true
		synctest.Wait()
		if page.heard[0] != 2 || page.codec != voice.ULaw {
			t.Errorf("%d frames are heard, in %q", page.heard[0], page.codec)
		}
		live := l.calls.live.Swap(&[]speaker{{desk: l.who.Desk, sink: page}})
		says <- true
		synctest.Wait()
		if page.heard[0] != 2 {
			t.Error("it is heard in a call")
		}
		l.calls.live.Store(live)
		ends()
		if page.codec != voice.Opus {
			t.Errorf("after it the desk speaks %q", page.codec)
		}
		l.do("check note answered")
		counts := map[string]int{}
		l.in(t.Context(), l.looks, func() { counts = check.Counts(l.checkStates(), "aurelia") })
		synctest.Wait()
		if counts["test.unproven"] != 2 || counts["test.answered"] != 1 {
			t.Errorf("%v", counts)
		}
	})
}

// TestTenDaysOfTheirTelephone: what came of ten days of tests is what the figures say, and what the verifier finds.
func TestTenDaysOfTheirTelephone(t *testing.T) { telephoned(t, 10) } // a year in a soak

func TestSoakAYearOfTheirTelephone(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	telephoned(t, 366)
}

func telephoned(t *testing.T, days int) {
	// SPEC: CHK-031 CHK-036 CHK-037
	synctest.Test(t, func(t *testing.T) {
		counts, calls := map[string]int{}, 0
		l := newAlone(t, func(c *Config) {
			ticks := time.NewTicker(30 * time.Minute)
			t.Cleanup(ticks.Stop)
			c.Ticks = ticks.C
			c.Telephone = func() func(string, func([]byte)) (string, bool) {
				return func(string, func([]byte)) (string, bool) {
					outcome := check.Outcomes[calls%len(check.Outcomes)]
					if calls++; outcome == "answered" && calls > days { // and then never again
						outcome = "no-answer"
					}
					counts[outcome]++
					return outcome, true
				}
			}
		})
		since := time.Now()
		time.Sleep(time.Duration(days)*24*time.Hour - time.Hour)
		if due := len(l.cfg.Schedule.Slots(since, time.Now())); calls != due || due < days {
			t.Fatalf("called %d times, %d were due", calls, due)
		}
		columns := map[string]int{}
		for o, n := range counts {
			columns[check.Column(o)] += n
		}
		l.says("checks", fmt.Sprintf("called %d of %d days, answered %d, since 1 Jan", days, days, counts["answered"]),
			fmt.Sprintf("no reply %d · declined %d · not reached %d", columns[check.NoReply], columns[check.Declined], columns[check.NotReached]))
		r, err := l.Do(t.Context(), l.who, "en", act.Export)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.File(&b); err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(b.Bytes(), []byte("check.noted"))
		if rep := verify.Verify(&b, verify.Expected{}); rep.Verdict != verify.Holds || n < calls {
			t.Errorf("%s; %d tests of %d are in the file", rep, n, calls)
		}
	})
}

// TestTheTelephoneOfALineOfTwo: it is rung at each due time too, unless somebody of ours has, and not by both ends at once.
func TestTheTelephoneOfALineOfTwo(t *testing.T) {
	// SPEC: CHK-034 CHK-036
	for first, want := range map[bool]string{true: "00:05 00:30", false: "00:10 00:35"} {
		synctest.Test(t, func(t *testing.T) {
			var m machine
			l, rung := m.begin(t), []string{}
			if err := l.in(t.Context(), l.events, func() {
				l.cfg.IsPartyA = first
				l.cfg.Schedule, l.cfg.Fallback = party.Schedule{Checks: []string{"00:05", "00:30"}, Officer: 1}, map[string][]string{"borealia": {"+39 06 555 0100"}}
				l.cfg.Telephone = func() func(string, func([]byte)) (string, bool) {
					return func(string, func([]byte)) (string, bool) {
						rung = append(rung, time.Now().UTC().Format("15:04"))
						return "answered", true
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(45 * time.Minute)
			if got := strings.Join(rung, " "); got != want {
				t.Errorf("rung at %s, want %s", got, want)
			}
			l.Close()
		})
	}
}
