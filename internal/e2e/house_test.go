// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"errors"
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

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

const houseName = "line.ops.example"

// house is a node whose page has a name of the house, as doc/operate.md says to make it, and the machine of a desk.
type house struct {
	t        *testing.T
	dir, bin string
	node     *exec.Cmd
	typed    int // commands, as an operator types them
	etc      string
}

// parley types one verb and gives what it prints.
func (h *house) parley(args ...string) string {
	h.t.Helper()
	h.typed++
	out, err := h.ask(args...)
	if err != nil {
		h.t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (h *house) ask(args ...string) (string, error) {
	cmd := exec.Command(h.bin, args...)
	cmd.Env = append(os.Environ(), "PARLEY_HOME="+filepath.Join(h.dir, "home"), "LANG=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// serve starts the node, and again.
func (h *house) serve() {
	h.t.Helper()
	h.node = exec.Command(h.bin, "serve", "--home", filepath.Join(h.dir, "home"))
	h.node.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.node.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.until(`Line|alone|word`, "status")
}

func (h *house) kill() { _ = h.node.Process.Kill(); _ = h.node.Wait() }

// until asks until the answer has the pattern, and gives what the pattern found and how long it took.
func (h *house) until(pattern string, args ...string) (string, time.Duration) {
	h.t.Helper()
	re, began := regexp.MustCompile(pattern), time.Now()
	for out := ""; ; time.Sleep(50 * time.Millisecond) {
		if m := re.FindString(out); m != "" {
			return m, time.Since(began)
		}
		if time.Since(began) > 2*time.Minute {
			h.t.Fatalf("%v never said %s: %s", args, pattern, out)
		}
		out, _ = h.ask(args...)
	}
}

// slip is the address of an invitation.
func (h *house) slip(args ...string) string {
	h.t.Helper()
	h.typed++
	url, _ := h.until(`https://`+houseName+`:\d+/join#[A-Z2-7]{12}`, args...)
	return url
}

// newHouse makes the line, its certificate and its officer.
func newHouse(t *testing.T) *house {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-house-") // short: a socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	h := &house{t: t, dir: dir, bin: filepath.Join(dir, "parley"), etc: filepath.Join(dir, "etc")}
	parley(t, h.bin)
	port := func(network string) string {
		if network == "udp" {
			c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, p, _ := net.SplitHostPort(c.LocalAddr().String())
			return p
		}
		c, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, p, _ := net.SplitHostPort(c.Addr().String())
		return p
	}
	h.parley("init", "--alone", "--other", "borealia", "--party", "aurelia", "--line", "north", "--page", "127.0.0.1:"+port("tcp"), "--edge", "127.0.0.1:"+port("udp"))
	h.serve()
	t.Cleanup(func() { h.kill() })
	h.parley("officer", "add", "Lt Amaro")
	h.follow(port("tcp"))
	return h
}

// follow types what doc/operate.md says of a desk on another machine, at the node and on the desk's machine, which is a copy
// of /etc; the port of the page is one that is free here.
func (h *house) follow(port string) {
	h.t.Helper()
	fail := func(err error, out []byte) {
		h.t.Helper()
		if err != nil {
			h.t.Fatalf("%v %s", err, out)
		}
	}
	out, err := exec.Command("cp", "-a", "/etc", h.etc).CombinedOutput()
	fail(err, out)
	guide, err := os.ReadFile("../../doc/operate.md")
	fail(err, nil)
	_, text, _ := strings.Cut(string(guide), "\n## A desk on another machine\n")
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := strings.Split(text, "```\n")
	if len(blocks) != 7 || !strings.Contains(blocks[0], "`/etc/hosts`") || !strings.Contains(blocks[2], "a restart of the node") || !strings.Contains(blocks[6], "`parley desk invite`") {
		h.t.Fatalf("the guide says something else now: %q", blocks)
	}
	hosts, err := os.OpenFile(filepath.Join(h.etc, "hosts"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	fail(err, nil)
	_, err = fmt.Fprintf(hosts, "127.0.0.1 %s\n", houseName)
	fail(errors.Join(err, hosts.Close()), nil)
	config := filepath.Join(h.dir, "home", "lines", "north", "config.toml")
	was, err := os.ReadFile(config)
	fail(err, nil)
	is := regexp.MustCompile(`\[page\]\n  at = .*\n`).ReplaceAllLiteral(was, []byte(strings.Replace(blocks[1], ":8443", ":"+port, 1)))
	fail(os.WriteFile(config, is, 0o600), nil)
	policy := regexp.MustCompile(`/\S*policy`).FindString(h.parley(strings.Fields(blocks[3])[1:]...))
	h.kill()
	h.serve()
	h.typed += 3 // two files and a restart
	for line := range strings.Lines(blocks[5]) {
		argv := strings.Fields(strings.ReplaceAll(line, " /etc/", " "+h.etc+"/"))
		install := exec.Command(argv[0], argv[1:]...)
		install.Dir = policy
		out, err := install.CombinedOutput()
		fail(err, out)
		h.typed++
	}
}

// there gives a program that runs another one on the desk's machine.
func (h *house) there(program string) string {
	h.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		need(h.t, program, "no "+program+" here: apt install "+program)
	}
	if out, err := exec.Command("unshare", "-m", "mount", "--bind", h.etc, "/etc").CombinedOutput(); err != nil {
		need(h.t, "mount", fmt.Sprintf("no directory can be mounted here: %v %s", err, out))
	}
	script := filepath.Join(h.dir, program)
	text := fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %q /etc && exec %q \"$@\"' sh \"$@\"\n", h.etc, path)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		h.t.Fatal(err)
	}
	return script
}

// A newcomer puts a desk on another machine by the commands of doc/operate.md. The desk arms itself without a press, then
// and after each reload and restart of the node; an officer signs on there with a passkey, and loses it with his office.
//
// SPEC: PAG-061 PAG-064 PAG-071 PAG-072 PAG-076 PAG-077 PAG-078
func TestADeskOnAnotherMachineByTheCommandsOfTheManual(t *testing.T) {
	began := time.Now()
	h := newHouse(t)
	ctx := browser(t, 440, -20, chromedp.ExecPath(h.there("chromium")), chromedp.Flag("use-fake-ui-for-media-stream", false))
	s := tab(t, ctx, 1366, 768, "dark")
	s.wanted = func(string) bool { return true } // while the node is down the page asks in vain
	s.run(t, chromedp.Navigate(h.slip("desk", "invite", "Ops room left")), chromedp.Click("#go"))
	h.until(`Ops room left  armed`, "desk", "list")
	t.Logf("figure: a desk on another machine armed after %d commands and %v, at most 5 min", h.typed, time.Since(began).Round(time.Second))
	if h.typed > 12 { // to make the line and list an officer, and what the guide says
		t.Errorf("%d commands", h.typed)
	}
	s.eval(t, "", `(window.before = true)`, nil)
	began = time.Now()
	s.run(t, chromedp.Reload())
	s.is(t, "", `!window.before && document.body.dataset.snd === 'on'`)
	h.until(`Ops room left  armed`, "desk", "list")
	t.Logf("figure: armed again %v after a reload", time.Since(began).Round(100*time.Millisecond))
	h.kill()
	h.serve()
	_, again := h.until(`Ops room left  armed`, "desk", "list")
	t.Logf("figure: armed again %v after the node answered again, which was killed", again.Round(100*time.Millisecond))
	// An officer, his passkey, this desk.
	s.run(t, webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}).Do(ctx)
		return err
	}))
	s.run(t, chromedp.Navigate(h.slip("officer", "invite", "Lt Amaro")), chromedp.Click("#go"))
	h.until(`Lt Amaro  passkey  Ops room left`, "session", "list")
	h.until(`Lt Amaro .*Ops room left`, "officer", "list")
	s.is(t, "", `!!document.querySelector('#off')`)
	if file := os.Getenv("PARLEY_PICTURES"); file != "" {
		s.shoot(t, filepath.Join(file, "desk-there.png"))
	}
	s.click(t, "", "#off")
	h.until(`nobody is signed on`, "session", "list")
	s.is(t, "", `!!document.querySelector('#on')`)
	s.click(t, "", "#on")
	h.until(`Lt Amaro  passkey  Ops room left`, "session", "list")
	h.kill()
	h.serve()
	h.until(`Lt Amaro .*Ops room left`, "officer", "list") // his session outlives the node
	out, err := h.ask("desk", "list", "--json")
	var rows []struct{ Armed bool }
	if err != nil || json.Unmarshal([]byte(out), &rows) != nil || len(rows) != 1 {
		t.Fatal(out, err)
	}
	h.parley("sign-on")
	h.parley("officer", "end", "Lt Amaro")
	_, took := h.until(`nobody is signed on`, "session", "list")
	if t.Logf("figure: session of an officer no more gone after %v, at most 1 s and an asking", took.Round(10*time.Millisecond)); took > 5*time.Second {
		t.Error("too late")
	}
	s.is(t, "", `!!document.querySelector('#on')`)
	h.parley("desk", "end", "Ops room left")
	s.is(t, "", `!!document.querySelector('main.alone [data-signon]')`)
}

// Firefox takes its own policy file: it trusts the root, and arms itself without a press. An officer makes a passkey there and
// signs on with it. SPEC: PAG-064 PAG-071 PAG-072 PAG-077
func TestFirefoxIsADeskByItsPolicy(t *testing.T) {
	h := newHouse(t)
	f := firefoxAt(t, h.there("firefox-esr"), `user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.audio.fake_frequency", 660);
user_pref("remote.prefs.recommended", false);
user_pref("marionette.port", 0);
user_pref("security.webauth.webauthn_enable_softtoken", true);
user_pref("security.webauth.webauthn_enable_usbtoken", false);
`, "0")
	s := f.open(t, h.slip("desk", "invite", "Ops room right"))
	s.is(t, "", `document.querySelector('#code').value.length === 12`)
	s.eval(t, "", `document.querySelector('#go').click()`, nil)
	h.until(`Ops room right  armed`, "desk", "list")
	s.eval(t, "", `(window.before = true, location.reload())`, nil)
	s.is(t, "", `!window.before && document.body.dataset.snd === 'on'`)
	h.until(`Ops room right  armed`, "desk", "list")
	h.kill()
	h.serve()
	h.until(`Ops room right  armed`, "desk", "list")
	s = f.open(t, h.slip("officer", "invite", "Lt Amaro"))
	s.is(t, "", `document.querySelector('#code').value.length === 12`)
	s.eval(t, "", `document.querySelector('#go').click()`, nil)
	h.until(`Lt Amaro  passkey  Ops room right`, "session", "list")
	s.is(t, "", `!!document.querySelector('#off')`)
	s.is(t, "", `(() => { const off = document.querySelector('#off'); if (off) off.click(); return !off; })()`) // once the page is connected
	h.until(`nobody is signed on`, "session", "list")
	s.is(t, "", `!!document.querySelector('#on')`)
	s.eval(t, "", `document.querySelector('#on').click()`, nil)
	h.until(`Lt Amaro  passkey  Ops room right`, "session", "list")
}
