// SPDX-License-Identifier: Apache-2.0

// Package control is the operator's socket: how the shell asks a running node.
//
// HOME/control.sock is a Unix socket of mode 0600, or 0660 of the group that the home is shared with. A request is one line of JSON, {"line", "verb", "args",
// "lang"}; its answer is one line, {"reply": …} or {"error": …}. A connection may ask many times, one
// after the other. The verb "watch" makes a connection that only tells when something changed.
//
// Who asks is never said by the asker: the kernel says the process (SO_PEERCRED), the process its account
// and its terminal (or, without one, its session). `sign-on` binds these three to an officer; the table of it is
// on disk and outlives the node, and a row falls when its session ends. A desk is armed as long as
// the connection that armed it lives.
//
// It knows no act's meaning: it hands acts to the line named and brings back the reply. Its spec is
// spec/cli.md.
package control

import (
	"context"
	"encoding/json"

	"example.org/parley/internal/act"
)

// Line is what a running line offers to the socket: internal/node, and the pairing before it.
type Line interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
}

// Watched is a line that can tell when something changed.
type Watched interface {
	Subscribe(desk string) (<-chan struct{}, func())
}

// request is one line from a client.
type request struct {
	Line string          `json:"line"` // "": the only one
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args,omitempty"`
	Lang string          `json:"lang,omitempty"`
	Sees bool            `json:"sees,omitempty"` // the answer is drawn on a terminal, where a person sees it
}

// answer is one line to a client.
type answer struct {
	Part    []byte     `json:"part,omitempty"` // of the file that is the answer; the reply follows the last
	Reply   *Reply     `json:"reply,omitempty"`
	Error   *act.Error `json:"error,omitempty"`
	Changed bool       `json:"changed,omitempty"`
}

// Reply is act.Reply as it comes over the socket: the data still as JSON.
type Reply struct {
	ID   string          `json:"id,omitempty"`
	Text string          `json:"text,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

const (
	maxRequest = 256 << 10
	verbWatch  = "watch"
)

// decode reads one request strictly.
func decode(b []byte) (request, act.Act, error) {
	var r request
	if err := json.Unmarshal(b, &r); err != nil {
		return r, nil, &act.Error{What: "the request could not be read: " + err.Error()}
	}
	if r.Verb == verbWatch {
		return r, nil, nil
	}
	a, err := act.Decode(r.Verb, r.Args)
	return r, a, err
}
