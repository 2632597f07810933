// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
)

// machine makes another machine of the house: a network of its own, with a cable to the nodes.
func (f *far) machine() (network string) {
	f.t.Helper()
	f.last = f.last.Next()
	network = fmt.Sprintf("%s-%d", f.net, f.last.As4()[3]&15)
	up := "up" + network[strings.LastIndex(network, "-"):]
	f.ip("netns", "add", network)
	f.t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", network).Run() })
	f.ip("netns", "exec", network, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6") // an address that comes later makes a browser load its page anew
	f.ip("-n", f.net, "link", "add", up, "type", "veth", "peer", "name", "eth0", "netns", network)
	f.ip("-n", f.net, "link", "set", up, "up", "master", "lan0")
	f.ip("-n", network, "link", "set", "lo", "up")
	f.ip("-n", network, "addr", "add", f.last.String()+"/28", "dev", "eth0")
	f.ip("-n", network, "link", "set", "eth0", "up")
	return network
}

// browser starts a Chromium on a machine of the house.
func (f *far) browser(network string, hz, db float64, parties ...string) context.Context {
	f.t.Helper()
	return browser(f.t, hz, db, chromedp.ExecPath(f.there(network, "chromium", parties...)), chromedp.Flag("use-fake-ui-for-media-stream", false), chromedp.Flag("remote-debugging-port", f.reach(network)))
}

// firefox starts a Firefox on a machine of the house, a desk of one party.
func (f *far) firefox(network string, hz int, party string) *firefox {
	f.t.Helper()
	prefs := strings.ReplaceAll(fmt.Sprintf(prefs, hz), `user_pref("permissions.default.microphone", 1);`, "")
	return firefoxAt(f.t, f.there(network, "firefox-esr", party), prefs, f.reach(network))
}

// there gives a program that runs a browser on a machine of the house: there the names of the pages stand in the file of hosts,
// and what the nodes of these parties write for browsers lies among their policies. Nothing else makes one trust them.
func (f *far) there(network, program string, parties ...string) string {
	f.t.Helper()
	f.n++
	dir := filepath.Join(filepath.Dir(f.dir), fmt.Sprint("machine", f.n))
	etc := filepath.Join(dir, "etc")
	path, err := exec.LookPath(program)
	if err != nil {
		need(f.t, program, "no "+program+" here: apt install "+program)
	}
	must := func(err error) {
		f.t.Helper()
		if err != nil {
			f.t.Fatal(err)
		}
	}
	must(os.Mkdir(dir, 0o755))
	must(exec.Command("cp", "-a", "/etc", etc).Run())
	chromium, firefox := filepath.Join(etc, "chromium", "policies", "managed"), filepath.Join(etc, "firefox", "policies")
	must(errors.Join(os.MkdirAll(chromium, 0o755), os.MkdirAll(firefox, 0o755)))
	policy := map[string][]any{}
	for _, party := range parties {
		name := party + ".ops.example"
		from := filepath.Join(f.dir, party, "tls", name)
		b, err := os.ReadFile(filepath.Join(from, "policy", "chromium.json"))
		must(err)
		var p map[string][]any
		must(json.Unmarshal(b, &p))
		for k, v := range p {
			policy[k] = append(policy[k], v...)
		}
		for file, to := range map[string]string{"firefox.json": "policies.json", "root.pem": "parley-" + name + ".pem"} {
			b, err := os.ReadFile(filepath.Join(from, "policy", file))
			must(err)
			must(os.WriteFile(filepath.Join(firefox, to), b, 0o644))
		}
	}
	text, err := json.Marshal(policy)
	must(err)
	must(os.WriteFile(filepath.Join(chromium, "parley.json"), text, 0o644))
	must(os.WriteFile(filepath.Join(etc, "hosts"), fmt.Appendf(nil, "127.0.0.1 localhost\n%s %s.ops.example %s.ops.example\n", f.at, a, b), 0o644))
	script := filepath.Join(dir, program)
	must(os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nexec ip netns exec %s unshare -m sh -c 'mount --bind %q /etc && exec %q \"$@\"' sh \"$@\"\n", network, etc, path), 0o755))
	return script
}

// reach gives a port here behind which is the same one of a machine, for the DevTools of its browser.
func (f *far) reach(network string) (port string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { l.Close() })
	dial := func() (c net.Conn, err error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var nets [2]*os.File
		for i, path := range []string{"/proc/thread-self/ns/net", "/run/netns/" + network} {
			if nets[i], err = os.Open(path); err != nil {
				return nil, err
			}
			defer nets[i].Close()
		}
		if err = unix.Setns(int(nets[1].Fd()), unix.CLONE_NEWNET); err == nil {
			c, err = net.Dial("tcp", l.Addr().String())
			err = errors.Join(err, unix.Setns(int(nets[0].Fd()), unix.CLONE_NEWNET))
		}
		return c, err
	}
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := dial()
			if err != nil {
				here.Close()
				continue
			}
			go func() { _, _ = io.Copy(there, here); there.Close() }()
			go func() { _, _ = io.Copy(here, there); here.Close() }()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// open opens a party's page in a browser, turns its sound on, and listens to what it hears.
func (f *far) open(ctx context.Context, party string, wide, high int64) *screen {
	f.t.Helper()
	s := f.page(ctx, party, wide, high)
	soundOn(f.t, s)
	return s
}

// opens waits until a party's page can be opened, with its officer signed on.
func (f *far) opens(party string) {
	f.t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) { // its page opens
		n := control.To(home.Home{Dir: filepath.Join(f.dir, party)})
		_, err := n.Do(f.t.Context(), "north", "en", act.SignOn{})
		if err == nil {
			_, err = n.Do(f.t.Context(), "north", "en", act.Open)
		}
		if err == nil {
			return
		} else if time.Since(began) > time.Minute {
			f.t.Fatal(err)
		}
	}
}

// page opens a party's page in a browser, at a fresh link.
func (f *far) page(ctx context.Context, party string, wide, high int64, first ...chromedp.Action) *screen {
	f.t.Helper()
	f.opens(party)
	s := tab(f.t, ctx, wide, high, "dark")
	s.run(f.t, first...)
	for began := time.Now(); ; time.Sleep(time.Second) {
		err := chromedp.Run(s.ctx, chromedp.Navigate(f.link(f.t, party)))
		if err == nil {
			return s
		} else if !strings.Contains(err.Error(), "ERR_NETWORK_CHANGED") || time.Since(began) > time.Minute {
			f.t.Fatal(err)
		}
	}
}
