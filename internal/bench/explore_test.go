// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

func TestExplore(t *testing.T) {
	if os.Getenv("X") == "" {
		t.Skip()
	}
	p := newPair(t)
	p.start()
	d := newDisk(t, p.dir)
	var a, b, c, vw []time.Duration
	for i := range 300 {
		d.commit()
		began := time.Now()
		r := p.do(0, act.Send{Kind: "information", Text: fmt.Sprintf("Convoy %d leaves at noon.", i)})
		did := time.Since(began)
		var wg sync.WaitGroup
		var there time.Duration
		if os.Getenv("X") == "2" {
			wg.Go(func() {
				there = p.until(1, 10*time.Second, func(v view.Desk) bool { return row(v, r.ID) != "" }).Sub(began)
			})
		}
		at := p.until(0, 10*time.Second, func(v view.Desk) bool { return row(v, r.ID) == "held" }).Sub(began)
		wg.Wait()
		if i < 10 {
			d.took = nil
			continue
		}
		a, b, c = append(a, did), append(b, there), append(c, at)
		v := time.Now()
		p.nodes[0].View("en", "watch")
		vw = append(vw, time.Since(v))
		time.Sleep(2 * time.Millisecond)
	}
	fmt.Println("commit", median(d.took), "did", median(a), "there", median(b), "held", median(c), "view", median(vw), "p10", c[len(c)/10], "p90", c[len(c)*9/10])
}
