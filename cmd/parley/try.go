// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/story"
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
			return hint.New("", "%s is not empty", dir).Way("name a directory that is not there yet; %s try --stop %s ends an earlier one", called(), dir)
		}
		if err := a.tryStart(c.Context(), dir); err != nil {
			_ = a.tryStop(dir)
			return err
		}
		return nil
	}
	return c
}

// tryStart makes a world that outlives this program, and says what to try on it.
//
// SPEC: CLI-034
func (a *app) tryStart(ctx context.Context, dir string) error {
	w := &story.World{Dir: dir, Stay: true}
	if err := w.Make(); err != nil {
		return err
	}
	if err := w.Play(ctx, func(story.Scene) {}, story.Seat); err != nil {
		return err
	}
	us, homes := called(), []string{w.Sites[0].Home.Dir, w.Sites[1].Home.Dir}
	try := []string{
		fmt.Sprintf("%s --home %s status", us, homes[0]),
		fmt.Sprintf("%s --home %s send --precedence FLASH --respond \"Is the aircraft over the strait yours?\"", us, homes[0]),
		fmt.Sprintf("%s --home %s inbox", us, homes[1]),
	}
	return a.say(map[string]any{"dir": dir, "homes": homes, "try": try},
		"Two parties, one line, nobody between: aurelia and borealia are paired, both nodes run, an officer is signed on and a desk is armed at each end.\nTry:\n  %s\nEnd it:\n  %s try --stop %s\n",
		strings.Join(try, "\n  "), us, dir)
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
	for _, p := range []string{story.Aurelia, story.Borealia} {
		for _, name := range []string{"desk", "node"} {
			file := filepath.Join(dir, p, name+".pid")
			b, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			found++
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err == nil && pid > 1 && runsIn(pid, filepath.Join(dir, p)) {
				end(pid)
			}
			if err := os.Remove(file); err != nil {
				return fmt.Errorf("couldn't remove the pid file: %w", err)
			}
		}
	}
	if found == 0 {
		return hint.Usage("", "nothing was started in %s", dir).Way("parley try %s", dir)
	}
	fmt.Fprintf(a.err, a.tr("stopped; the homes are still in %s\n"), dir)
	return nil
}

// runsIn reports whether a process is one of ours for that home.
func runsIn(pid int, home string) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
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
