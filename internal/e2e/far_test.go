// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
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
	if !f.last.IsValid() { // the first: what joins them
		b := f.at.As4()
		f.last = netip.AddrFrom4([4]byte{10, 214, b[2], b[3]})
		f.ip("-n", f.net, "link", "add", "lan0", "type", "bridge")
		f.ip("-n", f.net, "addr", "add", f.last.String()+"/28", "dev", "lan0")
		f.ip("-n", f.net, "link", "set", "lan0", "up")
	}
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

// browser starts a Chromium on a machine of the house: there the names of the pages stand in the file of hosts,
// and what the nodes of these parties write for it lies among its policies. Nothing else makes it trust them.
func (f *far) browser(network string, hz, db float64, parties ...string) context.Context {
	f.t.Helper()
	f.n++
	lan := f.last.As4()
	lan[3] = f.at.As4()[3]
	dir := filepath.Join(filepath.Dir(f.dir), fmt.Sprint("machine", f.n))
	etc := filepath.Join(dir, "etc")
	policy := map[string][]any{}
	for _, party := range parties {
		files, err := filepath.Glob(filepath.Join(f.dir, party, "tls", "*", "policy", "chromium.json"))
		if err != nil || len(files) != 1 {
			f.t.Fatal(party, files, err)
		}
		b, err := os.ReadFile(files[0])
		var p map[string][]any
		if err = errors.Join(err, json.Unmarshal(b, &p)); err != nil {
			f.t.Fatal(err)
		}
		for k, v := range p {
			policy[k] = append(policy[k], v...)
		}
	}
	text, _ := json.Marshal(policy)
	path, err := exec.LookPath("chromium")
	if err != nil {
		need(f.t, "chromium", "no chromium here: apt install chromium")
	}
	run := fmt.Sprintf("unshare -m sh -c 'mount --bind %q /etc && exec %q \"$@\"' sh \"$@\"", etc, path)
	run = "ip netns exec " + network + " " + run
	managed, script := filepath.Join(etc, "chromium", "policies", "managed"), filepath.Join(dir, "chromium")
	for _, do := range []func() error{
		func() error { return os.Mkdir(dir, 0o755) },
		func() error { return exec.Command("cp", "-a", "/etc", etc).Run() },
		func() error { return os.MkdirAll(managed, 0o755) },
		func() error { return os.WriteFile(filepath.Join(managed, "parley.json"), text, 0o644) },
		func() error {
			return os.WriteFile(filepath.Join(etc, "hosts"), fmt.Appendf(nil, "127.0.0.1 localhost\n%s %s.ops.example %s.ops.example\n", netip.AddrFrom4(lan), a, b), 0o644)
		},
		func() error { return os.WriteFile(script, []byte("#!/bin/sh\nexec "+run+"\n"), 0o755) },
	} {
		if err := do(); err != nil {
			f.t.Fatal(err)
		}
	}
	return browser(f.t, hz, db, chromedp.ExecPath(script), chromedp.Flag("use-fake-ui-for-media-stream", false), chromedp.Flag("remote-debugging-port", f.reach(network)))
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

// page opens a party's page in a browser, at a fresh link.
func (f *far) page(ctx context.Context, party string, wide, high int64, first ...chromedp.Action) *screen {
	f.t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) { // its page opens
		n := control.To(home.Home{Dir: filepath.Join(f.dir, party)})
		_, err := n.Do(f.t.Context(), "north", "en", act.SignOn{})
		if err == nil {
			_, err = n.Do(f.t.Context(), "north", "en", act.Open)
		}
		if err == nil {
			break
		} else if time.Since(began) > time.Minute {
			f.t.Fatal(err)
		}
	}
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
