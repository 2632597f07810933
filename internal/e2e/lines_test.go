// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
)

// houses are the homes of one directory, of a binary that was built for them.
type houses struct {
	t        *testing.T
	dir, bin string
}

// at types one verb at a home and gives what it prints.
func (h houses) at(of string, args ...string) (string, error) {
	var errs strings.Builder
	cmd := exec.Command(h.bin, append([]string{"--home", filepath.Join(h.dir, of)}, args...)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, errs.String())
	}
	return string(out), err
}

func (h houses) must(of string, args ...string) string {
	h.t.Helper()
	out, err := h.at(of, args...)
	if err != nil {
		h.t.Fatalf("%s: parley %s: %v\n%s", of, strings.Join(args, " "), err, out)
	}
	return out
}

// says asks until the answer has the pattern, and gives what its group found.
func (h houses) says(pattern, of string, args ...string) string {
	h.t.Helper()
	re, out := regexp.MustCompile(pattern), ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		out, _ = h.at(of, args...)
		if m := re.FindStringSubmatch(out); m != nil {
			return m[len(m)-1]
		}
	}
	h.t.Fatalf("%s: parley %s never said %s: %s", of, strings.Join(args, " "), pattern, out)
	return ""
}

// Two lines of one home, each with a party of its own at the far end: who is in a call on one is busy on the other, but for a
// priority ring, which he takes with one press; the first call is then on hold at both its ends.
//
// SPEC: CAL-034 PAG-086
func TestBusyOnTwoRealLines(t *testing.T) {
	dir, err := os.MkdirTemp("", "parley-lines-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	h := houses{t, dir, filepath.Join(dir, "parley")}
	parley(t, h.bin)
	var taken []net.Listener // so that no port is given twice
	port := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, l)
		return l.Addr().String()
	}
	lines := map[string]string{"north": b, "river": "cassia"}
	for line, them := range lines {
		for _, of := range []string{a, them} {
			h.must(of, "init", "--same-machine", "--party", of, "--line", line, "--page", port(), "--edge", port(), "--path", "1="+port())
			sheet := h.must(of, "--line", line, "sheet")
			if err := os.WriteFile(filepath.Join(dir, of+line), []byte(sheet), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h.must(a, "--line", line, "pair", filepath.Join(dir, them+line))
		h.must(them, "--line", line, "pair", filepath.Join(dir, a+line))
	}
	board := port()
	for _, l := range taken {
		l.Close()
	}
	for _, of := range []string{a, b, "cassia"} {
		node := exec.Command(h.bin, "--home", filepath.Join(dir, of), "serve")
		if of == a {
			node.Args = append(node.Args, "--board", board)
		}
		node.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = node.Process.Kill(); _ = node.Wait() })
	}
	for line, them := range lines {
		number := map[string]string{}
		for _, of := range []string{a, them} {
			number[of] = h.says(`"number": "(\d{6})"`, of, "--line", line, "confirm", "--json")
		}
		h.must(a, "--line", line, "confirm", number[them])
		h.must(them, "--line", line, "confirm", number[a])
		for of, who := range map[string]string{a: "Lt Amaro", them: "Cpt Bruni"} {
			h.says(`Line up`, of, "--line", line, "status")
			h.must(of, "--line", line, "officer", "add", who, "--langs", "en")
			h.must(of, "--line", line, "sign-on")
		}
	}
	s := tab(t, browser(t, hz, db, chromedp.Flag("autoplay-policy", "no-user-gesture-required")), 1366, 768, "dark")
	desk := func(line, js string) string {
		return fmt.Sprintf(`document.querySelector('[data-frame=%s]').contentWindow.%s`, line, js)
	}
	rings := func(line string) { s.is(t, "", desk(line, `Desk.state().call === 'ringing-here'`)) }
	s.run(t, chromedp.Navigate(h.says(`(http://\S+)`, a, "open", "--all")))
	s.is(t, "", `document.querySelector('#l-2') && `+desk("north", "Desk")+" && "+desk("river", "Desk"))
	s.key(t, "Backspace") // any press arms every desk
	for line, them := range lines {
		s.is(t, "", desk(line, `Sound.state().connected`))
		h.says(`desk +armed \(1\)`, them, "--line", line, "status")
		if _, _, err := control.To(home.Home{Dir: filepath.Join(dir, them)}).Watch(t.Context(), line, "en", act.SetDesk{Armed: true, Sound: act.NoSound}); err != nil { // it stays in its calls
			t.Fatal(err)
		}
	}
	h.must(b, "ring")
	rings("north")
	s.key(t, "Enter", ctrl)
	h.says(`CONNECTED`, b, "status")
	for end := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) { // the desk may still be telling that it is busy
		_, _ = h.at("cassia", "ring")
		if out, _ := h.at("cassia", "--json", "status"); strings.Contains(out, `"outcome": "busy-elsewhere"`) {
			break
		}
		_, _ = h.at("cassia", "hang-up")
		if time.Now().After(end) {
			t.Fatal("a desk in a call on another line is not busy")
		}
	}
	h.must("cassia", "ring", "--priority", "danger")
	rings("river")
	h.says(`CONNECTED`, b, "status") // the ring has cut nothing
	s.key(t, "Enter", ctrl)
	h.says(`CONNECTED`, "cassia", "status")
	h.says(`ON HOLD`, b, "status")
	s.is(t, "", `!`+desk("north", `Desk.muted()`)+` && !`+desk("river", `Desk.muted()`))
}
