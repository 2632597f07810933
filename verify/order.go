// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"iter"
	"runtime"
)

// inOrder does the work of all on all processors, and what then remains of each here, in order. What is under way at
// once is bounded.
func inOrder[T any](all iter.Seq[T], work func(T) (then func())) {
	const chunk = 64
	chunks := make(chan chan []func(), 2*runtime.GOMAXPROCS(0))
	start := func(part []T) {
		done := make(chan []func(), 1)
		chunks <- done
		go func() {
			thens := make([]func(), 0, len(part))
			for _, x := range part {
				thens = append(thens, work(x))
			}
			done <- thens
		}()
	}
	go func() {
		defer close(chunks)
		var part []T
		for x := range all {
			if part = append(part, x); len(part) == chunk {
				start(part)
				part = nil
			}
		}
		start(part)
	}()
	for done := range chunks {
		for _, then := range <-done {
			then()
		}
	}
}
