// SPDX-License-Identifier: Apache-2.0

package link

import (
	"slices"
	"sync"
)

// Kinds of an Event.
const (
	// SessionUp: a path has a new connection and lane session with a run of the peer. It takes the place of what the
	// path had; SessionDown comes when a path has no connection left.
	SessionUp = "session-up"
	// Greeted: the peer greeted again over a living connection (a new run, or Regreet).
	Greeted = "greeted"
	// SessionDown: the connection of a path ended; its lane may live on.
	SessionDown = "session-down"
	// Lane: a packet came over a lane, at least once, perhaps over several paths.
	Lane = "lane"
	// StreamUp: a bulk stream is ready. Both ends get it with the same ID and a fresh greeting.
	StreamUp = "stream-up"
	// Stream: one message of the bulk stream, in order, once.
	Stream = "stream"
	// StreamRoom: SendStream, which had refused, would take messages again.
	StreamRoom = "stream-room"
	// StreamDown ends a stream; what was sent on it may have arrived or not.
	StreamDown = "stream-down"
	// PathChange: a path came, went or is heard differently.
	PathChange = "path-change"
)

// Event is what the link tells its node over Events: what the stream says in its order, all else in its own and first.
type Event struct {
	Kind     string
	Path     int
	Run      string // the peer's
	From     string // of SessionUp: the address that it came from
	Greeting []byte // what its Config.Greeting returned for this session or stream
	// Exporter derives keying material of the TLS handshake (RFC 5705) of the session, or of the one connection that
	// carries the stream at both ends.
	Exporter         func(label string, context []byte, n int) ([]byte, error)
	Reason           string // of SessionDown: the peer's goodbye, or why
	Bye              bool   // of SessionDown: it said goodbye
	ID               uint64 // of a stream
	Lane             byte   // kind of a lane's packet
	Payload          []byte // of Lane and Stream
	Then             func() // of Stream: what Config.Prepare made of it
	WeHear, TheyHear bool   // of PathChange
}

// Bounds of the queue: what is repeated anyhow is dropped, what is not is refused at its source.
const (
	maxLaneEvents    = 512
	maxStreamBytes   = 1 << 20
	maxControlEvents = 256
)

// queue hands events over without ever blocking a reader of the lane. A FLASH, a STOP, a call's signal and a receipt by
// lane pass the stream's backlog. Sessions and paths go with the lane, whose packets never come before their session.
// SPEC: LNK-031
type queue struct {
	mu      sync.Mutex
	changed sync.Cond // stream readers wait here for room, the pump for events
	urgent  []Event
	bulk    []Event // of the stream; handed over while nothing is urgent
	lane    int     // Lane events that wait
	bytes   int     // of Stream payloads that wait, and of those that are being prepared
	control int     // the others
	stream  uint64  // that is up
	closed  bool
	out     chan Event
}

func newQueue() *queue {
	q := &queue{out: make(chan Event)}
	q.changed.L = &q.mu
	return q
}

// reserve waits for room for a message of the stream, and takes it. SPEC: LNK-030
func (q *queue) reserve(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.bytes > 0 && q.bytes+bytes > maxStreamBytes {
		q.changed.Wait()
	}
	q.bytes += bytes
}

// put appends ev; it reports false when ev was dropped or the link is closed. The room of a Stream event is reserved.
// SPEC: LNK-030
func (q *queue) put(ev Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch ev.Kind {
	case Lane:
		if q.lane >= maxLaneEvents {
			return false
		}
	case Stream:
		if ev.ID != q.stream {
			q.count(ev, -1)
			q.changed.Broadcast()
			return false
		}
	case PathChange: // only the newest of a path is worth telling
		if i := slices.IndexFunc(q.urgent, func(old Event) bool { return old.Kind == PathChange && old.Path == ev.Path }); i >= 0 {
			q.urgent = slices.Delete(q.urgent, i, i+1)
			q.control--
		}
	case StreamUp:
		q.stream = ev.ID
	case StreamDown: // nothing of it follows
		q.stream = 0
	}
	if q.closed {
		return false
	}
	if ev.Kind != Stream {
		q.count(ev, 1)
	}
	switch ev.Kind {
	case StreamUp, Stream, StreamRoom, StreamDown:
		q.bulk = append(q.bulk, ev)
	default:
		q.urgent = append(q.urgent, ev)
	}
	q.changed.Broadcast()
	return true
}

// stuck reports that the user has not taken even the rare events: then no new session is opened.
func (q *queue) stuck() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.control > maxControlEvents
}

// take waits for the next event; ok is false once the link is closed.
func (q *queue) take() (ev Event, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.urgent)+len(q.bulk) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return ev, false
	}
	list := &q.urgent
	if len(*list) == 0 {
		list = &q.bulk
	}
	ev, (*list)[0] = (*list)[0], ev
	*list = (*list)[1:]
	q.count(ev, -1)
	q.changed.Broadcast()
	return ev, true
}

// count counts an event that comes (1) or is handed over (-1).
func (q *queue) count(ev Event, by int) {
	switch ev.Kind {
	case Lane:
		q.lane += by
	case Stream:
		q.bytes += by * len(ev.Payload)
	default:
		q.control += by
	}
}

// pump runs until stop is closed, then closes out.
func (q *queue) pump(stop <-chan struct{}) {
	defer close(q.out)
	for ev, ok := q.take(); ok; ev, ok = q.take() {
		select {
		case q.out <- ev:
		case <-stop:
			return
		}
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
