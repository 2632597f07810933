// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// hostile gives a node of aurelia's with an officer at his desk, and the session of a party that runs any program.
func hostile(t *testing.T, f func(w *world, us *side, them node.Link)) {
	t.Helper()
	simulate(t, 66, func(w *world) {
		us := w.sides[0]
		us.desk = act.Who{Desk: "watch-a", Account: us.name}
		us.open()
		us.must(`officer add "Lt Amaro"`)
		us.must("sign-on")
		us.arm(true)
		them, err := w.net.open(1, link.Config{Run: "zzzzzz"})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for range them.Events() {
			}
		}()
		time.Sleep(5 * time.Second)
		defer func() {
			w.net.kill(1)
			them.Close("")
		}()
		f(w, us, them)
	})
}

// However many STOPs the peer invents: the one that was pressed here stays on the desk, recorded or not.
func TestInventedStops(t *testing.T) {
	hostile(t, func(w *world, us *side, them node.Link) {
		us.disk.mood.Store(fails)
		us.must("stop")
		for i := range 200 {
			c := stop.Copy{Party: "borealia", ID: fmt.Sprintf("%032x", i), Step: stop.Sent, Class: "substantive", Mark: "actual", Time: time.Now(), Reason: stop.UsualReason}
			if i%2 == 1 {
				c.Party, c.Step, c.Reason = "aurelia", stop.Taken, ""
			}
			c.Time = c.Time.UTC().Truncate(time.Microsecond)
			b, err := c.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			them.Signal(wire.LaneSignal, append([]byte{'s'}, b...))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		pressed := 0
		all := us.view().Stops
		for _, s := range all {
			if s.Ours && len(s.Steps) > 0 && s.Steps[0].State == "done" {
				pressed++
			}
		}
		if pressed != 1 || len(all) > 34 {
			t.Errorf("%d STOPs of ours of %d: %+v", pressed, len(all), all)
		}
	})
}

// A disk that is full takes the other end's statements with its reserve, though nothing of our own any more.
// SPEC: NOD-008
func TestFullDiskTakesWhatThePeerStates(t *testing.T) {
	simulate(t, 69, func(w *world) {
		w.watch()
		time.Sleep(10 * time.Second)
		a, b := w.sides[0], w.sides[1]
		a.stop()
		var st unix.Statfs_t
		if err := unix.Statfs(a.dir, &st); err != nil {
			t.Fatal(err)
		}
		c := a.config()
		c.Store.Reserve = int64(st.Bavail) * st.Bsize // no room to make the reserve, and eight times what is kept back
		a.line = node.Open(c)
		time.Sleep(10 * time.Second)
		if _, err := a.do("send --kind information ours"); err == nil {
			t.Fatal("the disk is not full")
		}
		b.must("send --kind information theirs")
		b.must("send --kind warning --precedence FLASH \"Turn back\"")
		time.Sleep(10 * time.Second)
		if n := len(a.view().Messages); n != 2 {
			t.Errorf("%d messages were taken", n)
		}
		if l := w.alarms(b, "A9"); len(l) != 0 {
			t.Errorf("alarms at the other end: %v", l)
		}
	})
}

// On a full disk the peer's statements are not taken, but for steps and STOP; and what is recorded goes on being recorded.
// SPEC: NOD-008
func TestFullDisk(t *testing.T) {
	simulate(t, 67, func(w *world) {
		w.watch()
		time.Sleep(10 * time.Second)
		a, b := w.sides[0], w.sides[1]
		a.stop()
		c := a.config()
		c.Store.Reserve = 1 << 60 // more than any disk has room for: full
		a.line = node.Open(c)
		time.Sleep(10 * time.Second)
		b.must("send --kind information later")
		time.Sleep(time.Minute)
		if n := len(a.view().Messages); n != 0 {
			t.Errorf("%d messages were taken", n)
		}
		if l := w.alarms(b, "A9"); !slices.Contains(l, "A9/room there") {
			t.Errorf("the other end is not told: %v", l)
		}
		b.must("stop")
		r, err := a.do("stop")
		if err != nil || strings.Contains(r.Text, "UNRECORDED") {
			t.Errorf("a STOP on a full disk: %+v %v", r, err)
		}
		time.Sleep(10 * time.Second)
		if v := a.view(); len(v.Stops) != 2 || v.Unrecorded != "" {
			t.Errorf("%d STOPs, unrecorded %q", len(v.Stops), v.Unrecorded)
		}
		if s := w.logs.String(); strings.Contains(s, "nothing is recorded until") {
			t.Error("the store failed")
		}
	})
}

// A peer that has used up what it may make a node keep is told so, and until when; so are the people at both ends, for a
// receipt as for a statement.
//
// SPEC: NOD-008
func TestAQuotaThatBitesIsAnAlarmAtBothEnds(t *testing.T) {
	for what, send := range map[string]int{"statement": 1, "receipt": 0} {
		simulate(t, 71, func(w *world) {
			w.watch()
			time.Sleep(10 * time.Second)
			a, b := w.sides[0], w.sides[1]
			a.stop()
			c := a.config()
			s := store.New(c.DB, c.Store)
			if err := s.Reopen(); err != nil {
				t.Fatal(err)
			}
			used := fmt.Sprintf(`{"used":%d,"at":%q}`, 256<<10, c.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			s.Append(1, []store.Row{store.Local("room", []byte("["+used+","+used+"]"))})
			if c := <-s.Durable(); c.Err != nil {
				t.Fatal(c.Err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			a.line = node.Open(c)
			time.Sleep(10 * time.Second)
			w.sides[send].must("send --kind information later")
			time.Sleep(30 * time.Second)
			if l := w.alarms(a, "A9"); !slices.Contains(l, "A9/room here") {
				t.Errorf("%s: not told here: %v", what, l)
			}
			if l := w.alarms(b, "A9"); !slices.Contains(l, "A9/room there") {
				t.Errorf("%s: the other end is not told: %v", what, l)
			}
		})
	}
}
