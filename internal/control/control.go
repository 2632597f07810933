// SPDX-License-Identifier: Apache-2.0

// Package control is the operator's socket: how the shell asks a running node, over HTTP on a Unix socket.
//
// HOME/control.sock has mode 0600, or 0660 of the group that the home is shared with. An act is POST /VERB?line=NAME&lang=xx,
// with its arguments as JSON; its answer is the reply as JSON, or a refusal. With sees=1 the answer is drawn on a
// terminal and counts as shown. With watch=1 the answer goes on: a line for every change, until the client goes. Where the
// answer is a file, the file is sent as it is made, and the reply, or why the file ends early, is the trailer.
//
// Who asks is never said by the asker: the kernel says the process (SO_PEERCRED), the process its account
// and its terminal (or, without one, its session). `sign-on` binds these three to an officer; the table of it is
// on disk and outlives the node, and a row falls when its session ends. A desk is armed as long as a watch that
// armed it lives.
//
// It knows no act's meaning: it hands acts to the line named and brings back the reply. Its spec is
// spec/cli.md.
package control

import (
	"context"

	"example.org/parley/internal/act"
)

// Doer is what a line offers to the socket: internal/node, and the pairing before it. One that can be watched has the
// method Subscribe too.
type Doer interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
}

// Names of the protocol.
const (
	argLine, argLang, argSees, argWatch = "line", "lang", "sees", "watch"
	trailReply, trailError              = "Parley-Reply", "Parley-Error"
	typeFile                            = "application/octet-stream"
)
