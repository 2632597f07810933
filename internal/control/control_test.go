// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// fake is a line that remembers who did what.
type fake struct {
	mu   sync.Mutex
	did  []string
	from string // the account that asked last
	subs chan struct{}
	file func(io.Writer) error
}

func (f *fake) Do(_ context.Context, who act.Who, lang string, a act.Act) (act.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from = who.Account
	f.did = append(f.did, fmt.Sprintf("%s %s %s %+v", a.Verb(), who.Officer, who.Known, a))
	switch a {
	case act.Status:
		return act.Reply{Text: who.Desk + " " + lang, Data: map[string]string{"line": "north"}}, nil
	case act.Export:
		return act.Reply{Text: "written", File: f.file}, nil
	}
	switch a := a.(type) {
	case act.SignOn:
		return act.Reply{ID: "A1-14", Text: "signed on"}, nil
	case act.SetDesk:
		return act.Reply{Text: "armed"}, nil
	case act.Ack:
		return act.Reply{}, &hint.Error{What: "no such message " + a.ID, Hint: "see inbox"}
	}
	return act.Reply{}, nil
}

func (f *fake) Subscribe(string) (<-chan struct{}, func()) { return f.subs, func() {} }

func (f *fake) has(want string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.did, func(d string) bool { return strings.Contains(d, want) })
}

func (f *fake) wait(t *testing.T, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f.has(want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q never happened: %q", want, f.did)
		}
	}
}

func start(t *testing.T, h home.Home, f *fake) (stop func()) {
	t.Helper()
	s, err := Listen(h, func(line string) (string, Doer, error) {
		if line != "north" {
			return "", nil, &hint.Error{What: "no line " + line}
		}
		return line, f, nil
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	s.Restore(ctx, "north", f)
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// SPEC: CLI-010 CLI-011 CLI-012 CLI-013
func TestSignOnOutlivesTheNode(t *testing.T) {
	h, f := home.Home{Dir: t.TempDir()}, &fake{}
	stop := start(t, h, f)
	if st, err := os.Stat(h.Socket()); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatal(st.Mode(), err)
	}
	if _, err := Listen(h, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Fatal("a second node was not told who is running:", err)
	}
	c := To(h)
	r, err := c.Do(t.Context(), "north", "it", act.Status)
	if err != nil || !strings.HasSuffix(r.Text, " it") || fmt.Sprintf("%s", r.Data) != `{"line":"north"}` {
		t.Fatalf("%+v %v", r, err)
	}
	f.wait(t, "status  unattributed")
	var e *hint.Error
	if _, err := c.Do(t.Context(), "north", "en", act.Ack{ID: "A1-1"}); !errors.As(err, &e) || e.Hint != "see inbox" {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), "south", "en", act.Status); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), "north", "en", act.SignOn{}); err != nil {
		t.Fatal(err)
	}
	stop()
	f2 := &fake{}
	start(t, h, f2)
	f2.wait(t, "sign-on A1-14 account {Officer:A1-14}") // told at the start
	if _, err := To(h).Do(t.Context(), "north", "en", act.Inbox); err != nil {
		t.Fatal(err)
	}
	f2.wait(t, "inbox A1-14 account")
	if _, err := To(h).Do(t.Context(), "north", "en", act.SignOff); err != nil {
		t.Fatal(err)
	}
	if _, err := To(h).Do(t.Context(), "north", "en", act.Calls); err != nil {
		t.Fatal(err)
	}
	f2.wait(t, "calls  unattributed")
}

// SPEC: CLI-014
func TestDeskLivesWithItsConnection(t *testing.T) {
	h, f := home.Home{Dir: t.TempDir()}, &fake{subs: make(chan struct{}, 1)}
	start(t, h, f)
	first, leave := context.WithCancel(t.Context())
	if r, _, err := To(h).Watch(first, "north", "en", act.SetDesk{Armed: true, Sound: "none"}); err != nil || r.Text != "armed" {
		t.Fatal(r, err)
	}
	f.wait(t, "desk  unattributed {Armed:true")
	second, leave2 := context.WithCancel(t.Context())
	_, changes, err := To(h).Watch(second, "north", "en", act.SetDesk{Armed: true})
	if err != nil {
		t.Fatal(err)
	}
	for told, end := false, time.Now().Add(20*time.Second); !told; { // the one or the other watch takes it
		select {
		case f.subs <- struct{}{}:
		case <-changes:
			told = true
		case <-time.After(time.Until(end)):
			t.Fatal("a change was not told")
		}
	}
	leave()
	time.Sleep(100 * time.Millisecond)
	if f.has("{Armed:false") {
		t.Error("disarmed while another watch arms it")
	}
	leave2()
	f.wait(t, "desk  unattributed {Armed:false")
	for range changes { // it ends
	}
	if _, err := To(h).Do(t.Context(), "north", "en", act.SetDesk{Armed: true}); err == nil {
		t.Error("a desk is armed at which nobody stays")
	}
}

func TestLongSocketPathIsServed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h := home.Home{Dir: dir}
	start(t, h, &fake{})
	if _, err := To(h).Do(t.Context(), "north", "en", act.Status); err != nil {
		t.Fatal(err)
	}
}

func TestNoNodeIsSaidSo(t *testing.T) {
	if _, err := To(home.Home{Dir: t.TempDir()}).Do(t.Context(), "", "en", act.Status); !errors.Is(err, ErrNotRunning) {
		t.Fatal(err)
	}
}

// SPEC: CLI-011
func TestAnotherSessionIsAnotherPerson(t *testing.T) {
	tb, err := openTable(filepath.Join(t.TempDir(), "desks.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := seat{Account: "amaro", Desk: "pts/3", Session: "b/1/2"}
	if err := tb.set("north", p, "A1-1"); err != nil {
		t.Fatal(err)
	}
	for _, o := range []seat{{Account: "bruni", Desk: "pts/3", Session: "b/1/2"}, {Account: "amaro", Desk: "pts/4", Session: "b/1/2"}, {Account: "amaro", Desk: "pts/3", Session: "b/1/3"}} {
		if w := tb.who("north", o); w.Officer != "" || w.Known != "unattributed" {
			t.Errorf("%+v passes for A1-1", o)
		}
	}
	if tb.who("south", p).Officer != "" || tb.who("north", p).Officer != "A1-1" {
		t.Error("lines are mixed up")
	}
}

func TestSessionThatEndedIsKnown(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	mark := sessionMark(cmd.Process.Pid)
	if sessionEnded(mark) {
		t.Error("a living session has ended:", mark)
	}
	_ = cmd.Process.Kill()
	for end := time.Now().Add(20 * time.Second); !sessionEnded(mark); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a session whose leader was killed lives until its parent takes note of it")
		}
	}
	_ = cmd.Wait()
	if !sessionEnded(mark) {
		t.Error("an ended session lives:", mark)
	}
}

func TestPlaceOfAProcessIsReadFromItsStat(t *testing.T) {
	session, tty, start, err := parseStat("42 (a) b) (c) S 1 42 40 34819 42 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2")
	if err != nil || session != 40 || deskName(session, tty) != "pts/3" || start != "98765" {
		t.Fatalf("%d %d %s %v", session, tty, start, err)
	}
	if d := deskName(0, 4<<8|1); d != "tty1" {
		t.Error(d)
	}
	if d := deskName(7, 0); d != "session-7" {
		t.Error(d)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (a) S 1 42 40 34819 42 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2")
	f.Fuzz(func(t *testing.T, s string) {
		if session, tty, _, err := parseStat(s); err == nil {
			_ = deskName(session, tty)
		}
	})
}

func FuzzDecodeRows(f *testing.F) {
	f.Add([]byte(`[{"line":"north"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, _ := decodeRows(b)
		for _, r := range rows {
			_ = sessionEnded(r.Session)
		}
	})
}

// first tells of the first byte that is written to it.
type first struct {
	bytes.Buffer
	came chan struct{}
	once sync.Once
}

func (f *first) Write(b []byte) (int, error) {
	f.once.Do(func() { close(f.came) })
	return f.Buffer.Write(b)
}

// SPEC: NOD-018
func TestFileIsSentWhileItIsMade(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	got := &first{came: make(chan struct{})}
	whole := bytes.Repeat([]byte("a statement and its bodies\n"), 1<<15)
	f := &fake{file: func(w io.Writer) error {
		if _, err := w.Write(whole[:128<<10]); err != nil {
			return err
		}
		select {
		case <-got.came:
		case <-time.After(20 * time.Second):
			return errors.New("the client has seen nothing of the file yet")
		}
		_, err := w.Write(whole[128<<10:])
		return err
	}}
	defer start(t, h, f)()
	c := To(h)
	r, err := c.Save(t.Context(), struct{ io.Writer }{got}, "north", "en", act.Export)
	if err != nil || r.Text != "written" || !bytes.Equal(got.Bytes(), whole) {
		t.Errorf("%+v %v, %d bytes of %d", r, err, got.Len(), len(whole))
	}
	f.file = func(w io.Writer) error {
		_, err := w.Write(whole)
		return cmp.Or(err, errors.New("the record failed"))
	}
	var e *hint.Error
	if _, err := c.Save(t.Context(), io.Discard, "north", "en", act.Export); !errors.As(err, &e) || e.What != "the record failed" {
		t.Errorf("a file that failed: %v", err)
	}
	if r, err := c.Do(t.Context(), "north", "en", act.Status); err != nil || r.Text == "" {
		t.Errorf("what is asked after it: %+v %v", r, err)
	}
}

// What a client says on the socket before it is understood costs a connection for a few seconds, and what it says too much
// of is refused.
//
// SPEC: CLI-018
func TestGarbageAndSilenceOnTheSocketCostNothing(t *testing.T) {
	h, f := home.Home{Dir: t.TempDir()}, &fake{}
	start(t, h, f)
	for range 2 * maxConns {
		c, err := net.Dial("unix", h.Socket())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // after readWithin they are closed
		if _, err := To(h).Do(t.Context(), "north", "en", act.Status); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal("silent clients keep others out:", err)
		}
	}
	for _, b := range []string{"\x00\xff garbage\r\n\r\n", "GET /stop?line=north HTTP/1.1\r\nHost: node\r\n\r\n", "POST /stop?line=north HTTP/1.1\r\nHost: node\r\nContent-Length: 999999999\r\n\r\n" + strings.Repeat("x", maxArgs+1),
		"POST /stop HTTP/1.1\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"} {
		c, err := net.Dial("unix", h.Socket())
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(c, b) }()
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		got, _ := io.ReadAll(c)
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 4")) {
			t.Errorf("%.40q: answered %.60q", b, got)
		}
		c.Close()
	}
	if f.has("stop") {
		t.Error("something of it was done:", f.did)
	}
}

// as connects to a home's socket as another account of this machine, of one group alone.
func as(h home.Home, uid, gid uintptr) (c net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with this goroutine, and what it became with it
		for _, call := range [][4]uintptr{{unix.SYS_SETGROUPS}, {unix.SYS_SETRESGID, gid, gid, gid}, {unix.SYS_SETRESUID, uid, uid, uid}} {
			if _, _, e := syscall.RawSyscall(call[0], call[1], call[2], call[3]); e != 0 {
				err = e
				return
			}
		}
		c, err = net.Dial("unix", h.Socket())
	}()
	<-done
	return c, err
}

// Another account of the group that the home is shared with asks and acts, as itself; one that is not of it is not let in.
//
// SPEC: CLI-017
func TestAnAccountOfTheGroupActsAsItself(t *testing.T) {
	const nobody, alone = 65534, 65534
	g, err := user.LookupGroupId("100")
	if err != nil || os.Geteuid() != 0 || accountName(nobody) == "root" {
		t.Skip("left out: another account of the group (it needs root, and the group 100)")
	}
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	h, f := home.Home{Dir: filepath.Join(dir, "home")}, &fake{}
	if err := h.Share(g.Name); err != nil {
		t.Fatal(err)
	}
	start(t, h, f)
	if c, err := as(h, nobody, alone); !errors.Is(err, syscall.EACCES) {
		t.Errorf("an account of no group of ours is let in: %v %v", c, err)
	}
	c := To(h)
	c.http.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return as(h, nobody, 100) }
	if _, err := c.Do(t.Context(), "north", "en", act.SignOn{}); err != nil {
		t.Fatal(err)
	}
	if want := accountName(nobody); !f.has("sign-on") || f.from != want {
		t.Errorf("it acts as %q, not as %s: %q", f.from, want, f.did)
	}
}
