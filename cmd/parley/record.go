// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
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
	"example.org/parley/internal/view"
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

// maxReadable is the longest file that read takes, in bytes: it holds the file in memory.
const maxReadable = 512 << 20

// expected adds --expect to a command, and gives what reads it.
func (a *app) expected(c *cobra.Command) func() (verify.Expected, error) {
	var expect string
	c.Flags().StringVar(&expect, "expect", "", "the party hash that one of the parties must have, or its party digits")
	return func() (o verify.Expected, err error) {
		if o.Lang = a.lang; a.json {
			o.Lang = "en"
		}
		if expect == "" {
			return o, nil
		}
		var err2 error
		if o.Party, err = wire.ParseHash(expect); err != nil || o.Party.IsZero() {
			o.Digits, err2 = party.ParseDigits(expect)
		}
		if err2 != nil {
			return o, hint.Usage("either stands on the party's identity page, and in parley sheet --json", "--expect: neither a party hash nor party digits: %v", err2)
		}
		return o, nil
	}
}

// judged opens a file for f, and ends with the code of the verdict.
func (a *app) judged(path string, f func(r io.Reader) (verify.Report, error)) error {
	file, err := os.Open(path)
	if err != nil {
		return hint.New("parley export FILE makes one", "the export cannot be read: %v", err)
	}
	defer file.Close()
	rep, err := f(file)
	if err != nil {
		return err
	}
	if code := rep.Exit(); code != exitDone {
		return exitError(code)
	}
	return nil
}

// verify says of an export, offline, whether it holds. It needs no home.
func (a *app) verify() *cobra.Command {
	c := &cobra.Command{Use: "verify FILE", Short: "Check an export or a claim offline: HOLDS, DOES NOT HOLD or CANNOT BE KNOWN.", Args: nargs(1, 1)}
	expected := a.expected(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		o, err := expected()
		if err != nil {
			return err
		}
		return a.judged(args[0], func(r io.Reader) (verify.Report, error) {
			rep := verify.Verify(r, o)
			return rep, a.say(rep, "%s", rep)
		})
	}
	return c
}

// read prints an export or a claim for a third party, offline. It needs no home.
//
// SPEC: CLI-052 CLI-054
func (a *app) read() *cobra.Command {
	var page bool
	c := &cobra.Command{Use: "read FILE", Short: "Print an export or a claim for a third party, offline: whether it holds, and who stated what.", Args: nargs(1, 1)}
	c.Flags().BoolVar(&page, "html", false, "as a page to print, which loads nothing and runs nothing")
	expected := a.expected(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		o, err := expected()
		if err != nil {
			return err
		}
		return a.judged(args[0], func(r io.Reader) (verify.Report, error) {
			rep, sound := verify.Open(&bounded{r, maxReadable}, o)
			v := view.Read(rep, sound)
			if !a.json {
				return rep, v.Draw(a.out, page)
			}
			rows := []view.LogRow{}
			err := v.Rows(func(row view.LogRow) error { rows = append(rows, row); return nil })
			return rep, cmp.Or(err, a.printJSON(map[string]any{"report": rep, "statements": rows}))
		})
	}
	return c
}

// bounded is a file of which at most so much is read.
type bounded struct {
	io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("it is longer than %d MiB, and too long to be printed", maxReadable>>20)
	}
	return n, err
}
