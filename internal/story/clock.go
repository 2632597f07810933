// SPDX-License-Identifier: Apache-2.0

package story

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// clock is a time that somebody moves on: it never does by itself.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits []wait // by when they end
}

// wait is what is to be done at a time.
type wait struct {
	at time.Time
	do func()
}

// Now is the time at which it stands.
func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// After has f done once d has passed.
func (c *clock) After(d time.Duration, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.now.Add(d)
	i, _ := slices.BinarySearchFunc(c.waits, at, func(w wait, at time.Time) int { return cmp.Or(w.at.Compare(at), -1) })
	c.waits = slices.Insert(c.waits, i, wait{at, f})
}

// due takes out what is to be done now, nil where there is nothing.
func (c *clock) due() (do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waits) == 0 || c.waits[0].at.After(c.now) {
		return nil
	}
	do, c.waits = c.waits[0].do, c.waits[1:]
	return do
}

// to moves on to the first of these times, and no further than to where a wait ends; never back.
func (c *clock) to(times ...time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waits[:min(1, len(c.waits))] {
		times = append(times, w.at)
	}
	if first := slices.MinFunc(times, time.Time.Compare); first.After(c.now) {
		c.now = first
	}
}
