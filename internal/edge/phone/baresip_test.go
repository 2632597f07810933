// SPDX-License-Identifier: Apache-2.0

package phone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/edge/phone"
	"example.org/parley/internal/story"
	"example.org/parley/internal/view"
)

// need skips a test whose tool is missing, or fails where PARLEY_REQUIRE names that tool.
func need(t *testing.T, tool, reason string) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), tool) {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// set is a telephone of a test.
type set struct {
	*story.Handset
	t     *testing.T
	house func(dir string) // changes the files of the line that it is joined to, before its node runs
}

// plug lays the cable and starts the telephone; it speaks a tone of hz.
func plug(t *testing.T, number, answers string, hz float64, seal func(...string) string) *set {
	t.Helper()
	return plugAs(t, number, answers, hz, 8000, seal)
}

func plugAs(t *testing.T, number, answers string, hz float64, rate int, seal func(...string) string) *set {
	t.Helper()
	p, err := story.Plug(t.TempDir(), number, answers, hz, rate, seal)
	if errors.Is(err, story.ErrNoNetworks) {
		need(t, "network", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Unplug)
	return &set{p, t, nil}
}

// does has the telephone do a command: dial, accept, hangup.
func (p *set) does(command, params string) {
	p.t.Helper()
	if err := p.Does(command, params); err != nil {
		p.t.Fatalf("%v\n%s", err, p.Log())
	}
}

// judge waits for so many frames of what a telephone heard of which none is silent: a tone of hz was spoken.
func (p *set) judge(who string, hz float64, want int) {
	p.t.Helper()
	heard, db, _, err := p.Hears(hz, want, true)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", who, err, p.Log())
	}
	p.t.Logf("figure: %s sent_hz %.0f heard_hz %.1f level_db %.2f silent_frames 0 of %d", who, hz, heard, db, want)
	if math.Abs(heard-hz) > hz/100 || math.Abs(db-story.SpokenDB) > 1.5 {
		p.t.Errorf("%s hears %.1f Hz at %.2f dB; %.0f Hz at %.0f dB was spoken", who, heard, db, hz, story.SpokenDB)
	}
}

// town is two nodes, with telephones at some of their houses.
type town struct {
	*story.World
	t   *testing.T
	log string
}

// build starts the two nodes; phones are the telephones of aurelia and borealia, nil for none.
func build(t *testing.T, phones ...*set) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-phone-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bin := phone.Binary(t, dir)
	log, err := os.Create(filepath.Join(t.ArtifactDir(), "nodes.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	w := &town{&story.World{Dir: filepath.Join(dir, "w"), Bin: bin, Log: log}, t, log.Name()}
	for i, p := range phones {
		if p != nil {
			w.Phones[i] = p.Handset
		}
	}
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for i, p := range phones {
		if p != nil && p.house != nil {
			dirs, _ := filepath.Glob(filepath.Join(w.Sites[i].Home.Dir, "lines", "*"))
			p.house(dirs[0])
		}
	}
	if err := w.Play(t.Context(), func(story.Scene) {}, story.Seat); err != nil {
		b, _ := os.ReadFile(w.log)
		t.Fatalf("%v\n%s", err, b)
	}
	for i := range w.Sites {
		w.Disarm(i) // the telephones, and browsers, are the only desks
	}
	return w
}

// hears waits until a side's call is in a codec and, where hz is not 0, its node hears that tone in it.
func (w *town) hears(side int, codec string, hz float64) {
	w.t.Helper()
	var in view.Meter
	for end := time.Now().Add(45 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r, err := w.Act(w.Sites[side], act.Status)
		b, _ := json.Marshal(r.Data)
		var desk view.Desk
		if err = errors.Join(err, json.Unmarshal(b, &desk)); err == nil && desk.Call.In != nil {
			if in = *desk.Call.In; in.Codec == codec && (hz == 0 || math.Abs(in.Hz-hz) < hz/100) {
				return
			}
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(w.log)
			w.t.Fatalf("not in 45 s: %s, %.0f Hz: %+v %v\n%s", codec, hz, in, err, log)
		}
	}
}

// says waits until a node's answer has a word.
func (w *town) says(side int, a act.Act, word string) string {
	w.t.Helper()
	for end := time.Now().Add(45 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r, err := w.Act(w.Sites[side], a)
		if err == nil && strings.Contains(r.Text, word) {
			return r.Text
		}
		if time.Now().After(end) {
			b, _ := os.ReadFile(w.log)
			w.t.Fatalf("not in 45 s: %q: %s %v\n%s", word, r.Text, err, b)
		}
	}
}

// tools skips where telephones in namespaces cannot be.
func tools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("telephones in namespaces take half a minute")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		need(t, "baresip", "no baresip: Debian's baresip-core")
	}
}

// TestTelephonesBothWays: two telephones speak with each other through both nodes, on two cables of which one is pulled; what
// was done is in the record of both, and STOP is keyed from one of them.
func TestTelephonesBothWays(t *testing.T) {
	// SPEC: PHN-040 PHN-051 PHN-052 PHN-060 PHN-071
	tools(t)
	phones := []*set{plug(t, "201", "manual", 440, nil), plug(t, "301", "auto", 1000, nil)}
	w := build(t, phones...)
	for i := range phones {
		w.says(i, act.Status, "armed (1)  armed (1)") // each knows it of the other too
	}
	phones[0].does("dial", "sip:line@"+phones[0].Ours.String())
	w.says(0, act.Status, "CONNECTED")
	time.Sleep(2 * time.Second)
	if _, err := w.Change([]string{"cut", "1"}); err != nil {
		t.Fatal(err)
	}
	phones[1].judge("phone to phone, aurelia → borealia", 440, 200)
	phones[0].judge("phone to phone, borealia → aurelia", 1000, 200)
	phones[0].does("sndcode", "**8378")
	time.Sleep(3 * time.Second) // the keys are asked for again
	if r, err := w.Act(w.Sites[0], act.ReadLog{}); err != nil || strings.Contains(r.Text, "STOP") {
		t.Fatalf("STOP after the keys were pressed once: %s %v", r.Text, err)
	}
	phones[0].does("sndcode", "**8378")
	for i := range phones {
		w.says(i, act.ReadLog{}, "test · STOP")
	}
	phones[0].does("hangup", "")
	if text := w.says(0, act.Calls, "answered"); !strings.Contains(text, "extension 201, Duty officer") {
		t.Errorf("the record does not say which extension called: %s", text)
	}
	if text := w.says(1, act.Calls, "answered"); !strings.Contains(text, "extension 301, Duty officer") {
		t.Errorf("the record does not say which extension: %s", text)
	}
}

// TestWideBothWays: two telephones that speak G.722 do so through both nodes, which decode nothing of it, whichever of them
// calls; a key makes the call one in G.711, in which its tones are heard. One of which the other party's telephone does not
// speak it is in G.711 from its beginning.
func TestWideBothWays(t *testing.T) {
	// SPEC: CAL-035 PHN-024
	tools(t)
	for _, c := range []struct {
		rate  int
		codec string
	}{{16000, "g722"}, {8000, "pcmu"}} {
		phones := []*set{plugAs(t, "201", "auto", 440, 16000, nil), plugAs(t, "301", "auto", 1000, c.rate, nil)}
		w := build(t, phones...)
		for i := range phones {
			w.says(i, act.Status, "armed (1)  armed (1)")
		}
		codec := func(want string) {
			for i := range phones {
				w.hears(i, want, 0)
			}
		}
		for i, p := range phones {
			if err := p.Dial(); err != nil {
				t.Fatal(err)
			}
			codec(c.codec)
			time.Sleep(time.Second)
			phones[1-i].judge(c.codec+", called by "+p.Number, p.Hz, 200)
			p.judge(c.codec+", calling "+phones[1-i].Number, phones[1-i].Hz, 200)
			if c.codec == "g722" {
				p.does("sndcode", "5")
				codec("pcmu")
				for n, q := range phones { // in G.711 the nodes hear what is said; baresip writes no sound of a codec that came later
					w.hears(1-n, "pcmu", q.Hz)
				}
			}
			p.does("hangup", "")
			w.says(0, act.Status, "READY")
			w.says(1, act.Status, "READY")
		}
	}
}

// TestSealedBothWays: a telephone over TLS with SRTP calls the other party's, in the clear, and is called by it.
func TestSealedBothWays(t *testing.T) {
	// SPEC: PHN-006 PHN-022
	tools(t)
	seal := func(of ...string) string {
		dir := t.TempDir()
		phone.Certs(t, dir, of...)
		return dir
	}
	phones := []*set{plug(t, "201", "auto", 440, seal), plug(t, "301", "auto", 1000, nil)}
	w := build(t, phones...)
	for i := range phones {
		w.says(i, act.Status, "armed (1)  armed (1)")
	}
	for i, p := range phones {
		if err := p.Dial(); err != nil {
			t.Fatal(err)
		}
		w.says(0, act.Status, "CONNECTED")
		w.says(1, act.Status, "CONNECTED")
		phones[1-i].judge("called by "+p.Number, p.Hz, 200)
		p.judge("calling "+phones[1-i].Number, phones[1-i].Hz, 200)
		p.does("hangup", "")
		w.says(0, act.Status, "READY")
		w.says(1, act.Status, "READY")
	}
}

// TestDemoPhone: the demo of the telephones, which anybody can see, carries a tone between every two sorts of edge, both ways,
// with one of two cables pulled in each call; a linguist joins two telephones, and the call is handed over and held.
func TestDemoPhone(t *testing.T) {
	// SPEC: CLI-057 PHN-021 PHN-034 PHN-035 PHN-051 PHN-052 PHN-054
	tools(t)
	plug(t, "201", "manual", 440, nil) // whether telephones can be here
	dir, err := os.MkdirTemp("", "parley-phone-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cmd := exec.CommandContext(t.Context(), phone.Binary(t, dir), "demo", "phone", "--once", "--json", "--keep", filepath.Join(dir, "w"))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "w", "nodes.log"))
		t.Fatalf("%v: %s\n%s\n%s", err, errs.String(), out, log)
	}
	ways := map[string]int{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var h story.Heard
		if err := dec.Decode(&h); err != nil {
			t.Fatal(err)
		}
		t.Logf("figure: %+v", h)
		ways[h.Pair]++
		if h.CutByLoad {
			t.Logf("NOT SHOWN, for the machine was too busy three times: %s, %s → %s", h.Pair, h.From, h.To)
		} else if h.LeftOut == "" && (h.Unbroken != 200 || h.FramesLost != nil && *h.FramesLost != 0) {
			t.Errorf("%+v", h)
		}
		if h.LeftOut != "" {
			if _, err := exec.LookPath("chromium"); err == nil {
				t.Errorf("%s is left out: %s", h.Pair, h.LeftOut)
			}
			ways[h.Pair]++
		} else if !h.OK || !h.CutByLoad && (math.Abs(h.HeardHz-h.SentHz) > h.SentHz/100 || math.Abs(h.LevelDB-story.SpokenDB) > 1.5) {
			t.Errorf("%+v", h)
		}
	}
	want := map[string]int{"phone → phone": 2, "browser → phone": 2, "phone → browser": 2, "browser → browser": 2}
	if _, err := exec.LookPath("chromium"); err == nil {
		maps.Copy(want, map[string]int{"phone → phone, a linguist at a browser": 6, "handed over to a browser": 2, "handed over to a phone": 2, "held by a phone, and resumed": 1, "browser → browser, handed over to a phone": 2})
	}
	for pair, n := range want {
		if ways[pair] != n {
			t.Errorf("%s: %d of %d ways", pair, ways[pair], n)
		}
	}
}
