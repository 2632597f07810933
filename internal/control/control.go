// SPDX-License-Identifier: Apache-2.0

// Package control is the operator's socket: how the shell asks a running node, over HTTP on a Unix socket.
//
// HOME/control.sock has mode 0600, or 0660 of the group that the home is shared with. An act is POST /VERB?line=NAME&lang=xx,
// with its arguments as JSON; its answer is the reply as JSON, or why it is refused. With sees=1 the answer is drawn on a
// terminal and counts as shown. With watch=1 the answer goes on: a line for every change, until the client goes. Where the
// answer is a file, the file is sent as it is made, and the answer, which says why where the file ends early, is the trailer.
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
	"encoding/json"
	"fmt"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/words"
)

// Doer is what a line offers to the socket: internal/node, and the pairing before it. One that can be watched has the
// method Subscribe too.
type Doer interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
}

// EveryLine is asked for in the place of a line where an act is for each line of the home.
const EveryLine = "*"

// Names of the protocol.
const (
	argLine, argLang, argSees, argWatch = "line", "lang", "sees", "watch"
	trailer, typeFile                   = "Parley-Answer", "application/octet-stream"
)

// answer is what comes back, as JSON: the reply to an act, or why it is refused.
type answer struct {
	act.Reply
	Refused *hint.Error `json:"refused,omitempty"`
}

func encode(r act.Reply, err error, lang string) []byte {
	a := answer{Reply: r}
	if err != nil {
		a.Refused = hint.Of(err).In(lang, words.Say)
	}
	b, err := json.Marshal(a)
	if err != nil {
		return encode(act.Reply{}, fmt.Errorf("couldn't write the answer: %w", err), lang)
	}
	return append(b, '\n')
}

// decode reads an answer. The reply's data is JSON still.
func decode(b []byte) (act.Reply, error) {
	var data json.RawMessage
	a := answer{Reply: act.Reply{Data: &data}}
	if err := json.Unmarshal(b, &a); err != nil {
		return act.Reply{}, fmt.Errorf("couldn't read the answer: %w", err)
	}
	if a.Refused != nil {
		return act.Reply{}, a.Refused
	}
	a.Data = data
	return a.Reply, nil
}
