// SPDX-License-Identifier: Apache-2.0

package act

import (
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/statement"
)

// Staff is one of our people in office, as a face knows him.
type Staff struct {
	ID      string // short ID of his statement
	Name    string
	Account string
	Role    string // one of register.Roles
}

// NamesDesk reports whether people can call a desk so: as much as a statement says of it, in one line.
func NamesDesk(name string) bool {
	return statement.Text("desk", name, 32) == nil && strings.TrimSpace(name) == name && !strings.ContainsAny(name, "\n/")
}

// anybody's acts need no person: a desk may do them while nobody is signed on. Questions are anybody's too.
var anybody = []string{"ring", "answer", "decline", "hang-up", "join", "hold", "waiting", "resume", "replay", "hand-over", "stop", "stop.step", "sign-on", "sign-off", "desk", "open"}

// keeping are the acts of who keeps the line running.
var keeping = []string{"line.step", "path.step", "key.rotate", "officer.add", "officer.edit", "officer.end", "officer.invite", "desk.invite", "desk.rename", "desk.end", "session.end", "alarm.ack", "check.now", "check.phone"}

// changing are acts that no row of the table tells from questions.
var changing = []string{"officer.add", "officer.invite", "desk.invite", "desk.rename", "desk.end", "session.end", "claim"}

// Anybodys reports whether an act needs no person.
func Anybodys(a Act) bool {
	return slices.Contains(anybody, a.Verb()) || RuleOf(a)&(Touches|Person) == 0 && !slices.Contains(changing, a.Verb())
}

// May refuses an act to whose role it is not, and says who may. SPEC: PAG-075
func May(role string, a Act) error {
	verb := a.Verb()
	who := []string{"officer", "releaser"}
	switch {
	case Anybodys(a), role == "officer", role == "releaser", role == "technician" && slices.Contains(keeping, verb):
		return nil
	case slices.Contains(keeping, verb):
		who = append(who, "technician")
	}
	return hint.New("", "the role %s does not allow this", hint.Term(role)).Way("who may: %s", strings.Join(who, ", "))
}
