// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// The desk of `make monday`, which runs this test on the desk's machine: a browser there is given a slip, arms by the policies of that
// machine, sees the ring, answers it, and sees how the call ends.
//
// SPEC: PAG-064 PAG-071
func TestMondaysDesk(t *testing.T) {
	slip := os.Getenv("PARLEY_SLIP")
	if slip == "" {
		t.Skip("make monday")
	}
	ctx := browser(t, hz, db, chromedp.Flag("use-fake-ui-for-media-stream", false))
	s := tab(t, ctx, 1366, 768, "dark")
	s.run(t, chromedp.Navigate(slip), chromedp.Click("#go"))
	s.is(t, "", `document.body.dataset.snd === 'on'`)
	t.Log("the desk is armed")
	s.is(t, "", call("ringing-here"))
	t.Log("the ring is seen")
	s.pick(t, "", "#c-answer", call("connected"))
	t.Log("the call is connected")
	s.is(t, "", "!("+call("connected")+")")
	t.Log("the call has ended")
}
