// SPDX-License-Identifier: Apache-2.0

package store

import (
	"runtime"
)

const (
	maxRows  = 1024     // in one commit, so that an urgent statement behind bulk does not wait long
	maxBytes = 1 << 20  // in one commit
	walIdle  = 4 << 20  // from here the WAL is copied back when the queue is empty
	walMax   = 12 << 20 // and here in any case
)

// run is the writer: the only goroutine that commits. Started by Open, ended by Close.
// It waits for work, never for time (SPEC: STO-014).
//
//  1. take all that waits, up to the limits
//  2. commit it with one flush
//  3. report it: the loop releases the effects
//  4. only then copy the WAL back, when nothing waits or it has grown too long
func (s *Store) run() {
	defer close(s.done)
	for {
		select {
		case <-s.quit:
			s.drain()
			return
		case <-s.wake:
		}
		for s.step() {
		}
	}
}

// step does one round and reports whether there may be more to do.
func (s *Store) step() bool {
	b := s.take()
	if len(b) == 0 {
		s.idle(walIdle)
		return false
	}
	c, ours := s.commit(b)
	if ours {
		s.report(c)
	}
	if c.Err != nil {
		return false
	}
	s.idle(walMax)
	return true
}

// drain commits what is left at Close; nobody need listen any more.
func (s *Store) drain() {
	for {
		b := s.take()
		if len(b) == 0 {
			return
		}
		c, _ := s.commit(b)
		select {
		case s.durable <- c:
		default:
		}
		if c.Err != nil {
			return
		}
	}
}

func (s *Store) report(c Commit) {
	select {
	case s.durable <- c:
	case <-s.quit:
	}
}

// take removes from the queue what one commit holds. With the disk full it stops before the first
// batch that may not use the reserve, and takes that one alone.
func (s *Store) take() []batch {
	s.gather()
	s.space() // after the wait for rows: how full the disk is now
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.full.Load()
	n, rows, bytes := 0, 0, 0
	for ; n < len(s.queue); n++ {
		b := &s.queue[n]
		rows, bytes = rows+len(b.rows), bytes+b.bytes
		if n > 0 && (rows > maxRows || bytes > maxBytes || full && !b.reserve) {
			break
		}
		if full && !b.reserve {
			n++
			break
		}
	}
	out := s.queue[:n:n]
	s.queue = s.queue[n:]
	if len(s.queue) == 0 {
		s.queue = nil
	}
	return out
}

// gather lets those who are about to hand in a row do so, so that one flush is for all: when the last commit was
// reported, each of many who waited for it goes on.
func (s *Store) gather() {
	for n, still := 0, 0; still < 3; still++ {
		runtime.Gosched()
		s.mu.Lock()
		if len(s.queue) > n && len(s.queue) < maxRows {
			n, still = len(s.queue), 0
		}
		s.mu.Unlock()
	}
}

// commit writes batches in one transaction. Any error stops the store. Batches of an earlier life are
// dropped without a word: Reopen said so.
// SPEC: STO-006
func (s *Store) commit(bs []batch) (c Commit, ours bool) {
	flush, err := s.put(bs)
	if err == nil && flush != nil {
		err = flush()
	}
	if NoRoom(err) {
		s.full.Store(true) // the reserve is given back at Reopen
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bs[0].life != s.life {
		return c, false // it was reopened meanwhile: what persisted is handed out by the next replay
	}
	return s.settle(bs[len(bs)-1].seq, err), true
}

// put writes batches, and gives their flush: for as long as that takes, others read.
func (s *Store) put(bs []batch) (flush func() error, err error) {
	defer s.hold()()
	if bs[0].life != s.life {
		return nil, nil
	}
	if !bs[0].reserve && s.full.Load() {
		return nil, ErrFull
	}
	return s.db.commit(bs, s.letRead)
}

// idle copies the WAL back into the file where it holds at least limit bytes. A failure of that is a
// failure of the disk and stops the store like a failed commit.
// SPEC: STO-010
func (s *Store) idle(limit int) {
	free := s.hold()
	if s.db == nil || s.Failed() != nil || s.db.behind() < limit {
		free()
		return
	}
	var c Commit
	err := s.db.checkpoint()
	if err != nil {
		s.mu.Lock()
		c = s.settle(0, err)
		s.mu.Unlock()
	}
	free()
	if err != nil {
		s.report(c)
	}
}

// settle remembers what became of a write; mu is held.
func (s *Store) settle(seq uint64, err error) Commit {
	if err == nil {
		s.last = seq
	} else {
		s.queue, s.failed = nil, err
	}
	return Commit{UpTo: s.last, Err: err}
}
