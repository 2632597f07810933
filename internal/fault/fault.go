// SPDX-License-Identifier: Apache-2.0

// Package fault keeps a panic with what made it: one packet, message, connection or act of a peer, a browser or a telephone.
//
// Every goroutine that reads such bytes defers Caught. What a library does in goroutines of its own (QUIC, ICE, DTLS) it cannot
// reach: there a panic ends the process, and the service starts it again.
package fault

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

var (
	count atomic.Uint64
	said  sync.Map // by what: when the log last said so
)

// Count is how many were given up in this life of the process.
func Count() uint64 { return count.Load() }

// Caught is deferred around the work on one such thing. It counts a panic and logs where it happened (each what once a second at most,
// and nothing that was read), then calls ends. Locks that the work takes must be let go by defer.
//
// SPEC: NOD-044
func Caught(log *slog.Logger, what string, ends ...func()) {
	r := recover()
	if r == nil {
		return
	}
	n := count.Add(1)
	if last, again := said.Load(what); !again || time.Since(last.(time.Time)) >= time.Second {
		said.Store(what, time.Now())
		why := fmt.Sprintf("%T", r) // a text of a library's may hold what it read
		if e, ok := r.(runtime.Error); ok {
			why = e.Error()
		}
		log.Error(what+" was given up: a fault of this program", "err", why, "so far", n, "at", string(debug.Stack()))
	}
	for _, end := range ends {
		end()
	}
}
