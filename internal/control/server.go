// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// Server answers the socket of one home.
type Server struct {
	find  func(line string) (name string, l Line, err error)
	desks *table
	log   *slog.Logger
	home  home.Home
	path  string   // of the socket
	lock  *os.File // nil where the disk takes no file
	conns sync.WaitGroup

	mu    sync.Mutex
	ln    *net.UnixListener          // nil while there is no socket; set by Serve's goroutine alone
	open  map[*net.UnixConn]struct{} // guarded by mu
	armed map[[2]string]int          // connections that arm a desk, by line and desk; guarded by mu
}

// Listen takes the home's lock and socket. find gives a running line and its name, "" is the only one, or says why there is none.
//
// SPEC: CLI-012
func Listen(h home.Home, find func(line string) (name string, l Line, err error), log *slog.Logger) (*Server, error) {
	s := &Server{home: h, path: h.Socket(), find: find, log: log, open: map[*net.UnixConn]struct{}{}, armed: map[[2]string]int{}}
	var err error
	if s.desks, err = openTable(h.Desks()); err != nil {
		log.Error("couldn't read who is signed on: every officer signs on again", "file", h.Desks(), "err", err)
	}
	if s.lock, err = takeLock(filepath.Join(h.Dir, "serve.lock")); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		log.Error("the socket of the shell is down, the lines are not", "err", err)
	}
	return s, nil
}

// listen opens the socket. On a disk that takes nothing there is none.
func (s *Server) listen() error {
	_ = os.Remove(s.path) // we hold the lock: nobody listens there any more
	var ln *net.UnixListener
	err := atSocket(s.path, func(path string) error {
		var err error
		ln, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return fmt.Errorf("couldn't listen on %s: %w", s.path, err)
	}
	ln.SetUnlinkOnClose(false)
	if err := s.home.ShareSocket(); err != nil {
		return errors.Join(fmt.Errorf("couldn't listen on %s: %w", s.path, err), ln.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ln = ln
	return nil
}

// takeLock holds the lock for the life of the process; the second process is told who holds it. Where a disk takes
// no file, one that is there is locked as it is; where there is none, no other process of this home could be.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		if f, err = os.Open(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open %s: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(path)
		f.Close()
		return nil, &act.Error{What: fmt.Sprintf("a node is already running for this home (process %s)", strings.TrimSpace(string(pid))), Hint: "one node a home: end that one first"}
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // without the number the lock holds all the same
	return f, nil
}

// atSocket calls f with a path of the socket that fits a socket address (108 bytes).
func atSocket(path string, f func(path string) error) error {
	if len(path) < 100 {
		return f(path)
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return f(fmt.Sprintf("/proc/self/fd/%d/%s", fd, filepath.Base(path)))
}

// Serve answers until ctx ends.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, s.shut)
	defer stop()
	s.conns.Add(1)
	go func() { defer s.conns.Done(); s.sweep(ctx) }()
	defer func() {
		cancel()
		s.shut()
		s.conns.Wait()
		s.lock.Close() // nil: there was none
	}()
	for ctx.Err() == nil {
		if s.ln == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(2 * time.Second):
			}
			_ = s.listen() // said once
			continue
		}
		c, err := s.ln.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("couldn't accept on the control socket: %w", err)
		}
		s.mu.Lock()
		s.open[c] = struct{}{}
		s.mu.Unlock()
		s.conns.Add(1)
		go func() { defer s.conns.Done(); s.serve(ctx, c) }()
	}
	return nil
}

func (s *Server) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil {
		s.ln.Close()
	}
	for c := range s.open {
		c.Close()
	}
}

// Restore tells a line that has just been opened who is signed on where.
//
// SPEC: CLI-013
func (s *Server) Restore(ctx context.Context, line string, l Line) {
	for _, r := range s.desks.of(line) {
		if sessionEnded(r.Session) {
			continue
		}
		if _, err := l.Do(ctx, r.who(), "en", act.SignOn{Officer: r.Officer}); err != nil {
			s.log.Warn("couldn't sign an officer on again", "line", line, "officer", r.Officer, "err", err)
		}
	}
}

// sweep signs off whoever's session has ended.
func (s *Server) sweep(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		for _, r := range s.desks.ended() {
			if _, l, err := s.find(r.Line); err == nil {
				_, _ = l.Do(ctx, r.who(), "en", act.SignOff) // nobody is left to be told
			}
			if err := s.desks.set(r.Line, Peer{Account: r.Account, Desk: r.Desk}, ""); err != nil {
				s.log.Error("couldn't sign a desk off", "desk", r.Desk, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// conn is one connection; its requests are answered in turn.
type conn struct {
	*Server
	peer  Peer
	out   *json.Encoder
	armed map[string]bool // lines on which this connection arms its desk
}

func (s *Server) serve(ctx context.Context, c *net.UnixConn) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	k := &conn{Server: s, out: json.NewEncoder(c), armed: map[string]bool{}}
	var err error
	if k.peer, err = peerOf(c); err != nil {
		_ = k.out.Encode(answer{Error: &act.Error{What: err.Error()}})
		return
	}
	defer k.disarm()
	lines := make(chan []byte)
	go func() { // reads on while an act is under way, so that a client that goes away ends its waiting
		defer close(lines)
		defer cancel()
		in := bufio.NewScanner(c)
		in.Buffer(nil, maxRequest)
		for in.Scan() {
			select {
			case lines <- append([]byte(nil), in.Bytes()...):
			case <-ctx.Done():
				return
			}
		}
	}()
	for b := range lines {
		if !k.one(ctx, b) {
			return
		}
	}
}

// one answers one request; false ends the connection.
func (k *conn) one(ctx context.Context, b []byte) bool {
	req, a, err := decode(b)
	var l Line
	if err == nil {
		req.Line, l, err = k.find(req.Line)
	}
	if err == nil && req.Verb == verbWatch {
		return k.watch(ctx, l)
	}
	var r act.Reply
	if err == nil {
		r, err = k.act(ctx, l, req, a)
	}
	if err != nil {
		return k.out.Encode(answer{Error: asError(err)}) == nil
	}
	if r.File != nil {
		w := bufio.NewWriterSize(parts{k.out}, partSize)
		if err := cmp.Or(r.File(w), w.Flush()); err != nil {
			return k.out.Encode(answer{Error: asError(err)}) == nil
		}
	}
	out := &Reply{ID: r.ID, Text: r.Text}
	if r.Data != nil {
		if out.Data, err = json.Marshal(r.Data); err != nil {
			return k.out.Encode(answer{Error: &act.Error{What: "the answer could not be written: " + err.Error()}}) == nil
		}
	}
	return k.out.Encode(answer{Reply: out}) == nil
}

// partSize is how much of a file goes in one answer.
const partSize = 64 << 10

// parts sends what is written to it as parts of a file.
type parts struct{ out *json.Encoder }

func (p parts) Write(b []byte) (int, error) {
	if err := p.out.Encode(answer{Part: b}); err != nil {
		return 0, err
	}
	return len(b), nil
}

func asError(err error) *act.Error {
	var e *act.Error
	if errors.As(err, &e) {
		return e
	}
	return &act.Error{What: err.Error()}
}

// act hands an act to its line, with what only the socket knows: desks that live as long as a
// connection, and sign-ons that outlive the node.
func (k *conn) act(ctx context.Context, l Line, req request, a act.Act) (act.Reply, error) {
	who := k.desks.who(req.Line, k.peer)
	who.Sees = req.Sees
	r, err := l.Do(ctx, who, req.Lang, a)
	if err != nil {
		return r, err
	}
	if a == act.SignOff {
		return r, k.desks.set(req.Line, k.peer, "")
	}
	switch a := a.(type) {
	case act.SignOn:
		return r, k.desks.set(req.Line, k.peer, r.ID)
	case act.SetDesk:
		k.arm(req.Line, a.Armed)
	}
	return r, nil
}

// arm counts the connections that arm a desk.
func (k *conn) arm(line string, on bool) {
	if k.armed[line] == on {
		return
	}
	k.armed[line] = on
	k.mu.Lock()
	defer k.mu.Unlock()
	if on {
		k.Server.armed[[2]string{line, k.peer.Desk}]++
	} else {
		k.Server.armed[[2]string{line, k.peer.Desk}]--
	}
}

// disarm takes back what this connection armed, unless another one arms the same desk.
//
// SPEC: CLI-014
func (k *conn) disarm() {
	for line, on := range k.armed {
		if !on {
			continue
		}
		k.arm(line, false)
		k.mu.Lock()
		left := k.Server.armed[[2]string{line, k.peer.Desk}]
		k.mu.Unlock()
		if _, l, err := k.find(line); err == nil && left == 0 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_, _ = l.Do(ctx, k.desks.who(line, k.peer), "en", act.SetDesk{}) // nobody is left to be told
			cancel()
		}
	}
}

// watch tells of changes until the client goes.
func (k *conn) watch(ctx context.Context, l Line) bool {
	w, ok := l.(Watched)
	if !ok {
		return k.out.Encode(answer{Error: &act.Error{What: "this line is not in service yet", Hint: "pair it first: parley confirm"}}) == nil
	}
	ch, end := w.Subscribe(k.peer.Desk)
	defer end()
	for {
		if k.out.Encode(answer{Changed: true}) != nil {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case _, ok := <-ch:
			if !ok {
				return false
			}
		}
	}
}
