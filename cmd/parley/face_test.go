// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
)

// While the page's address is taken, whoever asks for the page is told so at every instant, never that there is none.
//
// SPEC: CLI-033
func TestPageThatCannotOpenSaysWhyUntilItDoes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := home.DefaultConfig("aurelia", 0)
	cfg.Page.At, cfg.Edge = taken.Addr().String(), ""
	l, err := home.Home{Dir: t.TempDir()}.Init("north", cfg, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f, done := &face{why: errOpening}, make(chan struct{})
	go func() {
		defer close(done)
		f.keep(ctx, &service{log: slog.New(slog.DiscardHandler)}, l)
	}()
	ask := func() (act.Reply, error) { return f.Do(ctx, act.Who{Officer: "A1-1"}, "en", act.Open) }
	said := ""
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		r, err := ask()
		if err == nil {
			if !strings.Contains(r.Text, "http://aurelia.localhost:"+strconv.Itoa(cfg.Page.Port())+"/") || !strings.Contains(said, "address already in use") {
				t.Errorf("opened %q, after %q", r.Text, said)
			}
			break
		}
		if said = err.Error(); strings.Contains(said, "has no page") || time.Now().After(end) {
			t.Fatalf("while the page is tried: %v", err)
		}
		if strings.Contains(said, "in use") {
			if r := noPage(act.Reply{Data: view.Desk{}, Text: "UP\n"}, "en", err); !strings.Contains(r.Text, "UP\nthe page of this line is down: ") || !strings.Contains(r.Text, "another edge, in config.toml") || r.Data.(view.Desk).NoPage == "" {
				t.Errorf("status says %q", r.Text)
			}
			taken.Close()
		}
	}
	cancel()
	<-done
	if _, err := ask(); err == nil {
		t.Error("a page that ended gives links")
	}
}

// A page of the house whose name has no certificate says what to do, and opens by itself once there is one.
//
// SPEC: PAG-065
func TestPageOfTheHouseWaitsForItsCertificate(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(at)
	cfg := home.DefaultConfig("aurelia", 0)
	cfg.Page, cfg.Edge = home.Page{At: "line.ops.example:" + port, Bind: at}, ""
	h := home.Home{Dir: t.TempDir()}
	l, err := h.Init("north", cfg, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f, done := &face{why: errOpening, Line: new(node.Line)}, make(chan struct{})
	go func() {
		defer close(done)
		f.keep(ctx, &service{home: h, log: slog.New(slog.DiscardHandler)}, l)
	}()
	defer func() { cancel(); <-done }()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		r, err := f.Do(ctx, act.Who{Officer: "A1-1"}, "en", act.Open)
		if err == nil {
			if !strings.HasPrefix(r.Text, "https://line.ops.example:"+port+"/in?token=") {
				t.Error(r.Text)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		if strings.Contains(err.Error(), "no certificate for line.ops.example") {
			if _, err := cert.Of(h, "line.ops.example").Own(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
