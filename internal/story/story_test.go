// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The whole story of demo --once holds, on real processes: every step is told, and none fails.
func TestStoryHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes, half a minute")
	}
	t.Parallel()
	dir, err := os.MkdirTemp("", "parley-story-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w, err := New(Options{Dir: filepath.Join(dir, "w"), Bin: bin, Demo: true, Tone: 620})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var told []string
	if err := w.Play(context.Background(), func(s Step) {
		told = append(told, s.Step)
		t.Logf("%-13s %5d ms  %s%s", s.Step, s.MS, s.Says, s.Err)
		if s.Step == "call" && (s.Call == nil || s.Call.SentHz != 620) {
			t.Errorf("the call's figures: %+v", s.Call)
		}
	}, Seat, Opening, Rest); err != nil {
		t.Error(err)
	}
	want := "pair people counterparts check flash read-back call stop cables kill spoil verify forge ask"
	if got := strings.Join(told, " "); got != want {
		t.Errorf("told: %s", got)
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
