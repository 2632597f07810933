// SPDX-License-Identifier: Apache-2.0

// Package story plays Parley on real nodes: the demo that stays up, the same told without a person
// (demo --once), and two homes to try things with (try).
//
// A World is two homes, two nodes as child processes of this one, and two cables between them
// (forwarders of ours, since a kernel that can lose packets is rare). Everything in it is done by the
// ordinary verbs of the command line; what only a demo can do (pull a cable, freeze, kill or starve a
// node, forge a byte) is done to the world, never to the product. The children die with it.
//
// It is not a test world: time is real here. See internal/sim for conversations on simulated time.
package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/verbs"
)

// Names of the parties, and of the line between them.
const (
	Aurelia  = "aurelia"
	Borealia = "borealia"
	lineName = "north"
)

// States of a node's process.
const (
	running  = "running"
	starting = "starting"
	frozen   = "frozen"
	killed   = "killed"
)

// Side is one party of the world.
type Side struct {
	Name string
	Home home.Home
	Host string // under which its page is asked: aurelia.demo.localhost:7480
	port int    // of the page

	mu      sync.Mutex // guards what follows
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has ended
	state   string
	spoiled bool
	opened  int // grows when its page must be opened anew
}

// World is two parties and the cables between them.
type World struct {
	Dir    string
	Sides  [2]*Side
	Cables []*Cable
	demo   bool
	paired bool   // the genesis stands: a node that answers is one whose line is in service
	frame  string // origin of the demo's page
	bin    string
	log    io.Writer
}

// Cable is one path.
type Cable struct {
	Label string
	*linktest.Forwarder
	mu     sync.Mutex // guards what follows
	pulled bool
	ms     float64 // round trip, as aurelia's node measures it
}

func (c *Cable) rtt(ms float64) { c.mu.Lock(); c.ms = ms; c.mu.Unlock() }

// Options of a world.
type Options struct {
	Dir   string    // where the homes are made; it must be empty or absent
	Frame string    // origin of the demo's page, "" for none
	Hosts [2]string // names of the two desks' pages: aurelia.demo.localhost
	Demo  bool      // its statements are marked exercise and its pages say demo
	Log   io.Writer // where the children's logs go
	Bin   string    // the binary; "" is this process's own
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// New makes the homes, the sheets and the cables; nothing runs yet but the forwarders.
func New(o Options) (*World, error) {
	w := &World{Dir: o.Dir, frame: o.Frame, demo: o.Demo || o.Frame != "", bin: o.Bin, log: o.Log}
	if w.log == nil {
		w.log = io.Discard
	}
	var err error
	if w.bin == "" {
		if w.bin, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("couldn't find the binary: %w", err)
		}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make %s: %w", o.Dir, err)
	}
	var udp [2]*net.UDPAddr
	for i, name := range []string{Aurelia, Borealia} {
		if udp[i], err = freeUDP(); err != nil {
			return nil, err
		}
		w.Sides[i] = &Side{Name: name, Home: home.Home{Dir: filepath.Join(o.Dir, name)}, state: killed}
	}
	for n := range 2 {
		f, err := linktest.NewForwarder(loopback, loopback, udp[0].AddrPort(), udp[1].AddrPort(), uint64(n+1))
		if err != nil {
			w.Close()
			return nil, fmt.Errorf("couldn't lay a cable: %w", err)
		}
		w.Cables = append(w.Cables, &Cable{Label: fmt.Sprint(n + 1), Forwarder: f})
	}
	for i, s := range w.Sides {
		if s.port, err = freeTCP(); err != nil {
			return nil, err
		}
		edge, err := freeUDP()
		if err != nil {
			return nil, err
		}
		s.Host = fmt.Sprintf("127.0.0.1:%d", s.port)
		if o.Hosts[i] != "" {
			s.Host = fmt.Sprintf("%s:%d", o.Hosts[i], s.port)
		}
		argv := []string{"init", "--party", s.Name, "--page", fmt.Sprintf("127.0.0.1:%d", s.port), "--edge", edge.String()}
		for _, c := range w.Cables {
			reach := c.PortB() // where the other end finds us
			if i == 1 {
				reach = c.PortA()
			}
			argv = append(argv, "--path", fmt.Sprintf("%s=%s@%s", c.Label, udp[i], reach))
		}
		if _, err := w.Exec(s, argv...); err != nil {
			w.Close()
			return nil, err
		}
	}
	for i, s := range w.Sides {
		sheet, err := w.Exec(w.Sides[1-i], "sheet")
		if err != nil {
			return nil, err
		}
		file := filepath.Join(s.Home.Dir, "their.sheet")
		if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
			return nil, err
		}
		if _, err := w.Exec(s, "pair", file); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Side gives a party by name.
func (w *World) Side(name string) *Side {
	for _, s := range w.Sides {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Exec runs one verb of the binary for a side, as a person would, and gives its standard output.
func (w *World) Exec(s *Side, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.bin, append([]string{"--home", s.Home.Dir, "--line", lineName}, argv...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: parley %s: %w: %s", s.Name, strings.Join(argv, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Start starts a side's node as a child that dies with this process.
func (w *World) Start(s *Side) error {
	argv := []string{"--home", s.Home.Dir, "serve", "--page-host", s.Host}
	if w.frame != "" {
		argv = append(argv, "--frame", w.frame)
	}
	if w.demo {
		argv = append(argv, "--demo")
	}
	cmd := exec.Command(w.bin, argv...)
	cmd.Stdout, cmd.Stderr = w.log, w.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("couldn't start %s's node: %w", s.Name, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s.mu.Lock()
	s.cmd, s.ended, s.state = cmd, ended, starting
	s.spoiled = false
	s.mu.Unlock()
	return w.ready(s)
}

// ready waits until the node answers on its socket.
func (w *World) ready(s *Side) error {
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.ended:
			return fmt.Errorf("%s's node ended at once: see its log", s.Name)
		default:
		}
		_, err := w.Act(s, act.Status{})
		if refused := new(act.Error); err == nil || !w.paired && errors.As(err, &refused) {
			s.set(running)
			return nil
		}
	}
	return fmt.Errorf("%s's node does not answer", s.Name)
}

func (s *Side) set(state string) { s.mu.Lock(); s.state = state; s.mu.Unlock() }

// Pid is the node's process, 0 while none runs.
func (s *Side) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.state == killed {
		return 0
	}
	return s.cmd.Process.Pid
}

// Dead reports whether no node of a side runs.
func (w *World) Dead(s *Side) bool { return s.Pid() == 0 }

// Stop ends a node in an orderly way.
func (w *World) Stop(s *Side) { w.end(s, syscall.SIGTERM) }

// Kill ends it as a power cut would.
func (w *World) Kill(s *Side) { w.end(s, syscall.SIGKILL) }

func (w *World) end(s *Side, sig syscall.Signal) {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.state = killed
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
	_ = cmd.Process.Signal(sig)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
	}
}

// Freeze stops a node's process, or lets it go on.
func (w *World) Freeze(s *Side, on bool) error {
	sig, state := syscall.SIGSTOP, frozen
	if !on {
		sig, state = syscall.SIGCONT, running
	}
	pid := s.Pid()
	if pid == 0 {
		return errors.New("no node runs")
	}
	s.set(state)
	return syscall.Kill(pid, sig)
}

// Spoil makes every write of a node fail as on a full disk (a file size limit of 0), or mends it.
// chmod would do nothing to root.
func (w *World) Spoil(s *Side, on bool) error {
	pid := s.Pid()
	if pid == 0 {
		return errors.New("no node runs")
	}
	lim := unix.Rlimit{Cur: 0, Max: unix.RLIM_INFINITY}
	if !on {
		lim.Cur = unix.RLIM_INFINITY
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &lim, nil); err != nil {
		return fmt.Errorf("couldn't spoil the disk of %s: %w", s.Name, err)
	}
	s.mu.Lock()
	s.spoiled = on
	s.mu.Unlock()
	return nil
}

// Pull pulls a cable, or plugs it in again.
func (c *Cable) Pull(on bool) {
	c.mu.Lock()
	c.pulled = on
	c.mu.Unlock()
	if on {
		c.Cut(linktest.Both)
	} else {
		c.Restore(linktest.Both)
	}
}

// Pulled reports whether it is.
func (c *Cable) Pulled() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.pulled }

// Do does one act on a side by a command line, over its control socket: the act's answer when it is on disk.
func (w *World) Do(s *Side, argv ...string) (control.Reply, error) {
	a, err := verbs.Parse(argv, time.Now())
	if err != nil {
		return control.Reply{}, fmt.Errorf("parley %s: %w", strings.Join(argv, " "), err)
	}
	return w.Act(s, a)
}

// Act does one act on a side.
func (w *World) Act(s *Side, a act.Act) (control.Reply, error) {
	c, err := control.Dial(s.Home)
	if err != nil {
		return control.Reply{}, err
	}
	defer c.Close()
	r, err := c.Do(lineName, "en", a)
	if err != nil {
		return r, fmt.Errorf("%s: %s: %w", s.Name, a.Verb(), err)
	}
	return r, nil
}

// Close ends everything that the world started.
func (w *World) Close() {
	for _, s := range w.Sides {
		if s != nil {
			w.Stop(s)
		}
	}
	for _, c := range w.Cables {
		c.Forwarder.Close()
	}
}

func freeUDP() (*net.UDPAddr, error) {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("couldn't find a free port: %w", err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr), nil
}

func freeTCP() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("couldn't find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
