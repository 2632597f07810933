// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/act"
)

// Two notifiers of one line are two: what one does not run, or what failed of it, is told though the other is well; one that
// begins again takes its own place.
//
// SPEC: ALM-020
func TestTwoNotifiersAreTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		say := func(desk string, failed []string, on ...string) {
			t.Helper()
			if _, err := l.Do(t.Context(), act.Who{Account: "parley", Desk: desk}, "en", act.Notifier{On: on, Failed: failed}); err != nil {
				t.Fatal(err)
			}
		}
		raised := func() (keys []string) {
			done := make(chan struct{})
			l.post(func() {
				for _, a := range l.alarms.List() {
					if a.ID == "A14" && a.Gone.IsZero() {
						keys = append(keys, a.Key)
					}
				}
				close(done)
			})
			<-done
			slices.Sort(keys)
			return keys
		}
		expect := func(what string, want ...string) {
			t.Helper()
			if got := raised(); !slices.Equal(got, want) {
				t.Errorf("%s: %v, not %v", what, got, want)
			}
		}
		both := func(failed ...string) {
			say("bell", failed, "ring")
			say("sms", nil, "ring")
			time.Sleep(act.NotifierEvery)
		}
		for range 4 {
			both("ring")
		}
		expect("one fails, and the other does not", "ring")
		for range 4 {
			both()
		}
		expect("both are well")
		for range 5 { // one is gone, and the other goes on
			say("sms", nil, "ring")
			time.Sleep(act.NotifierEvery)
		}
		expect("one is gone", "gone")
		for range 4 { // it begins again, in a session of its own
			say("bell, later", nil, "ring")
			say("sms", nil, "ring")
			time.Sleep(act.NotifierEvery)
		}
		expect("it is back")
		for i := range 100 { // sessions without end are bounded
			say("s"+string(rune('a'+i%26))+string(rune('a'+i/26)), nil, "message")
		}
		done := make(chan int)
		l.post(func() { done <- len(l.notifiers) })
		if n := <-done; n > maxNotifiers {
			t.Errorf("%d notifiers are kept", n)
		}
	})
}
