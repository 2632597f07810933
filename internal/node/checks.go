// SPDX-License-Identifier: Apache-2.0

package node

import (
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/view"
	"example.org/parley/record"
)

type checks struct{ l *Line }

func newChecks(l *Line) *checks                                           { return &checks{l} }
func (c *checks) fromPeer([]byte)                                         {}
func (c *checks) arrived(*record.Entry)                                   {}
func (c *checks) held(*record.Entry)                                      {}
func (c *checks) tick()                                                   {}
func (c *checks) conditions(func(id, key string, w alarm.Words))          {}
func (c *checks) in(desk string) view.CheckIn                             { return view.CheckIn{} }
func (l *Line) checkNow(act.Who) (act.Reply, error)                       { return act.Reply{}, nil }
func (l *Line) checkConfirm(act.Who, act.CheckConfirm) (act.Reply, error) { return act.Reply{}, nil }
