// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// ErrNotRunning says that no node answers for the home.
var ErrNotRunning = errors.New("the node is not running")

// Client asks the node of a home.
type Client struct {
	// Sees says that what is answered is drawn on a terminal: only then does it count as shown.
	Sees bool

	home home.Home
	http http.Client
}

// To makes a client of the home's node. Each act has a connection of its own.
func To(h home.Home) *Client {
	dial := func(ctx context.Context, _, _ string) (c net.Conn, err error) {
		err = atSocket(h.Socket(), func(path string) error {
			c, err = (&net.Dialer{}).DialContext(ctx, "unix", path)
			return err
		})
		return c, err
	}
	return &Client{home: h, http: http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true}}}
}

// Do asks for one act on a line. A refusal is a *hint.Error. The reply's data is JSON still.
func (c *Client) Do(ctx context.Context, line, lang string, a act.Act) (act.Reply, error) {
	return c.Save(ctx, io.Discard, line, lang, a)
}

// Ask asks for one act on a line and reads the data of its answer into v.
func (c *Client) Ask(ctx context.Context, line, lang string, a act.Act, v any) error {
	r, err := c.Do(ctx, line, lang, a)
	if err != nil {
		return err
	}
	if raw, ok := r.Data.(json.RawMessage); !ok || json.Unmarshal(raw, v) != nil {
		return hint.New("the node and this program are of different versions: restart both", "the answer of the node cannot be read")
	}
	return nil
}

// Save asks for an act whose answer is a file, and writes it as it comes. After an error w has what came until then.
func (c *Client) Save(ctx context.Context, w io.Writer, line, lang string, a act.Act) (act.Reply, error) {
	r, err := c.post(ctx, line, lang, a, false)
	if err != nil {
		return act.Reply{}, err
	}
	defer r.Body.Close()
	var all bytes.Buffer
	file := r.Header.Get("Content-Type") == typeFile
	if !file {
		w = &all
	}
	if _, err := io.Copy(w, r.Body); errors.Is(err, io.ErrUnexpectedEOF) {
		return act.Reply{}, wentAway(ctx)
	} else if err != nil {
		return act.Reply{}, err
	}
	if file {
		all.WriteString(r.Trailer.Get(trailer))
	}
	return decode(all.Bytes())
}

// Watch asks for one act and goes on: changes has a value for what has changed since it was read last, and is closed when
// the context ends or the node goes. A desk that the act armed is armed until then.
func (c *Client) Watch(ctx context.Context, line, lang string, a act.Act) (reply act.Reply, changes <-chan struct{}, err error) {
	r, err := c.post(ctx, line, lang, a, true)
	if err != nil {
		return act.Reply{}, nil, err
	}
	in := json.NewDecoder(r.Body)
	var first json.RawMessage
	if in.Decode(&first) != nil {
		err = wentAway(ctx)
	} else {
		reply, err = decode(first)
	}
	if err != nil {
		r.Body.Close()
		return act.Reply{}, nil, err
	}
	ch := make(chan struct{}, 1)
	go func() {
		defer close(ch)
		defer r.Body.Close()
		for change := (json.RawMessage{}); in.Decode(&change) == nil; {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}()
	return reply, ch, nil
}

// post sends an act.
func (c *Client) post(ctx context.Context, line, lang string, a act.Act, watch bool) (*http.Response, error) {
	args, err := act.Encode(a)
	if err != nil {
		return nil, fmt.Errorf("couldn't write the request: %w", err)
	}
	q := url.Values{argLine: {line}, argLang: {lang}}
	if c.Sees {
		q.Set(argSees, "1")
	}
	if watch {
		q.Set(argWatch, "1")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/"+a.Verb()+"?"+q.Encode(), bytes.NewReader(args))
	if err != nil {
		return nil, fmt.Errorf("couldn't write the request: %w", err)
	}
	r, err := c.http.Do(req)
	var op *net.OpError
	switch {
	case err == nil:
		return r, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, hint.New("its keeper shares it with a group: parley init --group GROUP", "this account may not use the node at %s", c.home.Dir)
	case errors.As(err, &op) && op.Op == "dial" && ctx.Err() == nil:
		return nil, hint.New("", "%v (%s)", ErrNotRunning, c.home.Socket())
	}
	return nil, wentAway(ctx)
}

// wentAway says why an answer did not come to its end.
func wentAway(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return hint.New("", "%v: it went away", ErrNotRunning)
}
