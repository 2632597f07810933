// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
)

// apart runs a test again as a process of its own, with mounts and a network that are its own and end with it, and
// reports whether this is that process.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv("PARLEY_APART") == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "PARLEY_APART="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		const reason = "no mounts of one's own here: it needs root, or user namespaces"
		if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "mount") {
			t.Fatal(reason, err)
		}
		t.Skip(reason)
	}
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out.Bytes())
	}
	return false
}

// loopbackIs gives the machine's own interface one address and no others.
func loopbackIs(t *testing.T, name string, addr [4]byte, mask [4]byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	set := func(req uint, with func(*unix.Ifreq)) {
		r, err := unix.NewIfreq(name)
		if err == nil {
			with(r)
			err = unix.IoctlIfreq(fd, req, r)
		}
		if err != nil {
			t.Fatalf("couldn't set up %s: %v", name, err)
		}
	}
	set(unix.SIOCSIFADDR, func(r *unix.Ifreq) { _ = r.SetInet4Addr(addr[:]) })
	set(unix.SIOCSIFNETMASK, func(r *unix.Ifreq) { _ = r.SetInet4Addr(mask[:]) })
	set(unix.SIOCSIFFLAGS, func(r *unix.Ifreq) { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING) })
}

// served is a node whose log is kept.
type served struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

func (n *served) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(b)
}

func (n *served) said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

func serve(t *testing.T, w *World, s *Site) *served {
	t.Helper()
	n := &served{cmd: exec.Command(w.Bin, "--home", s.Home.Dir, "serve")}
	n.cmd.Stdout, n.cmd.Stderr = n, n
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return n
}

// end ends it, and wants that it was still there.
func (n *served) end(t *testing.T) {
	t.Helper()
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	if err := n.cmd.Wait(); err != nil {
		t.Errorf("the node had ended: %v\n%s", err, n.said())
	}
}

// until tries again until it holds.
func until(t *testing.T, holds func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// shows waits until the status at a side has all of these texts; what has "not" before it must be missing.
func shows(t *testing.T, w *World, s *Site, texts ...string) {
	t.Helper()
	until(t, func() error {
		r, err := w.Act(s, act.Status)
		for _, x := range texts {
			if x, not := strings.CutPrefix(x, "not "); err == nil && strings.Contains(r.Text, x) == not {
				err = fmt.Errorf("%s: %q in %q: %v", s.Name, x, r.Text, !not)
			}
		}
		return err
	})
}

// Disks that are really full or read-only, a record that is no record, an address that is missing: what can start starts,
// and what could not comes by itself once it can.
//
// SPEC: CLI-015 NOD-010
func TestNodeStartsOnDisksThatTakeNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes, half a minute")
	}
	if !apart(t) {
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	loopbackIs(t, "lo", [4]byte{127, 0, 0, 1}, [4]byte{255, 0, 0, 0})
	w := built(t)
	w.Stay = true
	dir := filepath.Join(w.Dir, Borealia)
	lines := filepath.Join(dir, "lines")
	for _, d := range [][2]string{{dir, "8m"}, {lines, "160m"}} { // the record's reserve is 64 MiB, and twice that is wanted for it
		if err := errors.Join(os.MkdirAll(d[0], 0o700), unix.Mount("tmpfs", d[0], "tmpfs", 0, "mode=0700,size="+d[1])); err != nil {
			t.Fatal(err)
		}
		defer unix.Unmount(d[0], unix.MNT_DETACH)
	}
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	pair, _, _ := strings.Cut(Seat, "\narm ")
	if err := w.Play(t.Context(), func(Scene) {}, pair); err != nil {
		t.Fatal(err)
	}
	w.Close()
	a, b := w.Sites[0], w.Sites[1]

	// of the two addresses of the line one is not there yet
	loopbackIs(t, "lo", [4]byte{127, 0, 0, 1}, [4]byte{255, 255, 255, 255})
	na := serve(t, w, a)
	defer func() { na.end(t) }()
	nb := serve(t, w, b)
	shows(t, w, a, "Line up on 1 of 2 paths")
	loopbackIs(t, "lo:1", [4]byte{127, 0, 0, 2}, [4]byte{255, 255, 255, 255})
	shows(t, w, a, "Line up on 2 of 2 paths")
	nb.end(t)

	db := filepath.Join(dir, "lines", lineName, "record.db")
	full := func(dirs ...string) (spoil, mend func()) {
		junk := func(d string) string { return filepath.Join(d, "junk") }
		return func() {
				if err := os.Remove(db + ".reserve"); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Error(err)
				}
				for _, d := range dirs {
					f, err := os.Create(junk(d))
					if err != nil {
						t.Fatal(err)
					}
					for b := make([]byte, 64<<10); err == nil; {
						_, err = f.Write(b)
					}
					f.Close()
					if !errors.Is(err, syscall.ENOSPC) {
						t.Fatal(err)
					}
				}
			}, func() {
				for _, d := range dirs {
					if err := os.Remove(junk(d)); err != nil {
						t.Error(err)
					}
				}
			}
	}
	readOnly := func(dirs ...string) (spoil, mend func()) {
		remount := func(flags uintptr) {
			for _, d := range dirs {
				if err := unix.Mount("", d, "", unix.MS_REMOUNT|flags, ""); err != nil {
					t.Error(err)
				}
			}
		}
		return func() { remount(unix.MS_RDONLY) }, func() { remount(0) }
	}
	move := func(from, to string) func() {
		return func() {
			if err := os.Rename(from, to); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		make   func(...string) (spoil, mend func())
		dirs   []string
		socket bool   // the shell can ask
		says   string // on the screen, else in the log
		doctor string // what doctor says of it
	}{
		{"the disk of the record is full", full, []string{lines}, true, "the disk is full", "the disk of " + filepath.Dir(db) + " has room for 0 MiB only"},
		{"the disk of the home is full", full, []string{dir, lines}, true, "the disk is full", "the disk of " + dir + " has room for 0 MiB only"},
		{"the disk of the record is read-only", readOnly, []string{lines}, true, "cannot be read", "the disk of " + filepath.Dir(db) + " cannot be written"},
		{"the disk of the home is read-only", readOnly, []string{dir, lines}, false, "read-only", "the disk of " + dir + " cannot be written"},
		{"the record is no record", func(...string) (func(), func()) {
			return func() {
				move(db, db+".kept")()
				if err := os.WriteFile(db, []byte(strings.Repeat("no record at all ", 1000)), 0o600); err != nil {
					t.Fatal(err)
				}
			}, move(db+".kept", db)
		}, nil, true, "cannot be read", "couldn't open " + db},
	} {
		t.Run(c.name, func(t *testing.T) {
			spoil, mend := c.make(c.dirs...)
			spoil()
			nb := serve(t, w, b)
			defer func() { t.Log(nb.said()) }()
			defer nb.end(t)
			shows(t, w, a, "UNRECORDED")
			if c.socket {
				shows(t, w, b, "UNRECORDED HERE", c.says)
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if _, _, err := control.To(b.Home).Watch(ctx, lineName, "en", act.SetDesk{Armed: true, Sound: act.NoSound}); err != nil {
					t.Errorf("no desk can be armed: %v", err)
				}
				shows(t, w, a, "armed")
				for _, x := range []struct {
					at *Site
					do act.Act
				}{{b, act.SendStop{}}, {a, act.Ring{Class: "test"}}, {b, act.Answer{}}} {
					if _, err := w.Act(x.at, x.do); err != nil {
						t.Errorf("%s at %s: %v", x.do.Verb(), x.at.Name, err)
					}
				}
				shows(t, w, b, "CONNECTED")
				shows(t, w, a, "CONNECTED", "STOP")
				if _, err := w.Act(a, act.HangUp{}); err != nil {
					t.Error(err)
				}
				if _, err := w.Act(b, act.Send{Text: "this cannot be recorded", Kind: "information"}); err == nil {
					t.Error("what cannot be recorded was taken")
				}
			}
			if log := nb.said(); !c.socket && (!strings.Contains(log, "the socket of the shell is down") || !strings.Contains(log, c.says)) {
				t.Errorf("it is not said that the shell cannot ask: %s", log)
			}
			until(t, func() error { // its alarms come a moment later
				out, err := exec.Command(w.Bin, "--home", b.Home.Dir, "doctor").CombinedOutput()
				for _, want := range []string{"WRONG", c.doctor, "the node tries again by itself", map[bool]string{true: "A16 ", false: "not running"}[c.socket]} {
					if said := string(out); err == nil || !strings.Contains(said, want) {
						return fmt.Errorf("doctor: no %q: %v\n%s", want, err, said)
					}
				}
				return nil
			})
			mend()
			until(t, func() error {
				_, err := w.Act(b, act.Send{Text: "the disk is mended", Kind: "information"})
				return err
			})
			shows(t, w, b, "Line up on 2 of 2 paths", "not UNRECORDED")
			shows(t, w, a, "not UNRECORDED")
		})
	}
}
