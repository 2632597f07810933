// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/page"
)

// boardKeeper keeps in the home what the board must know when the node starts again.
type boardKeeper string

func (k boardKeeper) path(name string) string { return filepath.Join(string(k), "board."+name) }

func (k boardKeeper) State(name string) ([]byte, error) {
	b, err := os.ReadFile(k.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (k boardKeeper) SetState(name string, b []byte) error { return home.WriteFile(k.path(name), b) }

// openBoard makes the page of all lines; it listens where the home has several.
func (s *service) openBoard() (err error) {
	l, err := s.home.Load(s.names[0])
	if err != nil {
		return err
	}
	s.boardPage = home.Page{At: s.boardAt}
	if s.boardAt == "" {
		if l.Config.Page.At == "" {
			return hint.New("parley serve --board 127.0.0.1:7479", "the first line has no page, so that the board has no address")
		}
		s.boardPage = l.Config.Page.Beside(-1)
	}
	s.board, err = page.NewBoard(page.Config{Name: "board-" + strings.Join(s.names, "-"), Hosts: s.boardPage.Hosts(l.Config.Party), Keep: boardKeeper(s.home.Dir), Log: s.log, TLS: !s.boardPage.Loopback()}, s.boardLines)
	return err
}

// keepBoard listens for the board, and again when that ends, until ctx does.
func (s *service) keepBoard(ctx context.Context) {
	for said := ""; ctx.Err() == nil; pause(ctx, tryAgain) {
		err := servePage(ctx, s.home, s.boardPage, s.board, s.log, func(*cert.Certificate) {
			s.set(control.EveryLine, nil, nil)
			s.log.Info("the board of all lines", "page", s.boardPage.At)
		})
		s.set(control.EveryLine, nil, hint.New("it is tried again by itself; each line has its own page", "%v", err))
		if ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			s.log.Error("the board is down", "err", err)
		}
	}
}

// boardLines are the lines as they are now.
func (s *service) boardLines() (out []page.BoardLine) {
	for _, n := range s.names {
		l := page.BoardLine{Name: n}
		_, d, err := s.find(n)
		l.Why = err
		if f, ok := d.(*face); ok {
			l.Node = f
			l.Page, _, l.Why = f.now()
		} else if err == nil {
			l.Why = hint.New("enter the number: parley confirm", "the line %s is being paired", n)
		}
		out = append(out, l)
	}
	return out
}

// every does what a person asks of all lines: a link to their board, and STOP.
//
// SPEC: CLI-046
func (s *service) every(ctx context.Context, whom func(line string) act.Who, lang string, a act.Act) (act.Reply, error) {
	if _, stop := a.(act.SendStop); stop {
		return act.Reply{Data: page.Each(ctx, s.boardLines(), whom, lang, a)}, nil
	}
	s.mu.Lock()
	down := s.down[control.EveryLine]
	s.mu.Unlock()
	switch {
	case a != act.Open:
		return act.Reply{}, hint.New("say which: --line NAME", "only STOP goes to every line at once")
	case down != nil:
		return act.Reply{}, down
	case s.board == nil || len(s.names) < 2:
		return act.Reply{}, hint.New("parley open", "this home has no board of several lines")
	}
	if !slices.ContainsFunc(s.names, func(n string) bool { return whom(n).Officer != "" }) {
		return act.Reply{}, hint.New("sign on first: parley sign-on --line NAME", "a link is given to a person")
	}
	url, err := s.board.BoardLink(whom, lang)
	return act.Reply{Text: url, Data: map[string]string{"url": url}}, err
}
