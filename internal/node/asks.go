// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// ask answers a question from the view of the desk that asks: what --json prints is what the page draws.
func (l *Line) ask(who act.Who, lang string, a act.Act) (act.Reply, error) {
	d := l.view(lang, who.Desk)
	answer := func(v interface{ Text() string }) (act.Reply, error) { return act.Reply{Text: v.Text(), Data: v}, nil }
	_ = answer
	switch a := a.(type) {
	case act.Status:
		return act.Reply{Data: view.StatusView{Line: d.Line, AsOf: d.AsOf, Header: d.Header, Sentences: d.Sentences, Liveness: d.Liveness, Call: d.Call, Stops: d.Stops, Check: d.Check, Counterparts: d.Counterparts, Alarms: d.Alarms, Unrecorded: d.Unrecorded, Lang: lang}}, nil
	case act.Show:
		for _, m := range d.Messages {
			if m.ID == a.ID {
				return act.Reply{Data: view.ShowView{Message: &m}}, nil
			}
		}
		return act.Reply{}, &act.Error{What: "nothing"}
	}
	return act.Reply{}, &act.Error{What: fmt.Sprintf("this node cannot do %s", a.Verb())}
}

func (l *Line) export() (act.Reply, error)                            { return act.Reply{}, nil }
func (l *Line) classCall(who act.Who, a act.Class) (act.Reply, error) { return act.Reply{}, nil }
