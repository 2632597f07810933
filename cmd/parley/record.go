// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/party"
	"example.org/parley/verify"
	"example.org/parley/wire"
)

// printJSON prints v as --json does.
func (a *app) printJSON(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("couldn't print: %w", err)
	}
	_, err = fmt.Fprintln(a.out, string(b))
	return err
}

// export writes the shared record of the line into a file.
func (a *app) export() *cobra.Command {
	var alone bool
	c := &cobra.Command{Use: "export FILE", Short: "Write the whole shared record of the line into a file, - to standard output.", Args: nargs(1, 1)}
	c.Flags().BoolVar(&alone, "alone", false, "the record of the time before the other party joined")
	c.RunE = func(c *cobra.Command, args []string) error {
		if _, err := os.Lstat(args[0]); err == nil && args[0] != "-" {
			return hint.New("choose another name: nothing is overwritten", "%s is already there", args[0])
		}
		which := map[bool]act.Plain{false: act.Export, true: act.ExportAlone}[alone]
		save := func(w io.Writer) error {
			_, err := a.node().Save(c.Context(), w, a.line, a.lang, which)
			return a.known(err)
		}
		if args[0] == "-" {
			return save(a.out)
		}
		if err := home.WriteFrom(args[0], save); err != nil {
			return err
		}
		f, err := os.Stat(args[0])
		if err != nil {
			return fmt.Errorf("couldn't look at the export: %w", err)
		}
		return a.say(map[string]any{"file": args[0], "bytes": f.Size()}, "%s: %d bytes. Anyone can check it: parley verify %s\n", args[0], f.Size(), args[0])
	}
	return c
}

// verify says of an export, offline, whether it holds. It needs no home.
func (a *app) verify() *cobra.Command {
	var expect string
	c := &cobra.Command{Use: "verify FILE", Short: "Check an export offline: HOLDS, DOES NOT HOLD or CANNOT BE KNOWN.", Args: nargs(1, 1)}
	c.Flags().StringVar(&expect, "expect", "", "the party hash that one of the parties must have, or its party digits")
	c.RunE = func(_ *cobra.Command, args []string) error {
		var o verify.Expected
		if expect != "" {
			var err, err2 error
			if o.Party, err = wire.ParseHash(expect); err != nil || o.Party.IsZero() {
				o.Digits, err2 = party.ParseDigits(expect)
			}
			if err2 != nil {
				return hint.Usage("either stands on the party's identity page, and in parley sheet --json", "--expect: neither a party hash nor party digits: %v", err2)
			}
		}
		f, err := os.Open(args[0])
		if err != nil {
			a.complain(hint.New("parley export FILE makes one", "the export cannot be read: %v", err))
			return exitError(exitNoFile)
		}
		defer f.Close()
		if o.Lang = a.lang; a.json {
			o.Lang = "en"
		}
		r := verify.Verify(f, o)
		if err := a.say(r, "%s", r); err != nil {
			return err
		}
		if code := r.Exit(); code != exitDone {
			return exitError(code)
		}
		return nil
	}
	return c
}
