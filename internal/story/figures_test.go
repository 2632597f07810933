// SPDX-License-Identifier: Apache-2.0

package story

import "testing"

// What the line was used for is counted by the higher of the classes that its ends state; a test, an exercise and the
// STOP of a check never count.
func TestUseForSubstanceIsCounted(t *testing.T) {
	// SPEC: CHK-021 CHK-022 CHK-023
	hold(t, simulate(t, twoOfficers+`? @2022-03-01T10:00Z aurelia figures => never used for substance
? borealia status => Never used for substance since 1 Mar 07:00Z.
aurelia send --class test "A test."
aurelia send --class service "We come back at noon."
aurelia send --mark exercise "An exercise."
aurelia stop --mark exercise as $x
aurelia stop lift $x --reason not-understood
? aurelia figures => never used for substance
@2022-03-01T10:30Z borealia send "Our patrol has turned back."
? aurelia figures => used for substance once, 1 Mar 10:30Z
@2022-03-01T11:00Z aurelia stop
@2022-03-01T12:00Z aurelia ring
borealia decline
? borealia figures => used for substance 2 times, last 1 Mar 11:00Z
@2022-03-01T13:00Z aurelia ring --class test
borealia answer
@2022-03-01T13:05Z aurelia hang-up --class test
? aurelia figures => used for substance 2 times, last 1 Mar 11:00Z
@2022-03-01T14:00Z aurelia ring
borealia answer
@2022-03-01T14:05Z aurelia hang-up --class test
? aurelia figures => used for substance 3 times, last 1 Mar 14:00Z; the two ends state different classes of 1: A
? borealia figures => used for substance 3 times, last 1 Mar 14:00Z; the two ends state different classes of 1: A
? @2022-03-02T12:00Z aurelia figures --since 2022-03-02 => never used for substance; since 2 Mar 00:00Z, as of 2 Mar 12:00Z
aurelia event add "the second day" --when 2022-03-02
? aurelia figures --since "the second day" => never used for substance; tested 0 of 1 days
? borealia checks --since 2022-03-01 => tested 0 of 2 days; since 1 Mar 07:00Z, as of 2 Mar 12:00Z; no operator
? aurelia figures => tested 0 of 2 days; longest gap 27 h; Up, by our own count: 100 % of the last 24 h; 100 % of all time since 1 Mar 07:00Z
`))
}
