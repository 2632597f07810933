// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/recording"
)

// recording looks after the recordings of calls. It needs no node; opening them needs no home either.
//
// SPEC: RCD-010 RCD-011
func (a *app) recording() *cobra.Command {
	c := group("recording", "The recordings of calls that lie on this machine.")
	list := &cobra.Command{Use: "list", Short: "List them, with the SHA-256 of each file.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		l, err := a.load()
		if err != nil {
			return err
		}
		all, err := recording.List(filepath.Join(l.Dir, recording.Place), true)
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(all)
		}
		for _, k := range all {
			word := ""
			switch {
			case !k.Erased.IsZero():
				word = a.tr("erased")
			case k.Hold:
				word = a.tr("kept")
			}
			fmt.Fprintf(a.out, "%s  %s  %s\n", k.Call, k.At.UTC().Format("2006-01-02 15:04Z"), word)
			for _, f := range k.Files {
				fmt.Fprintf(a.out, "  %s  %d  %s\n", f.SHA256, f.Bytes, f.Name)
			}
		}
		return nil
	}}
	c.AddCommand(list, a.recordingKeep(), a.recordingOpen())
	return c
}

func (a *app) recordingKeep() *cobra.Command {
	var free bool
	c := &cobra.Command{Use: "keep CALL", Short: "Keep a recording from being erased when its time is over.", Args: nargs(1, 1)}
	c.Flags().BoolVar(&free, "free", false, "no longer")
	c.RunE = func(_ *cobra.Command, args []string) error {
		l, err := a.load()
		if err != nil {
			return err
		}
		dir := filepath.Join(l.Dir, recording.Place)
		if _, err := call.ParseID(args[0]); err != nil {
			return hint.New("see: parley recording list", "%q is no call", args[0])
		}
		k, err := recording.Of(dir, args[0])
		if err == nil && len(k.Files) == 0 {
			err = hint.New("see: parley recording list", "there is no recording of %s", args[0])
		}
		if err == nil {
			err = recording.Hold(dir, args[0], !free)
		}
		if err != nil {
			return err
		}
		if free {
			return a.say(map[string]any{"call": args[0], "kept": false}, "The recording of %s is erased when its time is over.\n", args[0])
		}
		return a.say(map[string]any{"call": args[0], "kept": true}, "The recording of %s is kept until it is freed: parley recording keep --free %s\n", args[0], args[0])
	}
	return c
}

func (a *app) recordingOpen() *cobra.Command {
	var identity string
	c := &cobra.Command{Use: "open DIR TO", Short: "Decrypt a recording, with the key that is kept elsewhere, into another directory.", Args: nargs(2, 2)}
	c.Flags().StringVar(&identity, "identity", "", "file of the key, as age-keygen made it")
	c.RunE = func(_ *cobra.Command, args []string) error {
		var ids []age.Identity
		if identity != "" {
			b, err := small(identity)
			if err != nil {
				return err
			}
			if ids, err = age.ParseIdentities(bytes.NewReader(b)); err != nil {
				return hint.New("the file that age-keygen made", "the key cannot be read: %v", err)
			}
		}
		names, err := recording.OpenAll(args[0], args[1], ids...)
		if err != nil && len(names) == 0 {
			return hint.New("name the directory of one call; of encrypted files the key: --identity FILE", "%v", err)
		}
		if e := a.say(map[string]any{"files": names}, "%s\n", strings.Join(names, "\n")); e != nil || err == nil {
			return e
		}
		return hint.New("what could be opened of these files is there", "%v", err)
	}
	return c
}
