// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/register"
)

// An export has no statement whose commit is pending: nothing is shown before it is on disk.
//
// SPEC: NOD-001 NOD-018
func TestExportHoldsOnlyWhatIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		time.Sleep(time.Second)
		exported := func() int {
			r, err := l.export(act.Who{}, "en", act.Export)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := r.File(&b); err != nil {
				t.Fatal(err)
			}
			return bytes.Count(b.Bytes(), []byte("\nentry "))
		}
		var before, pending, after int
		step := func(f func()) {
			inLoop(t, l, f)
			time.Sleep(time.Second)
		}
		step(func() {
			before = exported()
			d, err := new(register.Register).OfficerDraft("aurelia", register.Officer{Name: "Lt Amaro", Account: "amaro", Langs: []string{"en"}}, "actual", nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := l.state(d); err != nil {
				t.Error(err)
			}
			pending = exported()
		})
		step(func() { after = exported() })
		if pending != before || after <= before {
			t.Errorf("%d statements before, %d while the commit is pending, %d after it", before, pending, after)
		}
		l.Close()
	})
}

// Verifying holds the record a second time in memory: a second one that is asked for meanwhile is refused, and says what to do.
//
// SPEC: PAG-053
func TestTheRecordIsVerifiedOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		defer l.Close()
		time.Sleep(time.Second)
		l.verifying.Lock()
		_, err := l.Do(t.Context(), act.Who{}, "en", act.Verify)
		if e := hint.Of(err); err == nil || e.What != "the record is being verified already" || e.Hint == "" {
			t.Errorf("a second one was answered %v", err)
		}
		l.verifying.Unlock()
		for range 2 {
			if r, err := l.Do(t.Context(), act.Who{}, "en", act.Verify); err != nil || r.Text == "" {
				t.Errorf("%q %v", r.Text, err)
			}
		}
	})
}
