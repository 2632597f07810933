// SPDX-License-Identifier: Apache-2.0

package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// ErrNotRunning says that no node answers for the home.
var ErrNotRunning = errors.New("the node is not running")

// Client is one connection to a node. It is not for use by several goroutines.
type Client struct {
	// Sees says that what is answered is drawn on a terminal: only then does it count as shown.
	Sees bool

	c   *net.UnixConn
	in  *json.Decoder
	out *json.Encoder

	file io.Writer // takes the file that is an answer
}

// Dial connects to the home's node.
func Dial(h home.Home) (*Client, error) {
	var c *net.UnixConn
	err := atSocket(h.Socket(), func(path string) error {
		var err error
		c, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil, &act.Error{What: fmt.Sprintf("this account may not use the node at %s", h.Dir), Hint: "its keeper shares it with a group: parley init --group GROUP"}
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", ErrNotRunning, h.Socket())
	}
	return &Client{c: c, in: json.NewDecoder(c), out: json.NewEncoder(c)}, nil
}

// Close ends the connection; a desk that it armed is armed no longer.
func (c *Client) Close() error { return c.c.Close() }

// Do asks for one act on a line. A refusal is an *act.Error.
func (c *Client) Do(line, lang string, a act.Act) (Reply, error) {
	args, err := act.Encode(a)
	if err != nil {
		return Reply{}, fmt.Errorf("couldn't write the request: %w", err)
	}
	return c.ask(request{Line: line, Verb: a.Verb(), Args: args, Lang: lang, Sees: c.Sees})
}

// Save asks for an act whose answer is a file, and writes it as it comes. After an error w has what came until then.
func (c *Client) Save(w io.Writer, line, lang string, a act.Act) (Reply, error) {
	c.file = w
	defer func() { c.file = nil }()
	return c.Do(line, lang, a)
}

// Watch makes of the connection one that only tells of changes; then call Next.
func (c *Client) Watch(line string) error {
	_, err := c.ask(request{Line: line, Verb: verbWatch})
	return err
}

// Next waits for the next change.
func (c *Client) Next() error {
	_, err := c.read()
	return err
}

func (c *Client) ask(r request) (Reply, error) {
	if err := c.out.Encode(r); err != nil {
		return Reply{}, fmt.Errorf("%w: it went away", ErrNotRunning)
	}
	return c.read()
}

func (c *Client) read() (Reply, error) {
	var a answer
	if err := c.in.Decode(&a); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			return Reply{}, fmt.Errorf("%w: it went away", ErrNotRunning)
		}
		return Reply{}, fmt.Errorf("couldn't read the answer: %w", err)
	}
	switch {
	case a.Error != nil:
		return Reply{}, a.Error
	case a.Part != nil && c.file != nil:
		if _, err := c.file.Write(a.Part); err != nil {
			return Reply{}, err
		}
		return c.read()
	}
	if a.Reply == nil {
		return Reply{}, nil
	}
	return *a.Reply, nil
}
