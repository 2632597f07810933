// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
)

// What a client may cost, SPEC: CLI-018: connections, the bytes of an act, and the time in which it must have come.
const (
	maxConns   = 256
	maxArgs    = 256 << 10
	maxHeader  = 16 << 10
	readWithin = 5 * time.Second
	tellWithin = 5 * time.Second        // a change, to a client that reads
	lookEvery  = 250 * time.Millisecond // whether a session has ended: with the 2.5 s in which a desk may come back, under 3 s
)

// Server answers the socket of one home.
type Server struct {
	find  func(line string) (name string, l Doer, err error)
	desks *table
	log   *slog.Logger
	home  home.Home
	lock  *os.File     // nil where the disk takes no file
	ln    net.Listener // nil while there is no socket; owned by Serve
	http  http.Server
	acts  sync.WaitGroup
	conns atomic.Int32

	// Every does an act on each line of the home, as whoever sits at that desk of it. Set before Serve.
	Every func(ctx context.Context, whom func(line string) act.Who, lang string, a act.Act) (act.Reply, error)

	arming sync.Mutex        // held while a desk is armed or disarmed
	armed  map[[2]string]int // watches that arm a desk, by line and desk; guarded by arming
}

// Listen takes the home's lock and socket. find gives a running line and its name, "" is the only one, or says why there is none.
//
// SPEC: CLI-012
func Listen(h home.Home, find func(line string) (name string, l Doer, err error), log *slog.Logger) (*Server, error) {
	s := &Server{home: h, find: find, log: log, armed: map[[2]string]int{}}
	s.http = http.Server{Handler: s, ReadTimeout: readWithin, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, s, c)
		},
		ConnState: s.count}
	s.http.SetKeepAlivesEnabled(false)
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

// count closes a connection too many before anything of it is read.
func (s *Server) count(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.conns.Add(1) > maxConns {
			c.Close()
		}
	case http.StateClosed:
		s.conns.Add(-1)
	}
}

// listen opens the socket. On a disk that takes nothing there is none.
func (s *Server) listen() error {
	path := s.home.Socket()
	_ = os.Remove(path) // we hold the lock: nobody listens there any more
	var ln *net.UnixListener
	err := atSocket(path, func(path string) error {
		var err error
		ln, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return fmt.Errorf("couldn't listen on %s: %w", path, err)
	}
	ln.SetUnlinkOnClose(false)
	if err := s.home.ShareSocket(); err != nil {
		return errors.Join(fmt.Errorf("couldn't listen on %s: %w", path, err), ln.Close())
	}
	s.ln = ln
	return nil
}

// Hold keeps every node of a home from starting, until end is called.
func Hold(h home.Home) (end func(), err error) {
	f, err := takeLock(filepath.Join(h.Dir, "serve.lock"))
	return func() { f.Close() }, err // of nil too: there was none
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
		return nil, hint.New("one node a home: end that one first", "a node is already running for this home (process %s)", strings.TrimSpace(string(pid)))
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

// Serve answers until ctx ends, and returns when no act is under way any more.
func (s *Server) Serve(ctx context.Context) error {
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { s.http.Close() })
	defer func() {
		stop()
		s.http.Close()
		s.acts.Wait()
		s.lock.Close() // nil: there was none
	}()
	s.acts.Go(func() { s.sweep(ctx) })
	for s.ln == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Second):
		}
		_ = s.listen() // said once
	}
	if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("couldn't accept on the control socket: %w", err)
	}
	return nil
}

// Restore tells a line that has just been opened who is signed on where.
//
// SPEC: CLI-013
func (s *Server) Restore(ctx context.Context, line string, l Doer) {
	for _, r := range s.desks.all() {
		if r.Line != line || sessionEnded(r.Session) {
			continue
		}
		if _, err := l.Do(ctx, r.who(), "en", act.SignOn{Officer: r.Officer}); err != nil {
			s.log.Warn("couldn't sign an officer on again", "line", line, "officer", r.Officer, "err", err)
		}
	}
}

// sweep signs off whoever's session has ended.
func (s *Server) sweep(ctx context.Context) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		for _, r := range s.desks.all() {
			if !sessionEnded(r.Session) {
				continue
			}
			if _, l, err := s.find(r.Line); err == nil {
				_, _ = l.Do(ctx, r.who(), "en", act.SignOff) // nobody is left to be told
			}
			if err := s.desks.set(r.Line, r, ""); err != nil {
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

// ServeHTTP answers one act.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.acts.Add(1)
	defer s.acts.Done()
	if err := s.act(w, r); err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write(encode(act.Reply{}, err, r.URL.Query().Get(argLang)))
	}
}

// act hands an act to its line, with what only the socket knows: desks that live as long as a watch, and sign-ons that
// outlive the node. Once something was answered it returns nil.
func (s *Server) act(w http.ResponseWriter, r *http.Request) error {
	at, err := seatOf(r.Context().Value(s).(*net.UnixConn))
	if err != nil {
		return err
	}
	args, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxArgs))
	if err != nil || r.Method != http.MethodPost {
		return hint.New("", "the request could not be read: %s %v", r.Method, err)
	}
	a, err := act.Decode(strings.TrimPrefix(r.URL.Path, "/"), args)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if q.Get(argLine) == EveryLine && s.Every != nil {
		reply, err := s.Every(r.Context(), func(line string) act.Who { return s.desks.who(line, at) }, q.Get(argLang), a)
		if err == nil {
			_, _ = w.Write(encode(reply, nil, q.Get(argLang)))
		}
		return err
	}
	line, l, err := s.find(q.Get(argLine))
	if err != nil {
		return err
	}
	who := s.desks.who(line, at)
	who.Sees, who.Keeper = q.Get(argSees) != "", at.Account == accountName(os.Geteuid())
	watch := q.Get(argWatch) != ""
	var changed <-chan struct{}
	if n, ok := l.(interface {
		Subscribe(desk string) (<-chan struct{}, func())
	}); ok && watch {
		ch, end := n.Subscribe(at.Desk)
		defer end()
		changed = ch
	}
	var reply act.Reply
	if d, ok := a.(act.SetDesk); !ok || !d.Armed {
		reply, err = l.Do(r.Context(), who, q.Get(argLang), a)
	} else if !watch {
		err = hint.New("parley desk", "a desk is armed as long as somebody sits there")
	} else {
		defer func() { _, _ = s.arm(line, l, s.desks.who(line, at), act.SetDesk{}, -1) }() // nobody is left to be told
		reply, err = s.arm(line, l, who, d, 1)
	}
	if _, on := a.(act.SignOn); on && err == nil {
		err = s.desks.set(line, at, reply.ID)
	}
	if a == act.SignOff && err == nil {
		err = s.desks.set(line, at, "")
	}
	switch {
	case err != nil:
		return err
	case reply.File != nil:
		sendFile(w, reply, q.Get(argLang))
	default:
		_, _ = w.Write(encode(reply, nil, q.Get(argLang)))
	}
	if watch {
		s.tell(w, r, changed, func() bool {
			_, now, err := s.find(line)
			return err == nil && now == l && !sessionEnded(at.Session)
		})
	}
	return nil
}

// arm counts the watches that arm a desk; the last that ends disarms it.
//
// SPEC: CLI-014
func (s *Server) arm(line string, l Doer, who act.Who, a act.SetDesk, more int) (act.Reply, error) {
	s.arming.Lock()
	defer s.arming.Unlock()
	desk := [2]string{line, who.Desk}
	if s.armed[desk] += more; s.armed[desk] > 0 && !a.Armed {
		return act.Reply{}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return l.Do(ctx, who, "en", a)
}

// tell writes a line for every change until the client goes, stops reading, or may stay no longer.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, changed <-chan struct{}, stays func() bool) {
	out := http.NewResponseController(w)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for out.Flush() == nil {
		select {
		case <-r.Context().Done():
			return
		case <-look.C:
			if !stays() {
				return
			}
		case <-changed:
			_ = out.SetWriteDeadline(time.Now().Add(tellWithin))
			_, _ = io.WriteString(w, "{}\n") // Flush says whether it went
		}
	}
}

// sendFile sends the file that is an answer while it is made; its end says whether it is whole.
func sendFile(w http.ResponseWriter, r act.Reply, lang string) {
	w.Header().Set("Content-Type", typeFile)
	w.Header().Set("Trailer", trailer)
	out := bufio.NewWriterSize(w, 64<<10)
	err := r.File(out)
	if err == nil {
		err = out.Flush()
	}
	w.Header().Set(trailer, string(encode(r, err, lang)))
}
