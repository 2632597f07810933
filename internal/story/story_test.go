// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// The whole story of demo --once holds, on real processes: every step is told, and none fails.
func TestStoryOfTheDemoHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes, half a minute")
	}
	t.Parallel()
	o := built(t)
	o.Demo, o.Tone = true, 620
	w := o
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var told []string
	if err := w.Play(context.Background(), func(s Scene) {
		told = append(told, s.Step)
		t.Logf("%-13s %5d ms  %s%s", s.Step, s.MS, s.Says, s.Err)
		if s.Step == "call" && (s.Call == nil || s.Call["sent_hz"] != 620) {
			t.Errorf("the call's figures: %+v", s.Call)
		}
	}, Seat, Opening, Rest); err != nil {
		t.Error(err)
	}
	want := "pair people counterparts check flash read-back call third stop cables kill spoil verify forge ask"
	if got := strings.Join(told, " "); got != want {
		t.Errorf("told: %s", got)
	}
}

var binDir string

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(binDir)
	os.Exit(code)
}

// binary is built once for all tests.
var binary = sync.OnceValues(func() (_ string, err error) {
	if binDir, err = os.MkdirTemp("", "parley-story-bin-"); err != nil {
		return "", err
	}
	bin := filepath.Join(binDir, "parley")
	if out, err := exec.Command("go", "build", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		return "", fmt.Errorf("couldn't build: %w: %s", err, out)
	}
	return bin, nil
})

// built is a new directory and the binary.
func built(t *testing.T) *World {
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "parley-story-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &World{Dir: filepath.Join(dir, "w"), Bin: bin}
}

// The demo opens calm, and stays so while nobody has opened a page yet: longer than the delay of any alarm of a desk.
func TestDemoOpensWithoutAlarm(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes, half a minute")
	}
	t.Parallel()
	d, err := OpenDemo(t.Context(), built(t), func(Scene) {})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, s := range d.w.Sites { // the days of the spring, and of the line since: all were tested, and it was never used
		v, err := data[view.Desk](d.w.Act(s, act.Figure{}))
		if err != nil || v.Check.Days < 23 || v.Check.Days > 24 || v.Check.Of != v.Check.Days || v.Figures.Used != 0 || v.Figures.Available[2].Percent < 99 {
			t.Errorf("%s: %s, %s, %s, %v", s.Name, v.Check.Figures, v.Figures.UsedWord, v.Figures.UpWord, err)
		}
	}
	time.Sleep(25 * time.Second)
	for _, s := range d.w.Sites {
		v, err := data[view.Desk](d.w.Act(s, act.Status))
		if err != nil || len(v.Alarms) > 0 || len(v.Stops) > 0 || v.Unrecorded != "" {
			t.Errorf("%s: alarms %+v, STOPs %+v, unrecorded %+v, %v", s.Name, v.Alarms, v.Stops, v.Unrecorded, err)
		}
	}
	if parts, _ := d.State(); !parts[len(parts)-1].Holds || parts[len(parts)-1].Broken {
		t.Errorf("%+v", parts)
	}
}

// What is forged in the demo is caught by the signature of a statement that is named; every sum that needs no key is mended.
func TestForgedWordIsCaughtByItsStatementsSignature(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	t.Parallel()
	o := built(t)
	w := o
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Play(t.Context(), func(Scene) {}, Seat, "aurelia send --phrase IS_THIS_YOURS object=ship \"place=54.20N 18.40E\" as $m\n? aurelia ladder $m => contains , held\n"+
		"? aurelia export $DIR/x => lacks error\nforge $DIR/x $DIR/y\n? aurelia verify $DIR/x => contains HOLDS\n? aurelia verify $DIR/y => contains aurelia/1.\n? aurelia verify $DIR/y => contains not signed by its party's key"); err != nil {
		t.Error(err)
	}
	if out, err := w.Exec(w.Sites[0], "verify", filepath.Join(w.Dir, "y")); err == nil || !strings.HasPrefix(out, "DOES NOT HOLD") {
		t.Errorf("%v %s", err, out)
	}
}

// puppet is a stage that answers as it is told.
type puppet struct {
	Stage
	did  []string
	says map[string]string // by question
	no   string            // the act that is refused
}

func (p *puppet) Settle()            {}
func (p *puppet) Wait(time.Duration) {}
func (p *puppet) Do(party, line string) (string, error) {
	p.did = append(p.did, party+" "+line)
	if line == p.no {
		return "", errors.New("not now")
	}
	return "A1-7", nil
}
func (p *puppet) Ask(_, question string) ([]string, error) { return []string{p.says[question]}, nil }

// A script fails where what is seen is not what stands there, and nowhere else.
func TestScriptFailsWhereItDoesNotHold(t *testing.T) {
	for _, x := range []struct {
		name, text string
		holds      bool
	}{
		{"seen", "aurelia send x as $m\n? aurelia show $m => contains held\n", true},
		{"not seen", "? aurelia show A1-7 => contains shown\n", false},
		{"lacking", "? aurelia show A1-7 => lacks shown\n", true},
		{"bars", "? aurelia show A1-7\n| it is held\n", true},
		{"other bars", "? aurelia show A1-7\n| it is shown\n", false},
		{"no bars", "? aurelia show A1-7\n", false},
		{"refused", "borealia lift => contains not now\n", true},
		{"refused otherwise", "borealia lift => contains never\n", false},
		{"refused though it should not be", "borealia lift\n", false},
		{"not refused though it should be", "aurelia send x => contains not now\n", false},
		{"an unknown name", "aurelia ack $nothing\n", false},
	} {
		p := &puppet{says: map[string]string{"show A1-7": "it is held"}, no: "lift"}
		s := &Script{Stage: noNames{p}}
		if _, err := s.Play(context.Background(), x.text); (err == nil) != x.holds {
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

type noNames struct{ *puppet }

func (noNames) Name(_, name string) (string, error) { return "", errors.New("no " + name) }
