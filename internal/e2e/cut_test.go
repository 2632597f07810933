// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"example.org/parley/internal/alarm"
	"example.org/parley/internal/home"
)

// far is a line whose two nodes run in a network of their own, with pages of the house: each browser is on another machine.
type far struct {
	world
	t     *testing.T
	net   string
	at    netip.Addr // of the nodes
	rules []string
	last  netip.Addr // of the machines beside it
	n     int        // browsers
}

// newFar makes the line of `parley try`, and gives its pages names.
func newFar(t *testing.T) *far {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-far-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(dir) })
	n := os.Getpid() % 4096
	f := &far{world: world{dir: filepath.Join(dir, "d"), bin: filepath.Join(dir, "parley")}, t: t, net: fmt.Sprintf("parley%d", n), at: netip.AddrFrom4([4]byte{10, 214, byte(n >> 4), byte(n<<4) | 2})}
	f.last = f.at
	if out, err := exec.Command("ip", "netns", "add", f.net).CombinedOutput(); err != nil {
		need(t, "network", fmt.Sprintf("no network of one's own can be made here: %v %s", err, out))
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", f.net).Run() })
	f.ip("-n", f.net, "link", "set", "lo", "up")
	f.ip("-n", f.net, "link", "add", "lan0", "type", "bridge") // what joins its machines
	f.ip("-n", f.net, "addr", "add", f.at.String()+"/28", "dev", "lan0")
	f.ip("-n", f.net, "link", "set", "lan0", "up")
	f.ip("-n", f.net, "rule", "add", "priority", "10", "lookup", "local") // what is cut comes first
	f.ip("-n", f.net, "rule", "del", "priority", "0")
	parley(t, f.bin)
	for _, argv := range [][]string{{f.bin, "try", f.dir}, {f.bin, "try", "--stop", f.dir}} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	for i, party := range []string{a, b} {
		at := filepath.Join(f.dir, party)
		config := filepath.Join(at, "lines", "north", "config.toml")
		text, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`at = "127.0.0.1:\d+"`).ReplaceAll(text, fmt.Appendf(nil, "at = %q", fmt.Sprintf("%s.ops.example:%d", party, 8443+i)))
		if err := os.WriteFile(config, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(f.bin, "--home", at, "cert", "own").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		node := exec.Command("ip", "netns", "exec", f.net, f.bin, "--home", at, "serve")
		node.Stderr = os.Stderr
		node.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = node.Process.Kill(); _ = node.Wait() })
	}
	return f
}

func (f *far) ip(args ...string) {
	f.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		f.t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

// cut drops what goes from Aurelia's node to the browsers, or comes from them, at the port of its sound; mend lets all pass.
func (f *far) cut(protocol string, to, from bool) {
	f.t.Helper()
	l, err := home.Home{Dir: filepath.Join(f.dir, a)}.Load("north")
	if err != nil {
		f.t.Fatal(err)
	}
	sound, _ := l.Config.Sound()
	for rule, on := range map[string]bool{fmt.Sprint("iif lo ipproto ", protocol, " sport ", sound.Port()): to, fmt.Sprint("iif lan0 ipproto ", protocol, " dport ", sound.Port()): from} {
		if on {
			f.rules = append(f.rules, rule)
			f.ip(append([]string{"-n", f.net, "rule", "add", "priority", "1", "blackhole"}, strings.Fields(rule)...)...)
		}
	}
	f.ip("-n", f.net, "route", "flush", "cache")
}

func (f *far) mend() {
	f.t.Helper()
	for _, rule := range f.rules {
		f.ip(append([]string{"-n", f.net, "rule", "del", "priority", "1", "blackhole"}, strings.Fields(rule)...)...)
	}
	f.rules = nil
}

// stands waits until Aurelia's desk is armed, or is not and both ends say why, with A10; it gives how long that took.
func (f *far) stands(armed bool) time.Duration {
	f.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		ours, theirs := status(f.t, &f.world, a), status(f.t, &f.world, b).Liveness.WeSee
		fault := slices.ContainsFunc(ours.Alarms, func(x alarm.Alarm) bool { return x.ID == "A10" && x.State == "raised" })
		if armed == (ours.Liveness.TheySeeUs.Armed == 1) && armed == (theirs.Armed == 1) && armed == (theirs.Unable == "") && armed != fault {
			return time.Since(began)
		}
		if time.Since(began) > time.Minute {
			f.t.Fatalf("armed should be %v: here %+v, there %+v, %+v", armed, ours.Liveness.TheySeeUs, theirs, ours.Alarms)
		}
	}
}

// A desk on another machine whose UDP is cut in a call goes on by TCP, and the call stands. Without either it is armed at
// neither end, whichever way is cut; with either it is armed again. A machine to which no UDP passes begins by TCP.
//
// SPEC: VOX-028 VOX-029 VOX-040 PAG-015 ALM-021
func TestSoundThatIsCut(t *testing.T) {
	f := newFar(t)
	ctx := f.browser(f.machine(), hz, db, a, b)
	open := func(party string) *screen {
		s := f.page(ctx, party, 1366, 768)
		s.wanted = func(string) bool { return true }
		soundOn(t, s)
		return s
	}
	f.cut("udp", true, true)
	began := time.Now()
	sa := open(a)
	t.Logf("figure: sound by TCP, where UDP is blocked from the start, %v after the page was opened", time.Since(began).Round(100*time.Millisecond))
	f.stands(true)
	f.mend()
	sa.run(t, chromedp.Navigate("about:blank"))
	sa = open(a)
	sb := open(b)
	hears := func(s *screen) bool {
		ok, over := false, false
		for range 400 {
			if _ = s.in("", fmt.Sprintf("ear.pure(%v) >= 0.5", hz), &ok); ok {
				return true
			}
			if _ = s.in("", call("ended"), &over); over {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		return false
	}
	for tries := 1; ; tries++ { // a machine that is busy may lose a call before anything is cut
		if ring(t, sa, sb); hears(sa) && hears(sb) {
			break
		}
		if tries == 3 {
			t.Fatal("no call stood until the cut")
		}
		t.Log("the call did not stand until the cut: another one")
	}
	f.cut("udp", true, true)
	began = time.Now()
	sa.isSilent(t, "")
	for _, s := range []*screen{sa, sb} {
		s.is(t, "", fmt.Sprintf("ear.pure(%v) >= 0.5", hz))
		t.Logf("figure: sound again %v after UDP was cut in a call, at most 4 s", time.Since(began).Round(100*time.Millisecond))
	}
	sb.is(t, "", call("connected"))
	sa.pick(t, "", "#c-end", call("ended"))
	f.stands(true)
	f.cut("tcp", true, true)
	t.Logf("figure: both ends say that the desk cannot speak, and A10, %v after UDP and TCP were cut, at most 10 s", f.stands(false).Round(100*time.Millisecond))
	sb.is(t, "", `document.querySelector('#p-liveness').innerText.includes('cannot')`)
	f.mend()
	t.Logf("armed again after %v", f.stands(true).Round(100*time.Millisecond))
	for _, to := range []bool{true, false} {
		f.cut("tcp", true, true)
		f.cut("udp", to, !to)
		t.Logf("figure: the same, where UDP is cut one way (towards the browser: %v): %v, at most 10 s", to, f.stands(false).Round(100*time.Millisecond))
		f.mend()
		f.stands(true)
	}
	// As a phone whose page is hidden it is armed at neither end.
	sa.run(t, emulation.SetTouchEmulationEnabled(true), emulation.SetDeviceMetricsOverride(390, 844, 3, true))
	sa.is(t, "", `matchMedia('(pointer: coarse)').matches`)
	sa.eval(t, "", `(Object.defineProperty(document, 'hidden', { configurable: true, get: () => true }), document.dispatchEvent(new Event('visibilitychange')))`, nil)
	armed := 1
	for began = time.Now(); armed > 0 && time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		armed = status(t, &f.world, a).Liveness.TheySeeUs.Armed + status(t, &f.world, b).Liveness.WeSee.Armed
	}
	if t.Logf("figure: both ends show that a hidden phone is not armed after %v, at most 10 s", time.Since(began).Round(100*time.Millisecond)); armed > 0 {
		t.Error("a hidden phone is armed")
	}
}
