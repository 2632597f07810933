// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.org/parley/call"
)

// sipp starts sipp at 127.0.0.2, or skips.
func sipp(t *testing.T, port uint16, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("sipp"); err != nil {
		if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "sipp") {
			t.Fatal("no sipp: Debian's sip-tester")
		}
		t.Skip("no sipp: Debian's sip-tester")
	}
	cmd := exec.Command("sipp", append([]string{"-i", "127.0.0.2", "-p", fmt.Sprint(port), "-nostdin", "-timeout", "30s", "-timeout_error"}, args...)...)
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// TestSipp: a SIP stack that others wrote calls the line, and is rung by it.
func TestSipp(t *testing.T) {
	// SPEC: PHN-010 PHN-013 PHN-021
	open := func(number string) *house {
		free(t)
		h := &house{line: newFakeLine(), pbx: &pbx{t: t}}
		cfg := Config{Name: "borealia", Trunk: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), nextPort), Bind: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), nextPort), Media: nextPort + 2, Digest: "MD5", Prompt: "en", Extensions: []Extension{{number, "extension " + number}}}
		var err error
		if h.edge, err = New(cfg, h.line, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.edge.Close() })
		return h
	}
	h := open("sipp")
	uac := sipp(t, nextPort, "-m", "1", "-sn", "uac", "-d", "300", "-s", "line", h.edge.cfg.Bind.String())
	h.wait("sipp rings the other party", func() bool { return h.line.did("extension sipp ring {") })
	h.line.set(func(l *call.Live) { l.State = call.RingingThere })
	h.line.set(func(l *call.Live) { l.State = call.Connected })
	if err := uac.Wait(); err != nil {
		t.Errorf("sipp, which called: %v", err)
	}
	h.wait("it hung up", func() bool { return h.line.did("extension sipp hang-up") })
	h = open("201")
	sipp(t, nextPort, "-sn", "uas", "-aa")
	h.wait("sipp answers OPTIONS", func() bool { return h.line.did("extension 201 desk {Armed:true") })
	h.rings(1)
	h.wait("sipp lifts", func() bool { return h.line.did("extension 201 answer") })
	h.line.set(func(l *call.Live) { *l = call.Live{State: call.Idle} })
	h.wait("sipp answers our BYE, and nothing is left", func() bool {
		left := make(chan int, 1)
		h.edge.post(func() { left <- len(h.edge.a.asks) + len(h.edge.a.legs) })
		return <-left == 0
	})
}
