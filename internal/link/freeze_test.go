// SPDX-License-Identifier: Apache-2.0

//go:build unix

package link_test

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/link"
)

const childPorts = "LINK_TEST_CHILD"

// TestMain lets the test binary be borealia in a process of its own.
func TestMain(m *testing.M) {
	if ports := os.Getenv(childPorts); ports != "" {
		child(ports)
		return
	}
	os.Exit(m.Run())
}

// child is one end until its standard input closes; it says what it thinks of its path whenever asked.
func child(ports string) {
	ours, theirs, _ := strings.Cut(ports, " ")
	cfg := base("borealia")
	cfg.Binds = []netip.AddrPort{netip.MustParseAddrPort(ours)}
	cfg.Paths = []link.PathConfig{{Remote: netip.MustParseAddrPort(theirs)}}
	l, err := link.Open(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	var downs atomic.Int32
	go func() {
		for ev := range l.Events() {
			if ev.Kind == link.PathChange && !ev.WeHear {
				downs.Add(1)
			}
		}
	}()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(l.Paths()[0].WeHear, downs.Load())
	}
	l.Close("")
}

// A node that is stopped for a while is missed by its peer, and back at once when it goes on; it blames nobody.
// SPEC: LNK-019
func TestFrozenProcess(t *testing.T) {
	t.Parallel()
	cfg := base("aurelia")
	pa, pb := freePort(t), freePort(t)
	cfg.Binds, cfg.Paths = []netip.AddrPort{pa}, []link.PathConfig{{Remote: pb}}
	a := start(t, "aurelia", cfg)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%v %v", childPorts, pb, pa))
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	up := func() bool { p := a.Paths()[0]; return p.WeHear && p.TheyHear }
	eventually(t, "up", up)
	cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(4 * time.Second)
	if a.Paths()[0].WeHear {
		t.Error("a stopped peer is heard")
	}
	cmd.Process.Signal(syscall.SIGCONT)
	began := time.Now()
	eventually(t, "up again", up)
	t.Logf("heard again after %v", time.Since(began).Round(time.Millisecond))
	time.Sleep(100 * time.Millisecond)
	fmt.Fprintln(in, "?")
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "true 0\n" {
		t.Errorf("the stopped node thinks: %q", line)
	}
}
