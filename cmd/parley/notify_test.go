// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
)

// hanging is a line that answers unless it hangs.
type hanging struct{ hangs atomic.Bool }

func (h *hanging) Do(ctx context.Context, _ act.Who, _ string, _ act.Act) (act.Reply, error) {
	if h.hangs.Load() {
		<-ctx.Done()
		return act.Reply{}, ctx.Err()
	}
	return act.Reply{}, nil
}

// SPEC: CLI-050
func TestTheSupervisorHearsThatEveryLineAnswers(t *testing.T) {
	at := filepath.Join(t.TempDir(), "n")
	ln, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	t.Setenv("NOTIFY_SOCKET", at)
	t.Setenv("WATCHDOG_USEC", "60000")
	well, ill := &hanging{}, &hanging{}
	s := &service{log: slog.New(slog.NewTextHandler(io.Discard, nil)), lines: map[string]control.Doer{"north": well, "south": ill}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.notify(ctx) })
	heard := func() string {
		b := make([]byte, 64)
		n, err := ln.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	if got := heard(); got != "READY=1" {
		t.Fatalf("first it heard %q", got)
	}
	for range 3 {
		if got := heard(); got != "WATCHDOG=1" {
			t.Fatalf("while both answer it heard %q", got)
		}
	}
	ill.hangs.Store(true)
	if s.silent(ctx, time.Millisecond) != "south" {
		t.Error("the line that hangs is not named")
	}
	ill.hangs.Store(false)
	if got := s.silent(ctx, time.Minute); got != "" {
		t.Errorf("%s answers, and is named", got)
	}
	cancel()
	wg.Wait()
	for {
		if got := heard(); got == "STOPPING=1" {
			break
		} else if got != "WATCHDOG=1" {
			t.Fatalf("at its end it heard %q", got)
		}
	}
}
