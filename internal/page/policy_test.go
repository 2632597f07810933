// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// underPolicy gives a program that is Chromium on a machine on which a file of policies lies where it is put by hand: the
// program sees a copy of /etc with it.
func underPolicy(t *testing.T, policy string) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		need(t, "chromium", "no chromium here: apt install chromium")
	}
	dir := t.TempDir()
	etc := filepath.Join(dir, "etc")
	managed := filepath.Join(etc, "chromium", "policies", "managed")
	for _, c := range [][]string{{"cp", "-a", "/etc", etc}, {"mkdir", "-p", managed}, {"cp", policy, filepath.Join(managed, "parley.json")}, {"unshare", "-m", "mount", "--bind", etc, "/etc"}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			need(t, "mount", fmt.Sprintf("no directory can be mounted here: %s: %v %s", strings.Join(c, " "), err, out))
		}
	}
	program := filepath.Join(dir, "chromium")
	script := fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %q /etc && exec %q \"$@\"' sh \"$@\"\n", etc, path)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// A browser on whose machine our policy file lies trusts the page, and lets it listen, sound and tell without a press; one
// without it does not open the page. SPEC: PAG-061 PAG-064
func TestPolicyMakesABrowserTrustThePage(t *testing.T) {
	h := newHouse(t)
	dir, err := h.cert.Policies([]string{h.origin})
	if err != nil {
		t.Fatal(err)
	}
	at := chromedp.Flag("host-resolver-rules", "MAP "+houseName+" 127.0.0.1")
	asks := []chromedp.ExecAllocatorOption{at, chromedp.Flag("use-fake-ui-for-media-stream", false)}
	link := func() string {
		url, err := h.s.Link(seated(whom("north")), "en")
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
	bare := browser(t, 1366, 768, asks...)
	if err := chromedp.Run(bare.ctx, chromedp.Navigate(link())); err == nil || !strings.Contains(err.Error(), "ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("a browser that knows nothing of our root opened the page: %v", err)
	}
	w := browser(t, 1366, 768, append(asks, chromedp.ExecPath(underPolicy(t, filepath.Join(dir, "chromium.json"))))...)
	w.run(t, chromedp.Navigate(link()))
	w.is(t, `location.protocol === 'https:' && isSecureContext && !!document.querySelector('#p-messages')`)
	w.is(t, `performance.getEntriesByType('navigation')[0].nextHopProtocol === 'h2'`)
	for _, granted := range []string{
		`new AudioContext().resume().then(() => true)`,
		`navigator.mediaDevices.getUserMedia({audio: true}).then(() => true)`,
		`navigator.permissions.query({name: 'notifications'}).then(p => p.state === 'granted')`,
	} {
		var ok bool
		w.run(t, chromedp.Evaluate(granted, &ok, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		if !ok {
			t.Errorf("not without a press: %s", granted)
		}
	}
	w.is(t, `document.querySelector('#stale').hidden && !document.body.classList.contains('stale')`)
}
