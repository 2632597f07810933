// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var sizes = [][2]int64{{1366, 768}, {390, 844}}

// looks holds a FLASH that waits and a call that is up to axe-core, on the demo's page and on a desk alone, and looks
// whether a phone must scroll sideways. With PARLEY_STILLS=DIR it draws the pictures of the documentation.
//
// SPEC: PAG-031
func (p *play) looks(t *testing.T, chrome context.Context) {
	axe, err := os.ReadFile(os.Getenv("PARLEY_AXE"))
	if err != nil && slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "axe") {
		t.Fatal("PARLEY_AXE names no axe.min.js")
	}
	if err != nil {
		t.Log("no axe-core here: set PARLEY_AXE to an axe.min.js, or make test has it")
	}
	p.ring(t, b, a)
	for _, d := range []string{a, b} {
		p.typing(t, d)
		p.pick(t, d, "#p-compose [data-discard]", `!document.querySelector('#w-text')`)
		for range 6 { // each F8 takes the top one
			var n int
			if p.eval(t, d, `document.querySelectorAll('.alarms button').length`, &n); n == 0 {
				break
			}
			p.key(t, "F8")
			p.is(t, d, fmt.Sprintf(`document.querySelectorAll('.alarms button').length < %d`, n))
		}
	}
	p.question(t, a)
	p.is(t, b, `document.querySelector('.msg.FLASH.urgent')`)
	p.each(t, p.screen, "demo", axe)
	p.size(t, 1366, 768, "dark")
	p.size(t, 1366, 768, "dark")
	// A desk alone, on a phone and on a screen: it takes the call over the frame's sound.
	p.pick(t, b, "#c-cancel, #c-end", call("idle")+"||"+call("ended"))
	alone := tab(t, chrome, 390, 844, "dark")
	alone.run(t, chromedp.Navigate(p.link(t, b)), page.BringToFront())
	alone.click(t, "", ".off-only[data-soundon]")
	alone.is(t, "", `document.body.dataset.snd === 'on' && Sound.state().connected`)
	alone.narrow(t, "a FLASH waits")
	alone.eval(t, "", `scrollTo(0, 0)`, nil)
	p.eval(t, a, `document.querySelector('#c-ring').click()`, nil)
	alone.is(t, "", call("ringing-here"))
	alone.narrow(t, "it rings")
	alone.key(t, "Enter", ctrl)
	alone.is(t, "", call("connected"))
	p.each(t, alone, "desk", axe)
	alone.size(t, 390, 844, "dark")
	alone.pick(t, "", "#b-flash", `document.querySelector('#w-phrase')`)
	alone.choose(t, "", "#w-phrase", "IS_THIS_YOURS")
	alone.pick(t, "", "[id^=now-]", `document.querySelector('#rb-place')`)
	alone.narrow(t, "a read-back is open")
	alone.eval(t, "", `document.querySelectorAll('details').forEach(d => { d.open = true; })`, nil)
	alone.narrow(t, "everything is open")
	alone.held(t, "everything open", "", axe)
	alone.clean(t)
}

// each looks at a screen at both sizes, dark and light.
func (p *play) each(t *testing.T, s *screen, name string, axe []byte) {
	for _, size := range sizes {
		for _, scheme := range []string{"dark", "light"} {
			s.size(t, size[0], size[1], scheme)
			if dir := os.Getenv("PARLEY_STILLS"); dir != "" {
				for _, f := range []string{"", a, b} {
					_ = s.in(f, `document.activeElement.blur(), scrollTo(0, 0)`, nil)
				}
				time.Sleep(time.Second)
				where := map[bool]string{true: b}[name == "demo"]
				s.is(t, where, `[...document.querySelectorAll('[data-meter]')].every(e => e.dataset.level > 2)`)
				s.shoot(t, filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, size[0], scheme)))
			}
			s.held(t, fmt.Sprint(name, " ", size[0], " ", scheme), "", axe)
		}
	}
}

// held holds one frame to axe-core.
func (s *screen) held(t *testing.T, name, where string, axe []byte) {
	t.Helper()
	if len(axe) == 0 {
		return
	}
	var out string
	s.eval(t, where, `typeof axe === 'object' || (() => {`+string(axe)+`})(), 0`, nil)
	s.eval(t, where, `axe.run(document, {iframes: false}).then(r => (r.passes.length < 10 ? 'axe saw too little: ' + r.passes.length + '\n' : '') + r.violations.map(v => v.id + ': ' + v.help + '\n' +
		v.nodes.map(n => '   ' + n.html.slice(0, 160) + ' | ' + n.any.concat(n.all, n.none).map(x => x.message).join('; ').slice(0, 200)).join('\n')).join('\n'))`, &out)
	if out != "" {
		t.Errorf("%s:\n%s", name, out)
	}
}

// narrow fails when a page must be scrolled sideways.
func (s *screen) narrow(t *testing.T, when string) {
	t.Helper()
	var wide string
	s.eval(t, "", `(() => { const w = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= w) return '';
		return document.documentElement.scrollWidth + ' > ' + w + ': ' + [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest('.scroll')).slice(0, 3).map(e => e.outerHTML.slice(0, 100)).join(' '); })()`, &wide)
	if wide != "" {
		t.Errorf("sideways when %s: %s", when, wide)
	}
}
