// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"example.org/parley/claim"
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
		return a.saved(c, args[0], map[bool]act.Plain{false: act.Export, true: act.ExportAlone}[alone])
	}
	return c
}

// claim states a claim and writes the file that goes with it.
func (a *app) claim() *cobra.Command {
	var q act.ClaimAsk
	c := &cobra.Command{Use: "claim --since WHEN FILE", Short: "State figures of the line, and write a file from which anyone can recompute them.", Args: nargs(1, 1),
		RunE: func(c *cobra.Command, args []string) error { return a.saved(c, args[0], q) }}
	c.Flags().StringVar(&q.Since, "since", "", "an event's name or a date")
	c.Flags().StringSliceVar(&q.Figures, "figure", nil, "only these of: "+strings.Join(claim.Figures, ", "))
	return c
}

// draft writes the page of a draft for the press, which a second officer reads.
func (a *app) draft(c *cobra.Command, x act.PressDraft) error {
	return a.written(c, x.File, x, func(int64) error {
		return a.say(map[string]any{"file": x.File}, "%s: the draft, which a second officer reads. To release it: parley statement release %[1]s\n", x.File)
	})
}

// maxPage bounds the page of a draft.
const maxPage = 64 << 10

// release puts the statement for the press in the place of the page that was read.
//
// SPEC: PRS-007
func (a *app) release(c *cobra.Command, x act.PressRelease) error {
	f, err := os.Open(x.File)
	if err != nil {
		return hint.New("parley statement draft FILE makes one", "the draft cannot be read: %v", err)
	}
	defer f.Close()
	page, err := io.ReadAll(io.LimitReader(f, maxPage))
	if err != nil {
		return hint.New("parley statement draft FILE makes one", "the draft cannot be read: %v", err)
	}
	if strings.HasPrefix(string(page), verify.ClaimMagic) {
		return hint.New("check it: parley verify FILE", "%s is released already: it is a claim's file", x.File)
	}
	x.Page = strings.ToValidUTF8(string(page), "")
	return a.put(c, x.File, x, a.checkable(x.File))
}

// saved writes the file that is the answer to an act.
func (a *app) saved(c *cobra.Command, path string, what act.Act) error {
	return a.written(c, path, what, a.checkable(path))
}

// checkable says of a file that anyone can check it.
func (a *app) checkable(path string) func(int64) error {
	return func(n int64) error {
		return a.say(map[string]any{"file": path, "bytes": n}, "%s: %d bytes. Anyone can check it: parley verify %s\n", path, n, path)
	}
}

// written is put for a file that is new.
func (a *app) written(c *cobra.Command, path string, what act.Act, then func(int64) error) error {
	if _, err := os.Lstat(path); err == nil && path != "-" {
		return hint.New("choose another name: nothing is overwritten", "%s is already there", path)
	}
	return a.put(c, path, what, then)
}

// put writes the answer to an act in the place of a file.
func (a *app) put(c *cobra.Command, path string, what act.Act, then func(int64) error) error {
	save := func(w io.Writer) error {
		_, err := a.node().Save(c.Context(), w, a.line, a.lang, what)
		return a.known(err)
	}
	if path == "-" {
		return save(a.out)
	}
	if err := home.WriteFrom(path, save); err != nil {
		return err
	}
	f, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("couldn't look at the file: %w", err)
	}
	return then(f.Size())
}

// verify says of an export, offline, whether it holds. It needs no home.
func (a *app) verify() *cobra.Command {
	var expect string
	var page bool
	c := &cobra.Command{Use: "verify FILE", Short: "Check an export or a claim offline: HOLDS, DOES NOT HOLD or CANNOT BE KNOWN.", Args: nargs(1, 1)}
	c.Flags().StringVar(&expect, "expect", "", "the party hash that one of the parties must have, or its party digits")
	c.Flags().BoolVar(&page, "html", false, "as one page to print")
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
		text := r.String()
		if page {
			text = r.HTML()
		}
		if err := a.say(r, "%s", text); err != nil {
			return err
		}
		if code := r.Exit(); code != exitDone {
			return exitError(code)
		}
		return nil
	}
	return c
}
