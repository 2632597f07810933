// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/view"
)

// need skips a test whose tool is missing, or fails where PARLEY_REQUIRE names that tool.
func need(t *testing.T, tool, reason string) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), tool) {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// parley builds the program at that path.
func parley(t *testing.T, at string) {
	t.Helper()
	if out, err := exec.Command("go", "build", "-o", at, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// world is a running demo.
type world struct {
	dir, bin, url string
	cmd           *exec.Cmd
}

// demo builds the binary, starts the demo and waits for its address. At the end of the test it is interrupted, and
// nothing of it may run on.
func demo(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-e2e-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: filepath.Join(dir, "d"), bin: filepath.Join(dir, "parley")}
	t.Cleanup(func() { os.RemoveAll(dir) })
	parley(t, w.bin)
	w.cmd = exec.Command(w.bin, "demo", "--keep", w.dir)
	w.cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "DISPLAY=") || strings.HasPrefix(s, "WAYLAND_") })
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stderr = os.Stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.end(t) })
	url := make(chan string, 1)
	go func() {
		var said []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said = append(said, lines.Text())
			if u := strings.TrimSpace(lines.Text()); strings.HasPrefix(u, "http://") {
				url <- u
			}
		}
		url <- "\n" + strings.Join(said, "\n")
	}()
	select {
	case w.url = <-url:
	case <-time.After(60 * time.Second):
	}
	if !strings.HasPrefix(w.url, "http://demo.localhost:") {
		t.Fatalf("the demo gave no address: %q", w.url)
	}
	return w
}

// end is Ctrl-C: it leaves no child.
func (w *world) end(t *testing.T) {
	nodes := children(w.cmd.Process.Pid)
	if len(nodes) == 0 {
		t.Error("no node runs at the end")
	}
	_ = w.cmd.Process.Signal(syscall.SIGINT)
	done := make(chan error, 1)
	go func() { done <- w.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Ctrl-C: %v", err)
		}
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
		t.Error("Ctrl-C did not end the demo")
	}
	for _, pid := range nodes {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d outlives the demo", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// children lists the processes whose parent is pid.
func children(pid int) (out []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		b, _ := os.ReadFile(f)
		_, rest, _ := strings.Cut(string(b), ") ")
		var state string
		var parent, child int
		if _, err := fmt.Sscan(rest, &state, &parent); err == nil && parent == pid && state != "Z" {
			fmt.Sscan(string(b), &child)
			out = append(out, child)
		}
	}
	return out
}

// ask does an act on a party's node as its terminal would, and decodes the view.
func ask[T any](t *testing.T, w *world, party string, a act.Act) (v T) {
	t.Helper()
	r, err := control.To(home.Home{Dir: filepath.Join(w.dir, party)}).Do(t.Context(), "north", "en", a)
	if err != nil {
		t.Fatalf("%s: %s: %v", party, a.Verb(), err)
	}
	if err := json.Unmarshal(r.Data.(json.RawMessage), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func status(t *testing.T, w *world, party string) view.Desk {
	t.Helper()
	return ask[view.Desk](t, w, party, act.Status)
}

// link gives a fresh link to a desk of a party.
func (w *world) link(t *testing.T, party string) string {
	t.Helper()
	return ask[struct {
		URL string `json:"url"`
	}](t, w, party, act.Open).URL
}
