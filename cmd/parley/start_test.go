// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/rand"

	"github.com/ncruces/go-sqlite3/vfs"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
)

// halfway is a disk on which reading the middle of a record lasts until it is let go on.
type halfway struct {
	vfs.VFSFilename
	reached, goOn chan struct{}
	once          sync.Once
}

func (d *halfway) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := d.VFSFilename.OpenFilename(name, flags)
	if flags&vfs.OPEN_MAIN_DB == 0 || err != nil {
		return f, out, err
	}
	return halfwayFile{f, d}, out, nil
}

type halfwayFile struct {
	vfs.File
	d *halfway
}

func (f halfwayFile) ReadAt(p []byte, off int64) (int, error) {
	if size, err := f.Size(); err == nil && size > 16*4096 && off > size/3 && off < size*2/3 {
		f.d.once.Do(func() { close(f.d.reached) })
		<-f.d.goOn
	}
	return f.File.ReadAt(p, off)
}

// heard is what a command prints, while it runs.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(p)
}

// until waits until the pattern is there.
func (h *heard) until(t *testing.T, pattern string) {
	t.Helper()
	re, end := regexp.MustCompile(pattern), time.Now().Add(time.Minute)
	for {
		h.mu.Lock()
		s := h.b.String()
		h.mu.Unlock()
		if re.MatchString(s) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s never came: %s", pattern, s)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// While a node reads its record a verb is refused with how far it has come and code 69, and a desk waits until it has.
//
// SPEC: CLI-015 CLI-030
func TestAVerbIsRefusedWhileTheRecordIsReadAndADeskWaits(t *testing.T) {
	h := home.Home{Dir: filepath.Join(t.TempDir(), "home")}
	l, err := h.InitAlone("north", home.DefaultConfig("aurelia", 0), "borealia", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := node.Of(l.Alone, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	n := node.Open(c)
	if err := n.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := n.Do(t.Context(), act.Who{Account: "amaro", Desk: "pts/1", Known: "account", Keeper: true}, "en", act.OfficerAdd{Name: fmt.Sprint("Lt Amaro ", i), Account: fmt.Sprint("amaro", i), Langs: []string{"en"}}); err != nil {
			t.Fatal(err)
		}
	}
	n.Close()
	d := &halfway{VFSFilename: vfs.Find("os").(vfs.VFSFilename), reached: make(chan struct{}), goOn: make(chan struct{})}
	vfs.Register("halfway", d)
	defer vfs.Unregister("halfway")
	c.Store.VFS = "halfway"
	n = node.Open(c)
	defer n.Close()
	<-d.reached
	s := &service{home: h, names: []string{"north"}, lines: map[string]control.Doer{"north": n}}
	if s.ctl, err = control.Listen(h, s.find, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ctl.Serve(ctx) }()
	defer func() { stop(); <-served }()
	at := []string{"--home", h.Dir, "--lang", "en"}
	for _, verb := range []string{"status", "inbox", "log", "calls", "alarm list", "officer list", "post list", "show A1-1", "sign-on", "officer add Bruni", "send hello", "check now", "export " + filepath.Join(t.TempDir(), "x")} {
		code, out := shell(append(at, strings.Fields(verb)...)...)
		if code != exitNotUp || !regexp.MustCompile(`starting: \d+ of [1-9]\d+ rows`).MatchString(out) {
			t.Errorf("%s: code %d, %s", verb, code, out)
		}
	}
	var said heard
	sits, leave := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- run(sits, append(at, "desk"), stdio{strings.NewReader(""), &said, &said})
	}()
	said.until(t, `starting: \d+ of [1-9]\d+ rows`)
	select {
	case got := <-code:
		t.Fatalf("the desk has not waited: %d", got)
	default:
	}
	close(d.goOn)
	said.until(t, `Line|word alone`)
	leave()
	if got := <-code; got != 0 {
		t.Errorf("the desk ended with %d", got)
	}
	if code, out := shell(append(at, "officer", "list")...); code != 0 || !strings.Contains(out, "Lt Amaro 199") {
		t.Errorf("once it was read: %d %s", code, out)
	}
}

// A command that a hint or a next step names is one of the home that was named. SPEC: CLI-037
func TestPrintedCommandsNameTheHome(t *testing.T) {
	var b bytes.Buffer
	a := &app{stdio: stdio{strings.NewReader(""), io.Discard, &b}, dir: "/srv/a$1", lang: "en"}
	for way, want := range map[string]string{
		"sign on first: parley sign-on; systemctl start parley": "sign on first: parley --home /srv/a$1 sign-on; systemctl start parley",
		"start it: parley serve --home /srv/b":                  "start it: parley serve --home /srv/b",
	} {
		b.Reset()
		if a.complain(hint.New(way, "no")); b.String() != "error: no\nhint: "+want+"\n" {
			t.Errorf("%q", b.String())
		}
	}
	a.dir = home.Default()
	b.Reset()
	if a.complain(hint.New("parley sign-on", "no")); b.String() != "error: no\nhint: parley sign-on\n" {
		t.Errorf("%q", b.String())
	}
}
