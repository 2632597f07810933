// SPDX-License-Identifier: Apache-2.0

package verify

import "runtime"

// inOrder does the work of n pieces on all processors, and what then remains of each here, in order.
func inOrder(n int, work func(i int) (then func())) {
	const chunk = 64
	chunks := make(chan chan []func(), 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(chunks)
		for from := 0; from < n; from += chunk {
			done := make(chan []func(), 1)
			chunks <- done
			go func() {
				var thens []func()
				for i := from; i < min(n, from+chunk); i++ {
					thens = append(thens, work(i))
				}
				done <- thens
			}()
		}
	}()
	for done := range chunks {
		for _, then := range <-done {
			then()
		}
	}
}
