// SPDX-License-Identifier: Apache-2.0

// Package story plays Parley on real nodes: the demo that stays up, the same told without a person
// (demo --once), two homes to try things with (try), and the nodes of the benches.
//
// A World is two homes, two nodes as child processes of this one, and two cables between them
// (forwarders of ours, since a kernel that can lose packets is rare). Everything in it is done by the
// ordinary verbs of the command line; what only a demo can do (pull a cable, freeze, kill or starve a
// node, forge a word) is done to the world, never to the product. The children die with it, unless it is
// made to outlive this process.
//
// What happens in a world is a text: a Script, in the words of the command line (seat.txt, opening.txt,
// rest.txt). The conversations of internal/sim are Scripts too, on simulated time, and so is a story's file,
// which Simulated plays: two nodes in this process, on a clock that skips the days in which nothing is due.
//
//	script.go    the language of the texts; stage.go what a World does of it
//	world.go     homes, processes, cables; demo.go the demo that stays up
//	telephone.go telephones in networks of their own; edges.go calls between every two sorts of edge, by what each heard
//	file.go      a story's file, read and checked; simulated.go what is done of it, clock.go its time
package story

import (
	"bufio"
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
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/page"
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

// Site is one party of the world.
type Site struct {
	Home home.Home
	Host string // under which its page is asked: aurelia.demo.localhost:7480
	port int    // of the page

	mu            sync.Mutex // guards what follows, but for the name
	page.DemoPart            // its name, and how it is
	cmd           *exec.Cmd
	ended         chan struct{} // closed when the process has ended
}

// World is two parties and the cables between them.
type World struct {
	Dir      string        // where the homes are made; it must be empty or absent
	Frame    string        // origin of the demo's page, "" for none
	Hosts    [2]string     // names of the two desks' pages: aurelia.demo.localhost
	Demo     bool          // its statements are marked exercise and its pages say demo
	Log      io.Writer     // where the children's logs go
	Bin      string        // the binary; "" is this process's own
	Tone     float64       // Hz that desks send where a story listens
	Phones   [2]*Handset   // of the two houses; nil: none
	Patience time.Duration // of a start; 15 s at least
	Stay     bool          // make what outlives this process: no cables, nodes and desks with a log and a pid file in their homes

	Sites   [2]*Site
	Cables  []*linktest.Forwarder              // 1, 2
	seats   map[string]func(line string) error // what officers type who sit at a desk of their own
	leave   [2]func()                          // ends what keeps a desk of each site armed
	numbers map[string]string                  // that were read out, by party: with both, a node that answers is one whose line is in service
	paired  bool                               // the homes were, before their nodes ran
	tone    bool                               // calls sound a tone
	heard   map[string]float64                 // figures of the last call that was listened to
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// Make makes the homes, the sheets and the cables; nothing runs yet but the forwarders.
func (w *World) Make() (err error) {
	w.Demo, w.numbers = w.Demo || w.Frame != "", map[string]string{}
	w.seats = map[string]func(string) error{}
	if w.Log == nil {
		w.Log = io.Discard
	}
	if w.Bin == "" {
		if w.Bin, err = os.Executable(); err != nil {
			return fmt.Errorf("couldn't find the binary: %w", err)
		}
	}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	var udp [2]netip.AddrPort
	for i, name := range []string{Aurelia, Borealia} {
		w.Sites[i] = &Site{Home: home.Home{Dir: filepath.Join(w.Dir, name)}, DemoPart: page.DemoPart{Kind: "party", Name: name, State: killed}}
		if err := os.MkdirAll(w.Sites[i].Home.Dir, 0o700); err != nil {
			return fmt.Errorf("couldn't make the home: %w", err)
		}
		if udp[i], err = freeUDP(); err != nil {
			return err
		}
	}
	for n := uint64(1); n <= 2 && !w.Stay; n++ {
		f, err := linktest.NewForwarder(loopback, loopback, udp[0], udp[1], n)
		if err != nil {
			return fmt.Errorf("couldn't lay a cable: %w", err)
		}
		w.Cables = append(w.Cables, f)
	}
	for i, s := range w.Sites {
		if err := w.init(i, s, udp[i]); err != nil {
			return err
		}
	}
	for i, s := range w.Sites {
		sheet, err := w.Exec(w.Sites[1-i], "sheet")
		if err != nil {
			return err
		}
		file := filepath.Join(s.Home.Dir, "their.sheet")
		if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
			return fmt.Errorf("couldn't write the sheet: %w", err)
		}
		if _, err := w.Exec(s, "pair", file); err != nil {
			return err
		}
		if p := w.Phones[i]; p != nil {
			if err := w.join(s, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// init makes a side's home, with two paths: over the cables, or between two addresses of this machine.
func (w *World) init(i int, s *Site, udp netip.AddrPort) (err error) {
	if s.port, err = freeTCP(); err != nil {
		return err
	}
	edge, err := freeUDP()
	if err != nil {
		return err
	}
	s.Host = fmt.Sprintf("127.0.0.1:%d", s.port)
	if w.Hosts[i] != "" {
		s.Host = fmt.Sprintf("%s:%d", w.Hosts[i], s.port)
	}
	argv := []string{"init", "--same-machine", "--party", s.Name, "--page", fmt.Sprintf("127.0.0.1:%d", s.port), "--edge", edge.String()}
	for n := range 2 {
		path := fmt.Sprintf("%d=127.0.0.%d:%d", n+1, n+1, udp.Port())
		if !w.Stay { // where the other end finds us: a cable's far side
			path = fmt.Sprintf("%d=%s@%s", n+1, udp, [2]netip.AddrPort{w.Cables[n].PortB(), w.Cables[n].PortA()}[i])
		}
		argv = append(argv, "--path", path)
	}
	_, err = w.Exec(s, argv...)
	return err
}

// sit sits an officer down at a desk in a session of his own, as at another terminal. It is left when this process ends.
func (w *World) sit(s *Site, name, officer string) error {
	cmd := exec.Command("/bin/sh", "-c", `p() { "$bin" --home "$home" "$@"; }; p sign-on "$0" >&2 || exit; p desk --quiet >&2 & while read -r line; do if said=$(p $line 2>&1); then echo; else echo "refused: $said" | tr '\n' ' '; echo; fi; done`, officer)
	cmd.Env, cmd.Stderr = append(os.Environ(), "bin="+w.Bin, "home="+s.Home.Dir), w.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	out, said := io.Pipe() // which outlives Wait, as StdoutPipe does not
	cmd.Stdout = said
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("couldn't sit %s down: %w", officer, err)
	}
	go func() { _ = said.CloseWithError(cmd.Wait()) }()
	answers := bufio.NewReader(out)
	w.seats[name] = func(line string) error {
		if line == "" { // he leaves
			return in.Close()
		}
		if _, err := fmt.Fprintln(in, line); err != nil {
			return err
		}
		answer, err := answers.ReadString('\n')
		if answer = strings.TrimSpace(answer); err == nil && answer != "" {
			err = errors.New(answer)
		}
		return err
	}
	return nil
}

// site finds a party's site.
func (w *World) site(party string) (*Site, error) {
	for _, s := range w.Sites {
		if s.Name == party {
			return s, nil
		}
	}
	return nil, fmt.Errorf("there is no party %q here", party)
}

// Exec runs one verb of the binary for a side, as a person would, and gives its standard output.
func (w *World) Exec(s *Site, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.Bin, append([]string{"--home", s.Home.Dir, "--line", lineName}, argv...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: parley %s: %w: %s", s.Name, strings.Join(argv, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Start starts a side's node.
func (w *World) Start(s *Site) error {
	argv := []string{"serve", "--page-host", s.Host}
	if w.Frame != "" {
		argv = append(argv, "--page-host", third(s.Host), "--frame", w.Frame)
	}
	if w.Demo {
		argv = append(argv, "--demo")
	}
	cmd, err := w.spawn(s, "node", argv...)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s.mu.Lock()
	s.cmd, s.ended, s.State, s.Broken = cmd, ended, starting, false
	s.mu.Unlock()
	return w.ready(s)
}

// spawn starts a verb as a child that dies with this process, or, in a world that stays, in a session of its own.
func (w *World) spawn(s *Site, name string, argv ...string) (*exec.Cmd, error) {
	cmd := exec.Command(w.Bin, append([]string{"--home", s.Home.Dir}, argv...)...)
	cmd.Stdout, cmd.Stderr = w.Log, w.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if w.Stay {
		log, err := os.OpenFile(filepath.Join(s.Home.Dir, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, fmt.Errorf("couldn't open the log: %w", err)
		}
		defer log.Close()
		cmd.Stdout, cmd.Stderr = log, log
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("couldn't start %s's %s: %w", s.Name, name, err)
	}
	if !w.Stay {
		return cmd, nil
	}
	if err := os.WriteFile(filepath.Join(s.Home.Dir, name+".pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		return nil, fmt.Errorf("couldn't write the pid file: %w", err)
	}
	return cmd, nil
}

// ready waits until the node answers on its socket.
func (w *World) ready(s *Site) error {
	for end := time.Now().Add(max(15*time.Second, w.Patience)); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.ended:
			return fmt.Errorf("%s's node ended at once: see its log", s.Name)
		default:
		}
		_, err := w.Act(s, act.Status)
		if err == nil || !w.paired && len(w.numbers) < 2 && !errors.Is(err, control.ErrNotRunning) {
			s.set(running)
			return nil
		}
	}
	return fmt.Errorf("%s's node does not answer", s.Name)
}

func (s *Site) set(state string) { s.mu.Lock(); s.State = state; s.mu.Unlock() }

// Pid is the node's process, 0 while none runs.
func (s *Site) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.State == killed {
		return 0
	}
	return s.cmd.Process.Pid
}

// now is how it is.
func (s *Site) now() page.DemoPart { s.mu.Lock(); defer s.mu.Unlock(); return s.DemoPart }

// Kill ends a node as a power cut would.
func (w *World) Kill(s *Site) { w.end(s, syscall.SIGKILL) }

func (w *World) end(s *Site, sig syscall.Signal) {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.State = killed
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
func (w *World) Freeze(s *Site, on bool) error {
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
func (w *World) Spoil(s *Site, on bool) error {
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
	s.Broken = on
	s.mu.Unlock()
	return nil
}

// cable finds one by its label.
func (w *World) cable(label string) (*linktest.Forwarder, error) {
	if n, err := strconv.Atoi(label); err == nil && n >= 1 && n <= len(w.Cables) {
		return w.Cables[n-1], nil
	}
	return nil, fmt.Errorf("no cable %s", label)
}

func pulled(c *linktest.Forwarder) bool { w, _ := c.Counts(); return w.Cut }

// Act does one act on a side.
func (w *World) Act(s *Site, a act.Act) (act.Reply, error) {
	r, err := control.To(s.Home).Do(context.Background(), lineName, "en", a)
	if err != nil {
		return r, fmt.Errorf("%s: %s: %w", s.Name, a.Verb(), err)
	}
	return r, nil
}

// Close ends everything that the world started.
func (w *World) Close() {
	for _, seat := range w.seats {
		_ = seat("")
	}
	for i, s := range w.Sites {
		if s != nil {
			w.Disarm(i)
			w.end(s, syscall.SIGTERM)
		}
	}
	for _, c := range w.Cables {
		c.Close()
	}
}

// freeUDP finds a port that is free on both addresses of the paths.
func freeUDP() (_ netip.AddrPort, err error) {
	for range 20 {
		var c, d *net.UDPConn
		if c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback)); err != nil {
			break
		}
		at := c.LocalAddr().(*net.UDPAddr).AddrPort()
		d, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: int(at.Port())})
		c.Close()
		if err == nil {
			return at, d.Close()
		}
	}
	return netip.AddrPort{}, fmt.Errorf("couldn't find a free port: %w", err)
}

func freeTCP() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("couldn't find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
