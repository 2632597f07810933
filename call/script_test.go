// SPDX-License-Identifier: Apache-2.0

package call

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/parley/statement"
)

var update = flag.Bool("update", false, "write transcripts and tables anew")

// TestConversations plays every script under testdata: dated acts above the line of dashes, below it
// what happened and how both ends' words stand to each other.
//
// SPEC: CAL-003 CAL-004 CAL-005 CAL-006 CAL-007 CAL-008 CAL-009 CAL-010 CAL-021 CAL-022 CAL-023 CAL-024 CAL-025 CAL-034 CAL-035 CAL-036
func TestConversations(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 15 {
		t.Fatalf("only %d scripts", len(files))
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			script, want, _ := strings.Cut(string(b), "----\n")
			w := newWorld(1)
			w.play(t, script)
			got := strings.Join(w.log, "\n") + "\n\n" + strings.Join(w.judge(), "\n") + "\n"
			if *update {
				if err := os.WriteFile(f, []byte(script+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("not as written; run with -update and read the difference\n%s", got)
			}
			if len(w.unseen) > 0 {
				t.Error(w.unseen)
			}
			for _, e := range w.ends {
				if len(e.repeat) > 0 || e.m.Open() || len(e.media) > 0 {
					t.Errorf("%s is not at rest: %v", e.name, e.repeat)
				}
			}
		})
	}
}

// play reads a script: "@SECONDS who act k=v …", or settings before the first act.
func (w *world) play(t *testing.T, script string) {
	last := time.Duration(0)
	for _, e := range w.ends {
		e.desks = [3][]string{{e.name[:1] + "1"}}
		e.tellDesks(e.desks)
		e.step(line(true))
		e.step(peerRun("r1"))
	}
	for _, line := range strings.Split(script, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		at := time.Duration(0)
		if strings.HasPrefix(f[0], "@") {
			s, err := strconv.ParseFloat(f[0][1:], 64)
			if err != nil {
				t.Fatal(line)
			}
			at, f = time.Duration(s*float64(time.Second)), f[1:]
		}
		last = max(last, at)
		w.at(at, func() { w.act(t, f) })
	}
	w.run(last + 100*time.Second)
}

func (w *world) act(t *testing.T, f []string) {
	kv := map[string]string{}
	var list []string
	for _, p := range f[1:] {
		if k, v, ok := strings.Cut(p, "="); ok {
			kv[k] = strings.ReplaceAll(v, "_", " ")
		} else {
			list = append(list, p)
		}
	}
	dur := func(s string) time.Duration { d, _ := time.ParseDuration(s); return d }
	switch f[0] {
	case "channel":
		if kv["delay"] != "" {
			w.delay = dur(kv["delay"])
		}
		w.jit = dur(kv["jitter"])
		w.lose, _ = strconv.ParseFloat(kv["lose"], 64)
		w.dup, _ = strconv.ParseFloat(kv["dup"], 64)
		return
	case "drop":
		w.drop[strings.Join(list, " ")] = true
		return
	case "pass":
		delete(w.drop, strings.Join(list, " "))
		return
	case "cut":
		w.setCut(true)
		return
	case "mend":
		w.setCut(false)
		return
	}
	e := w.ends[0]
	if f[0] == "borealia" {
		e = w.ends[1]
	}
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: kv["desk"]}
	if by.Desk == "" {
		by.Desk = e.name[:1] + "1"
	}
	e.say("does %s", strings.Join(f[1:], " "))
	switch f[1] {
	case "ring":
		e.step(func(m *Machine, now time.Time) Out {
			return m.Ring(by, kv["class"], kv["mark"], kv["priority"], kv["only"], now)
		})
	case "answer":
		e.step(answer(by, kv["only"]))
	case "decline":
		e.step(decline(by, kv["reason"], epoch.Add(dur(kv["standby"]))))
	case "hang-up":
		e.step(hangUp(by, kv["class"]))
	case "join":
		e.step(func(m *Machine, now time.Time) Out { return m.Join(by, kv["as"], kv["listen"] != "", now) })
	case "hold":
		e.step(func(m *Machine, now time.Time) Out { return m.Hold(by, now) })
	case "waiting":
		e.step(func(m *Machine, now time.Time) Out { return m.Waiting(by, kv["for"], now) })
	case "resume":
		e.step(func(m *Machine, now time.Time) Out { return m.Resume(by, now) })
	case "hand-over":
		e.step(func(m *Machine, now time.Time) Out { return m.HandOver(by, kv["to"], now) })
	case "gone":
		e.step(func(m *Machine, now time.Time) Out { return m.Gone(by.Desk, now) })
	case "knows-g722": // it has been greeted so
		e.m.Wide = true
	case "deaf":
		e.frames = 0
	case "broken":
		e.step(func(m *Machine, now time.Time) Out { return m.Broken(kv["cause"], now) })
	case "desks":
		e.desks = [3][]string{}
		for i, k := range []string{"armed", "busy", "deputies"} {
			if kv[k] != "" {
				e.desks[i] = strings.Split(kv[k], "+")
			}
		}
		e.tellDesks(e.desks)
	case "restart":
		w.restart(e)
	case "stop":
		e.step((*Machine).Stop)
		w.at(w.now+w.delay, func() { e.other().step((*Machine).Goodbye) })
	case "freeze":
		e.frozen = true
		w.at(w.now+3*time.Second, func() { e.other().step(line(false)) })
	case "thaw":
		e.frozen = false
		e.step((*Machine).Tick)
		w.at(w.now+w.delay, func() { e.other().step(line(true)) })
	default:
		t.Fatalf("no act %q", f[1])
	}
}

// setCut cuts or mends every path; each end notices as the link does.
func (w *world) setCut(cut bool) {
	w.cut = cut
	after := 3 * time.Second
	if !cut {
		after = w.delay
	}
	for _, e := range w.ends {
		w.at(w.now+after, func() {
			if w.cut == cut {
				e.step(line(!cut))
			}
		})
	}
}

// restart kills a node and starts it with nothing remembered; its record closes what it had begun.
func (w *world) restart(e *end) {
	for id, opener := range e.begun {
		if len(e.closed[id]) == 0 {
			e.closed[id] = []Closed{{Opener: opener, Call: id, Outcome: Outcome{What: Failed, Cause: CauseNearNode}}}
		}
	}
	e.start()
	e.m.Began = e.m.Down
	e.tellDesks(e.desks)
	e.step(line(true))
	e.step(peerRun("r1"))
	w.at(w.now+2*w.delay, func() { e.other().step(peerRun("r" + strconv.Itoa(e.life))) })
}
