// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"slices"
	"strings"
)

// Rule says what two steps of one item come to.
type Rule string

// The rules; each is tried, in every order and side by side, by a test.
const (
	Both       Rule = "both"       // both stand; neither weighs on the other
	Same       Rule = "same"       // said twice: both kept, the earlier proven one is drawn
	Understood Rule = "understood" // understood beats awaiting, whichever came first
	Last       Rule = "last"       // the later proven response counts; unproven, the stricter, and *contradicted*
	Undone     Rule = "undone"     // complied stands; a refusing response not proven before it is *contradicted*
	Inert      Rule = "inert"      // one of the two is not this party's to state: not valid, it folds to nothing
	Count      Rule = "count"      // one STOP, one more press
	Lift       Rule = "lift"       // lifted where every press is in the lift's past; a press that the lift did not know stays open
	Beats      Rule = "beats"      // refused beats in effect beats taken, whichever came first
	Beside     Rule = "beside"     // lifted; the other step is shown beside the lift
	Two        Rule = "two"        // two STOPs, one of each party
)

// Meaning puts each rule in words.
var Meaning = map[Rule]string{
	Both: "both stand, neither weighs on the other", Same: "said twice: both are kept, the earlier proven one is drawn",
	Understood: "understood beats awaiting, whichever came first",
	Last:       "the later proven response counts; where nothing proves which was later, the stricter one, marked contradicted if they differ",
	Undone:     "complied stands; a refusing response that is not proven to come before it is marked contradicted",
	Inert:      "one of the two is not this party's to state: it is not valid and folds to nothing",
	Count:      "one STOP with one press more",
	Lift:       "lifted if the press is in the lift's past; a press that the lift did not know stays open",
	Beats:      "refused beats in effect beats taken, whichever came first", Beside: "lifted; the other step is shown beside the lift",
	Two: "two STOPs, one of each party",
}

// Table holds a rule for every unordered pair of steps: row i, column j ≤ i. One: both of one party (where the two
// parties may state different steps, of the party that may); Two: the row's step by one party, the column's by the other.
type Table struct {
	Steps []string
	One   [][]Rule
	Two   [][]Rule
}

// MessagePairs: all steps are the receiver's; stated by the sender they are inert, so two parties never compete.
//
// SPEC: MSG-023
var MessagePairs = Table{
	Steps: []string{"shown", "acknowledged", "awaiting-linguist", "will-comply", "standby", "not-ours", "cannot-comply", "complied", "relayed"},
	One: [][]Rule{
		{Same},
		{Both, Same},
		{Both, Understood, Same},
		{Both, Both, Both, Last},
		{Both, Both, Both, Last, Last},
		{Both, Both, Both, Last, Last, Last},
		{Both, Both, Both, Last, Last, Last, Last},
		{Both, Both, Both, Both, Both, Undone, Undone, Same},
		{Both, Both, Both, Both, Both, Both, Both, Both, Both},
	},
	Two: [][]Rule{
		{Inert},
		{Inert, Inert},
		{Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert},
		{Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert, Inert},
	},
}

// StopPairs: sent and lifted are the sender's, the rest the receiver's.
//
// SPEC: MSG-032
var StopPairs = Table{
	Steps: []string{StopWasSent, StopWasTaken, StopWasRelayed, StopIsInEffect, StopWasRefused, StopWasLifted},
	One: [][]Rule{
		{Count},
		{Inert, Same},
		{Inert, Both, Both},
		{Inert, Beats, Both, Same},
		{Inert, Beats, Both, Beats, Same},
		{Lift, Inert, Inert, Inert, Inert, Same},
	},
	Two: [][]Rule{
		{Two},
		{Both, Inert},
		{Both, Inert, Inert},
		{Both, Inert, Inert, Inert},
		{Both, Inert, Inert, Inert, Inert},
		{Inert, Beside, Beside, Beside, Beside, Inert},
	},
}

// Markdown draws a table for the specification.
func (t Table) Markdown() string {
	var b strings.Builder
	used := map[Rule]bool{}
	for _, half := range []struct {
		title string
		cells [][]Rule
	}{{"Both steps of one party", t.One}, {"The row's step by one party, the column's by the other", t.Two}} {
		fmt.Fprintf(&b, "\n%s:\n\n| | %s |\n|---|%s\n", half.title, strings.Join(t.Steps, " | "), strings.Repeat("---|", len(t.Steps)))
		for i, row := range half.cells {
			fmt.Fprintf(&b, "| **%s** |", t.Steps[i])
			for j := range t.Steps {
				cell := " "
				if j < len(row) {
					cell = " " + string(row[j]) + " "
					used[row[j]] = true
				}
				b.WriteString(cell + "|")
			}
			b.WriteString("\n")
		}
	}
	var rules []string
	for r := range used {
		rules = append(rules, fmt.Sprintf("- **%s**: %s.", r, Meaning[r]))
	}
	slices.Sort(rules)
	return b.String() + "\n" + strings.Join(rules, "\n") + "\n"
}
