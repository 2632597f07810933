// SPDX-License-Identifier: Apache-2.0

package node

import (
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// absent is the Link of a line alone: nobody is there, nothing is sent, nothing comes. SPEC: ALN-010
type absent chan link.Event

func nobody(link.Config) (Link, error) { return make(absent), nil }

func (s absent) Events() <-chan link.Event              { return s }
func (absent) Signal(byte, []byte)                      {}
func (absent) SignalOn(int, byte, []byte)               {}
func (absent) Repeat(string, byte, [][]byte)            {}
func (absent) Done(string)                              {}
func (absent) SendStream([]byte) bool                   { return false }
func (absent) SendFrame(uint16, uint32, []byte)         {}
func (absent) SetAges(time.Duration, time.Duration)     {}
func (absent) Paths() []wire.PathState                  { return nil }
func (absent) Heard() (run string, _ time.Time, _ bool) { return "", time.Time{}, false }
func (absent) Regreet(string)                           {}
func (absent) Close(string) error                       { return nil }

// refuseAlone refuses what needs the other party at the line. SPEC: ALN-011
func (l *Line) refuseAlone(a act.Act) error {
	if !l.cfg.Alone || act.RuleOf(a)&act.Both == 0 {
		return nil
	}
	alone := hint.New("", "this line is alone: %s has no node on it", l.cfg.Them.Name)
	switch head, _, _ := strings.Cut(a.Verb(), "."); head {
	case "send":
		return alone.Way("state what you tell them elsewhere: parley contact add; the other party joins with: parley pair SHEET")
	case "request":
		return alone.Way("state what was sought elsewhere and what became of it: parley request record, parley request outcome; the other party joins with: parley pair SHEET")
	case "terms":
		return alone.Way("the terms change when the other party joins: parley pair SHEET")
	}
	return alone.Way("ring them by the ordinary telephone and note it: parley check note, parley call note; the other party joins with: parley pair SHEET")
}

// stopAlone says of a STOP that it stands here only. SPEC: ALN-012
func (l *Line) stopAlone(lang string) string {
	said := words.T(lang, "alone.stop", l.cfg.Them.Name)
	if n := l.terms(l.now).Fallback[l.cfg.Them.Name]; len(n) > 0 {
		return said + " " + words.T(lang, "alone.telephone", l.cfg.Them.Name, strings.Join(n, ", "))
	}
	return said
}
