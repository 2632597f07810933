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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// fake is a line that remembers who did what.
type fake struct {
	mu   sync.Mutex
	did  []string
	subs chan struct{}
	file func(io.Writer) error
}

func (f *fake) Do(_ context.Context, who act.Who, lang string, a act.Act) (act.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
	case act.Ack:
		return act.Reply{}, &act.Error{What: "no such message " + a.ID, Hint: "see inbox"}
	}
	return act.Reply{}, nil
}

func (f *fake) Subscribe(string) (<-chan struct{}, func()) { return f.subs, func() {} }

func (f *fake) wait(t *testing.T, want string) {
	t.Helper()
	for range 200 {
		f.mu.Lock()
		n := len(f.did)
		for _, d := range f.did {
			if strings.Contains(d, want) {
				f.mu.Unlock()
				return
			}
		}
		f.mu.Unlock()
		_ = n
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q never happened: %q", want, f.did)
}

func start(t *testing.T, h home.Home, f *fake) (stop func()) {
	t.Helper()
	s, err := Listen(h, func(line string) (string, Line, error) {
		if line != "north" {
			return "", nil, &act.Error{What: "no line " + line}
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

func dial(t *testing.T, h home.Home) *Client {
	t.Helper()
	c, err := Dial(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
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
	c := dial(t, h)
	r, err := c.Do("north", "it", act.Status)
	if err != nil || !strings.HasSuffix(r.Text, " it") || string(r.Data) != `{"line":"north"}` {
		t.Fatalf("%+v %v", r, err)
	}
	f.wait(t, "status  unattributed")
	var e *act.Error
	if _, err := c.Do("north", "en", act.Ack{ID: "A1-1"}); !errors.As(err, &e) || e.Hint != "see inbox" {
		t.Fatal(err)
	}
	if _, err := c.Do("south", "en", act.Status); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if _, err := c.Do("north", "en", act.SignOn{}); err != nil {
		t.Fatal(err)
	}
	stop()
	f2 := &fake{}
	start(t, h, f2)
	f2.wait(t, "sign-on A1-14 account {Officer:A1-14}") // told at the start
	if _, err := dial(t, h).Do("north", "en", act.Inbox); err != nil {
		t.Fatal(err)
	}
	f2.wait(t, "inbox A1-14 account")
	if _, err := dial(t, h).Do("north", "en", act.SignOff); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, h).Do("north", "en", act.Calls); err != nil {
		t.Fatal(err)
	}
	f2.wait(t, "calls  unattributed")
}

// SPEC: CLI-014
func TestDeskLivesWithItsConnection(t *testing.T) {
	h, f := home.Home{Dir: t.TempDir()}, &fake{subs: make(chan struct{}, 1)}
	start(t, h, f)
	c := dial(t, h)
	if _, err := c.Do("north", "en", act.SetDesk{Armed: true, Sound: "none"}); err != nil {
		t.Fatal(err)
	}
	f.wait(t, "desk  unattributed {Armed:true")
	c.Close()
	f.wait(t, "desk  unattributed {Armed:false")
	w := dial(t, h)
	if err := w.Watch("north"); err != nil {
		t.Fatal(err)
	}
	f.subs <- struct{}{}
	if err := w.Next(); err != nil {
		t.Fatal(err)
	}
}

func TestLongSocketPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h := home.Home{Dir: dir}
	start(t, h, &fake{})
	if _, err := dial(t, h).Do("north", "en", act.Status); err != nil {
		t.Fatal(err)
	}
}

func TestNotRunning(t *testing.T) {
	if _, err := Dial(home.Home{Dir: t.TempDir()}); !errors.Is(err, ErrNotRunning) {
		t.Fatal(err)
	}
}

// SPEC: CLI-011
func TestAnotherSessionIsAnotherPerson(t *testing.T) {
	tb, err := openTable(filepath.Join(t.TempDir(), "desks.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := Peer{Account: "amaro", Desk: "pts/3", Session: "b/1/2"}
	if err := tb.set("north", p, "A1-1"); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Peer{{Account: "bruni", Desk: "pts/3", Session: "b/1/2"}, {Account: "amaro", Desk: "pts/4", Session: "b/1/2"}, {Account: "amaro", Desk: "pts/3", Session: "b/1/3"}} {
		if w := tb.who("north", o); w.Officer != "" || w.Known != "unattributed" {
			t.Errorf("%+v passes for A1-1", o)
		}
	}
	if tb.who("south", p).Officer != "" || tb.who("north", p).Officer != "A1-1" {
		t.Error("lines are mixed up")
	}
}

func TestSessionEnds(t *testing.T) {
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
	_ = cmd.Wait()
	if !sessionEnded(mark) {
		t.Error("an ended session lives:", mark)
	}
}

func TestStat(t *testing.T) {
	s, err := parseStat("42 (a) b) (c) S 1 42 40 34819 42 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2")
	if err != nil || s.session != 40 || s.desk() != "pts/3" || s.start != "98765" {
		t.Fatalf("%+v %v %s", s, err, s.desk())
	}
	if d := (stat{tty: 4<<8 | 1}).desk(); d != "tty1" {
		t.Error(d)
	}
	if d := (stat{session: 7}).desk(); d != "session-7" {
		t.Error(d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"line":"north","verb":"send","args":{"text":"hello"},"lang":"en"}`))
	f.Fuzz(func(t *testing.T, b []byte) { _, _, _ = decode(b) })
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (a) S 1 42 40 34819 42 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2")
	f.Fuzz(func(t *testing.T, s string) {
		if st, err := parseStat(s); err == nil {
			_ = st.desk()
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
		if _, err := w.Write(whole[:partSize*2]); err != nil {
			return err
		}
		select {
		case <-got.came:
		case <-time.After(20 * time.Second):
			return errors.New("the client has seen nothing of the file yet")
		}
		_, err := w.Write(whole[partSize*2:])
		return err
	}}
	defer start(t, h, f)()
	c, err := Dial(h)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Save(got, "north", "en", act.Export)
	if err != nil || r.Text != "written" || !bytes.Equal(got.Bytes(), whole) {
		t.Errorf("%+v %v, %d bytes of %d", r, err, got.Len(), len(whole))
	}
	f.file = func(w io.Writer) error {
		_, err := w.Write(whole)
		return cmp.Or(err, errors.New("the record failed"))
	}
	var e *act.Error
	if _, err := c.Save(io.Discard, "north", "en", act.Export); !errors.As(err, &e) || e.What != "the record failed" {
		t.Errorf("a file that failed: %v", err)
	}
	if r, err := c.Do("north", "en", act.Status); err != nil || r.Text == "" {
		t.Errorf("the connection after it: %+v %v", r, err)
	}
}
