// SPDX-License-Identifier: Apache-2.0

package link

import "sync"

// Event is what the link tells its node, in order, over Events.
type Event interface{ event() }

// Exporter derives keying material of the session's TLS handshake (RFC 5705).
type Exporter func(label string, context []byte, n int) ([]byte, error)

type (
	// SessionUp says that a path has a new connection and lane session with a run of the peer. It takes the place of
	// what the path had; SessionDown comes when a path has no connection left.
	SessionUp struct {
		Path     int
		Run      string // the peer's
		Greeting []byte // what its Config.Greeting returned for this session
		Exporter Exporter
	}
	// Greeted says that the peer greeted again over a living connection (a new run, or Regreet).
	Greeted struct {
		Path     int
		Run      string
		Greeting []byte
	}
	// SessionDown says that the connection of a path ended; its lane may live on.
	SessionDown struct {
		Path   int
		Run    string
		Reason string // the peer's goodbye, or why
		Bye    bool   // it said goodbye
	}
	// Lane is a packet that came over a lane: at least once, perhaps over several paths.
	Lane struct {
		Path    int
		Kind    byte
		Payload []byte
	}
	// StreamUp says that a bulk stream is ready. Both ends get it with the same ID and a fresh greeting.
	StreamUp struct {
		ID       uint64
		Path     int
		Run      string
		Greeting []byte
		Exporter Exporter // of the connection that carries it: the same one at both ends
	}
	// Stream is one message of the bulk stream, in order, once.
	Stream struct {
		ID      uint64
		Payload []byte
	}
	// StreamRoom says that SendStream, which had refused, would take messages again.
	StreamRoom struct{ ID uint64 }
	// StreamDown ends a stream; what was sent on it may have arrived or not.
	StreamDown struct{ ID uint64 }
	// PathChange says that a path came, went or is heard differently.
	PathChange struct {
		Path  int
		State PathState
	}
)

func (SessionUp) event()   {}
func (Greeted) event()     {}
func (SessionDown) event() {}
func (Lane) event()        {}
func (StreamUp) event()    {}
func (Stream) event()      {}
func (StreamRoom) event()  {}
func (StreamDown) event()  {}
func (PathChange) event()  {}

// Bounds of the queue: what is repeated anyhow is dropped, what is not is refused at its source.
const (
	maxLaneEvents    = 512
	maxStreamBytes   = 1 << 20
	maxControlEvents = 256
)

// queue hands events over without ever blocking a reader of the lane.
type queue struct {
	mu      sync.Mutex
	room    sync.Cond // stream readers wait here
	list    []Event
	lane    int // Lane events in list
	bytes   int // of Stream payloads in list
	control int // the others
	dropped int
	ended   uint64 // stream that was told down last
	closed  bool
	kick    chan struct{}
	out     chan Event
}

func newQueue() *queue {
	q := &queue{kick: make(chan struct{}, 1), out: make(chan Event)}
	q.room.L = &q.mu
	return q
}

// put appends ev; it reports false when ev was dropped or the link is closed. A Stream event waits for room.
// SPEC: LNK-030
func (q *queue) put(ev Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch e := ev.(type) {
	case Lane:
		if q.lane >= maxLaneEvents {
			q.dropped++
			return false
		}
		q.lane++
	case Stream:
		for !q.closed && q.bytes > 0 && q.bytes+len(e.Payload) > maxStreamBytes {
			q.room.Wait()
		}
		if e.ID == q.ended {
			return false
		}
		q.bytes += len(e.Payload)
	case PathChange: // only the newest of a path is worth telling
		for i, old := range q.list {
			if o, ok := old.(PathChange); ok && o.Path == e.Path {
				q.list = append(q.list[:i], q.list[i+1:]...)
				q.control--
				break
			}
		}
		q.control++
	case StreamUp:
		q.control++
		q.ended = 0
	case StreamDown: // nothing of it follows
		q.control++
		q.ended = e.ID
	default:
		q.control++
	}
	if q.closed {
		return false
	}
	q.list = append(q.list, ev)
	select {
	case q.kick <- struct{}{}:
	default:
	}
	return true
}

// stuck reports that the user has not taken even the rare events: then no new session is opened.
func (q *queue) stuck() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.control > maxControlEvents
}

func (q *queue) take() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return nil, false
	}
	ev := q.list[0]
	q.list[0] = nil
	q.list = q.list[1:]
	switch e := ev.(type) {
	case Lane:
		q.lane--
	case Stream:
		q.bytes -= len(e.Payload)
		q.room.Broadcast()
	default:
		q.control--
	}
	return ev, true
}

// pump runs until stop is closed, then closes out.
func (q *queue) pump(stop <-chan struct{}) {
	defer close(q.out)
	for {
		for ev, ok := q.take(); ok; ev, ok = q.take() {
			select {
			case q.out <- ev:
			case <-stop:
				return
			}
		}
		select {
		case <-q.kick:
		case <-stop:
			return
		}
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.room.Broadcast()
}
