// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"example.org/parley/internal/act"
)

// notify keeps a supervisor of services told, as systemd's sd_notify(3) says: that the home is served, that it ends,
// and, where a watchdog is set, that every line still answers. It ends with ctx. Without a supervisor it does nothing.
//
// SPEC: CLI-050
func (s *service) notify(ctx context.Context) {
	at := os.Getenv("NOTIFY_SOCKET")
	if at == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		s.log.Error("the supervisor of this service cannot be told", "err", err)
		return
	}
	defer c.Close()
	tell := func(what string) {
		if _, err := c.Write([]byte(what)); err != nil {
			s.log.Warn("the supervisor of this service was not told", "what", what, "err", err)
		}
	}
	tell("READY=1")
	defer tell("STOPPING=1")
	usec, _ := strconv.Atoi(os.Getenv("WATCHDOG_USEC"))
	if usec <= 0 {
		<-ctx.Done()
		return
	}
	every := time.Duration(usec) * time.Microsecond / 3
	for ctx.Err() == nil {
		if name := s.silent(ctx, every); name == "" {
			tell("WATCHDOG=1")
		} else if ctx.Err() == nil {
			s.log.Error("the line does not answer: the supervisor of this service is not told that it does", "line", name)
		}
		pause(ctx, every)
	}
}

// silent gives a line that answers nothing within a time; an error is an answer.
func (s *service) silent(ctx context.Context, within time.Duration) string {
	s.mu.Lock()
	lines := maps.Clone(s.lines)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if l := lines[name]; l != nil {
			if _, err := l.Do(ctx, act.Who{}, "en", act.Status); errors.Is(err, context.DeadlineExceeded) {
				return name
			}
		}
	}
	return ""
}
