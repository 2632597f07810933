// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/internal/act"
	"example.org/parley/internal/pairing"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
)

// try makes two paired homes under a directory and leaves both nodes running, with officers signed on and a desk
// armed a side. Everything is done by the verbs that a person would type.
func (a *app) try() *cobra.Command {
	var stop bool
	c := &cobra.Command{Use: "try DIR", Short: "Two paired homes in a directory, both nodes running, to try the verbs on.", Args: nargs(1, 1)}
	c.Flags().BoolVar(&stop, "stop", false, "end what was started there; the homes stay")
	c.RunE = func(c *cobra.Command, args []string) error {
		dir, err := filepath.Abs(args[0])
		if err != nil {
			return fmt.Errorf("couldn't find the directory: %w", err)
		}
		if stop {
			return a.tryStop(dir)
		}
		if es, err := os.ReadDir(dir); err == nil && len(es) > 0 {
			return &act.Error{What: dir + " is not empty", Hint: "name a directory that is not there yet; " + called() + " try --stop " + dir + " ends an earlier one"}
		}
		t := &trial{app: a, dir: dir}
		if err := t.run(c.Context()); err != nil {
			_ = a.tryStop(dir)
			return err
		}
		return nil
	}
	return c
}

// tryParties are the parties of a trial, with their officers.
var tryParties = [2][2]string{{"aurelia", "Lt Amaro"}, {"borealia", "Cpt Bruni"}}

// trial is one try being made.
//
// SPEC: CLI-034
type trial struct {
	*app
	dir string
	bin string
}

func (t *trial) home(i int) string { return filepath.Join(t.dir, tryParties[i][0]) }

// verb runs one verb in a home, as a person would type it, and gives its output.
func (t *trial) verb(ctx context.Context, i int, argv ...string) (string, error) {
	var out, errs bytes.Buffer
	argv = append([]string{"--home", t.home(i), "--lang", t.lang}, argv...)
	if code := run(ctx, argv, stdio{strings.NewReader(""), &out, &errs}); code != exitDone {
		return "", &act.Error{What: fmt.Sprintf("parley %s: %s", strings.Join(argv, " "), strings.TrimPrefix(strings.TrimSpace(errs.String()), "error: "))}
	}
	return out.String(), nil
}

func (t *trial) run(ctx context.Context) error {
	var err error
	if t.bin, err = os.Executable(); err != nil {
		return fmt.Errorf("couldn't find this program: %w", err)
	}
	for _, step := range []func(context.Context) error{t.homes, t.nodes, t.confirm, t.people} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return t.tell(ctx)
}

// homes makes both lines and carries the sheets across.
func (t *trial) homes(ctx context.Context) error {
	for i, p := range tryParties {
		if err := os.MkdirAll(t.home(i), 0o700); err != nil {
			return fmt.Errorf("couldn't make the home: %w", err)
		}
		udp, page, edge, err := freePorts()
		if err != nil {
			return err
		}
		if _, err := t.verb(ctx, i, "init", "--party", p[0], "--line", "north", "--path", "1=127.0.0.1:"+udp, "--path", "2=127.0.0.2:"+udp,
			"--page", "127.0.0.1:"+page, "--edge", "127.0.0.1:"+edge); err != nil {
			return err
		}
	}
	for i, p := range tryParties {
		sheet, err := t.verb(ctx, i, "sheet")
		if err != nil {
			return err
		}
		file := filepath.Join(t.dir, p[0]+".sheet")
		if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
			return fmt.Errorf("couldn't write the sheet: %w", err)
		}
		if _, err := t.verb(ctx, 1-i, "pair", file); err != nil {
			return err
		}
	}
	return nil
}

// freePorts finds a UDP port that is free on both loopback addresses of the paths, one for the page and one for sound.
func freePorts() (udp, page, edge string, err error) {
	fail := func(err error) (string, string, string, error) {
		return "", "", "", fmt.Errorf("couldn't find free ports: %w", err)
	}
	for range 20 {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return fail(err)
		}
		defer c.Close() // held until all are found
		_, udp, _ := net.SplitHostPort(c.LocalAddr().String())
		d, err := net.ListenPacket("udp", "127.0.0.2:"+udp)
		if err != nil {
			continue
		}
		d.Close()
		e, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return fail(err)
		}
		defer e.Close()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fail(err)
		}
		defer l.Close()
		_, edge, _ := net.SplitHostPort(e.LocalAddr().String())
		_, page, _ := net.SplitHostPort(l.Addr().String())
		return udp, page, edge, nil
	}
	return fail(errors.New("127.0.0.2 has none"))
}

// nodes starts both nodes, on their own: they go on after this program.
func (t *trial) nodes(context.Context) error {
	for i := range tryParties {
		if err := t.detach(i, "node", "serve"); err != nil {
			return err
		}
	}
	return nil
}

// detach starts a verb in a session of its own, with a log and a pid file in the home.
func (t *trial) detach(i int, name string, argv ...string) error {
	log, err := os.OpenFile(filepath.Join(t.home(i), name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("couldn't open the log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(t.bin, append([]string{"--home", t.home(i), "--lang", t.lang}, argv...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("couldn't start %s: %w", name, err)
	}
	pid := strconv.Itoa(cmd.Process.Pid) + "\n"
	go func() { _ = cmd.Wait() }() // no zombie while we live
	if err := os.WriteFile(filepath.Join(t.home(i), name+".pid"), []byte(pid), 0o600); err != nil {
		return fmt.Errorf("couldn't write the pid file: %w", err)
	}
	return nil
}

// until asks again, until f is content or the time is over; then it says what f said last.
func until(ctx context.Context, what string, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not come about: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// confirm reads each end's number and types it at the other.
func (t *trial) confirm(ctx context.Context) error {
	var numbers [2]string
	for i := range tryParties {
		if err := until(ctx, "the pairing", func() error {
			out, err := t.verb(ctx, i, "confirm", "--json")
			if err != nil {
				return err
			}
			var v pairing.View
			if err := json.Unmarshal([]byte(out), &v); err != nil || v.State != "ready" {
				return fmt.Errorf("%s is %s: %w", tryParties[i][0], v.State, errors.Join(err, errors.New("not ready")))
			}
			numbers[i] = v.Number
			return nil
		}); err != nil {
			return err
		}
	}
	for i := range tryParties {
		if _, err := t.verb(ctx, i, "confirm", numbers[1-i]); err != nil {
			return err
		}
	}
	return nil
}

// people enrols an officer a side, signs him on here, and arms a desk that stays.
func (t *trial) people(ctx context.Context) error {
	for i, p := range tryParties {
		if err := until(ctx, "the line", func() error {
			out, err := t.verb(ctx, i, "status", "--json")
			if err != nil {
				return err
			}
			var v view.StatusView
			if err := json.Unmarshal([]byte(out), &v); err != nil || v.Header.Peer == "" {
				return fmt.Errorf("%s is not in service: %w", p[0], errors.Join(err, errors.New("still pairing")))
			}
			return nil
		}); err != nil {
			return err
		}
		if _, err := t.verb(ctx, i, "officer", "add", p[1]); err != nil {
			return err
		}
		if _, err := t.verb(ctx, i, "sign-on"); err != nil {
			return err
		}
		if err := t.detach(i, "desk", "desk", "--sign-on", "--quiet"); err != nil {
			return err
		}
	}
	return nil
}

// tell waits until both ends see a desk, and says what to try.
func (t *trial) tell(ctx context.Context) error {
	for i := range tryParties {
		if err := until(ctx, "a desk at the other end", func() error {
			out, err := t.verb(ctx, i, "status", "--json")
			var v view.StatusView
			if err == nil {
				err = json.Unmarshal([]byte(out), &v)
			}
			if err == nil && v.Liveness.WeSee.Desk.State != "armed" {
				err = fmt.Errorf("%s sees the desk %q", tryParties[i][0], v.Liveness.WeSee.Desk.State)
			}
			return err
		}); err != nil {
			return err
		}
	}
	us := called()
	try := []string{
		fmt.Sprintf("%s --home %s status", us, t.home(0)),
		fmt.Sprintf("%s --home %s send --precedence FLASH --respond \"Is the aircraft over the strait yours?\"", us, t.home(0)),
		fmt.Sprintf("%s --home %s inbox", us, t.home(1)),
	}
	return t.say(map[string]any{"dir": t.dir, "homes": []string{t.home(0), t.home(1)}, "try": try},
		"Two parties, one line, nobody between: aurelia and borealia are paired, both nodes run, an officer is signed on and a desk is armed at each end.\nTry:\n  %s\nEnd it:\n  %s try --stop %s\n",
		strings.Join(try, "\n  "), us, t.dir)
}

// called is how this program was called: what is printed to be typed works where it was typed.
func called() string {
	if strings.Contains(os.Args[0], "/") {
		return os.Args[0]
	}
	return "parley"
}

// tryStop ends what a trial started, by its pid files, and only if these processes are still what they were.
func (a *app) tryStop(dir string) error {
	found := 0
	for _, p := range tryParties {
		for _, name := range []string{"desk", "node"} {
			file := filepath.Join(dir, p[0], name+".pid")
			b, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			found++
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err == nil && pid > 1 && runsIn(pid, filepath.Join(dir, p[0])) {
				end(pid)
			}
			if err := os.Remove(file); err != nil {
				return fmt.Errorf("couldn't remove the pid file: %w", err)
			}
		}
	}
	if found == 0 {
		return &verbs.UsageError{What: "nothing was started in " + dir, Hint: "parley try " + dir}
	}
	fmt.Fprintln(a.err, "stopped; the homes are still in", dir)
	return nil
}

// runsIn reports whether a process is one of ours for that home.
func runsIn(pid int, home string) bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return err == nil && bytes.Contains(b, []byte("\x00--home\x00"+home+"\x00"))
}

// end asks a process to end, and makes it after five seconds.
func end(pid int) {
	_ = syscall.Kill(pid, syscall.SIGTERM)
	for range 50 {
		if syscall.Kill(pid, 0) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
