// SPDX-License-Identifier: Apache-2.0

// Package node is one line's node: the one place where the record, the session, the calls and the
// people meet.
//
// One goroutine, the loop in this file, owns all state of a line. Everything that happens comes to
// it as an event (an act of a person, a message of the peer, a commit of the store, a tick) and
// leaves it as an effect in a fixed order: remember, then say, then show. Statements wait for their
// commit before anything of them is sent or shown (commit.go); call signals, the unsigned first copy
// of a STOP and ticks wait for no disk.
//
//	line.go      the configuration, the loop, what the faces may ask
//	commit.go    rows and effects of a step, group commit, a store that fails · read.go what it held, read and audited
//	state.go     our own statements: the run, its log, urgent ones · items.go what is on record, sorted by what it is about
//	peer.go      what comes from the peer: statements, receipts, lists, refusals · guard.go how much of it is kept
//	desks.go     desks: armed, present; what each end tells the other of them
//	calls.go     ring-down calls and their sound · letters.go what is typed beside one · tape.go what is recorded of it · stops.go STOP · checks.go the daily check · telephone.go their ordinary telephone
//	alarms.go    the conditions of every alarm · watch.go clocks, sessions and disk under us
//	acts.go      who does what: messages.go, people.go, counterparts.go, service.go, and asks.go for what changes nothing
//	alone.go     a line whose other party is only named
//	backup.go    copies of the record, and what is told of them
//	home.go      what a home's files say of it · rest.go the line's time, where it is not the machine's
//	figures.go   what the line was used for, how often it was tested, how long it carried
//	views.go     what a person sees, gathered in the loop and drawn by who asks
//
// Calls, STOPs, checks, desks, alarms, the peer and the disk are parts with fields of their own; each knows the line, which
// states, tells the peer and carries out effects for all of them. A kind of statement is known here only as an entry in the
// list of kinds and by the file that turns an act into its draft and lists it among its handlers. Spec: spec/node.md, NOD.
package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/exchange"
	"example.org/parley/internal/fault"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/wire"
)

// Link is what the node needs of the sessions to the peer; internal/link has it.
type Link interface {
	Events() <-chan link.Event
	Signal(kind byte, b []byte)
	SignalOn(path int, kind byte, b []byte)
	Repeat(id string, kind byte, pieces [][]byte)
	Done(id string)
	SendStream(b []byte) bool
	SendFrame(call uint16, source byte, seq uint32, frame []byte)
	SetAges(tick, commit time.Duration)
	Paths() []wire.PathState
	Heard() (run string, clock time.Time, ok bool)
	Regreet(run string)
	Close(reason string) error
}

// Party is one of the two parties of a line, as its genesis and sheets name it.
type Party struct {
	Name   string
	Letter string              // of short IDs: the initial, or A and B where the initials are the same
	Keys   []ed25519.PublicKey // of the statements, newest first; none of the other party of a line alone
}

// Config is everything that a line's node is given. The caller has checked the genesis and the sheets.
type Config struct {
	Name        string // the line's name
	DB          string // path of record.db
	Us, Them    Party
	IsPartyA    bool               // we are party A of the genesis
	Alone       bool               // the other party is only named: it has no key and no node here
	Before      *Config            // of the time for which it was alone; nil: it never was
	Key         ed25519.PrivateKey // our sign key
	Genesis     wire.Hash
	GenesisText []byte                     // both signatures; carried by the first statement
	Terms       []byte                     // the JSON body that the genesis names, for exports
	Sheets      [][]byte                   // both parties' sheets as signed, for exports
	Sheet       int                        // the newest issue of their sheet that is taken here
	Ends        map[string][]record.Cutoff // of sign keys, by party
	Notifier    bool                       // one is expected: it is an alarm while there is none
	Home        *home.Line                 // where sheets and keys are kept, to change them; nil: they do not change
	Station     string                     // "main" unless named
	Schedule    party.Schedule
	Due         map[string]map[string]int // clocks that the terms change
	Fallback    map[string][]string       // telephones by party, of the terms
	BackupEvery time.Duration             // how old the newest backup may be; 0: as old as it will
	Demo        bool                      // seeded by a demo: said on the page
	// Link opens the sessions: with the run, the greeting and what takes frames and messages as they are given, and the
	// rest as the line has it.
	Link func(link.Config) (Link, error)
	// Telephone gives what rings an ordinary telephone and says what came of it, in the words of check.noted; false where it
	// was not rung. It may take minutes. None is given while none can be rung. nil: no telephones are joined.
	Telephone func() (ring func(number string, hear func(frame []byte)) (outcome string, ok bool))
	// Recording says where calls are recorded that the parties have agreed to record.
	Recording recording.Options

	Now   func() time.Time
	Ticks <-chan time.Time                // when the loop looks at its clocks; nil: every tickEvery of the machine
	After func(d time.Duration, f func()) // calls f once, after d; nil: by the machine's clock
	Boot  func() time.Duration            // since the machine's start, asleep or not; nil: monotonic since this start
	Rand  io.Reader
	Log   *slog.Logger
	Store store.Options
}

// Line is a running line. What stands below the first block is owned by the loop; each part has its own fields, in the
// file of its subject.
type Line struct {
	cfg      Config
	opts     atomic.Pointer[record.Options] // of the record; replaced when keys are
	privOpts atomic.Pointer[record.Options] // of our private logs
	log      *slog.Logger
	events   chan func()
	looks    chan func() // of who wants to see what there is: they change nothing
	quit     chan struct{}
	ending   sync.Once // of quit
	gone     chan struct{}
	link     Link
	store    *store.Store
	over     chan struct{} // closed once fenced is set
	fenced   atomic.Pointer[store.Fenced]

	now       time.Time     // of the step under way
	tx        tx            // what it wants
	more      chan struct{} // has a value while another step is to go on with what one left
	*memory                 // the record and what was said of it; replaced whole after a commit that failed
	disk      disk          // how the store stands
	x         *exchange.Exchange
	peer      peerState
	desks     desks
	calls     *calls
	stops     *stops
	checks    *checks
	ordinary  ordinary
	alarms    alarms
	notifiers []notifier                         // the one heard of last first
	agreed    atomic.Pointer[[]service.Proposal] // changes of the terms, replaced whole by the loop
	issued    issued
	backups   backups
	signals   map[string][]byte // those that are repeated until they are answered
	uptime    uptime
	joining   *joining          // nil: there is nothing to take in, or it is being read
	recalls   bool              // the record of the time alone is being read
	before    *check.Summary    // tests of the time alone; nil: none
	were      map[string]string // officers of the time alone, by their place in its record
	started   time.Time

	runName      string      // of this life of the process: sessions, receipts, heard
	run, privRun *record.Run // nil until we have something to say
	why          string      // why the run that comes next begins

	tickWall    time.Time // the last tick, by the wall and by the boot clock
	tickBoot    time.Duration
	linkErr     error     // why the sessions could not be opened
	reconnectAt time.Time // when the sessions, which could not be opened, are tried again; zero: they are open

	subs     map[chan struct{}]struct{}
	dirty    bool
	fetching bool        // words are read back beside the loop
	seen     *view.Input // what every desk sees, gathered since the last step; nil: to be gathered

	verifying sync.Mutex // by whoever has the whole record verified, outside the loop
}

// Open starts the loop and the sessions at once: ringing, voice and STOP wait for no record. Beside the loop the
// store is opened and read; where it cannot be, the line is unrecorded and tries again. SPEC: NOD-009 NOD-010
func Open(cfg Config) *Line {
	l := &Line{
		cfg: cfg, log: cfg.Log, events: make(chan func(), 256), looks: make(chan func()), more: make(chan struct{}, 1), quit: make(chan struct{}), gone: make(chan struct{}), over: make(chan struct{}),
		desks: desks{}, subs: map[chan struct{}]struct{}{}, signals: map[string][]byte{}, why: "restart",
	}
	l.now = cfg.Now()
	if l.cfg.Alone {
		l.cfg.Link = nobody
	}
	if l.cfg.Boot == nil {
		began := time.Now()
		l.cfg.Boot = func() time.Duration { return time.Since(began) }
	}
	if l.cfg.After == nil {
		l.cfg.After = func(d time.Duration, f func()) { time.AfterFunc(d, f) }
	}
	l.started = l.now
	opts := l.cfg.options(false)
	l.opts.Store(&opts)
	private := l.cfg.options(true)
	l.privOpts.Store(&private)
	l.store = store.New(cfg.DB, cfg.Store)
	l.alarms.Set = alarm.New()
	l.peer.repeating = map[record.Place]struct{}{}
	l.disk = disk{unread: true, dead: errStarting, isRead: make(chan struct{}), altered: map[int]bool{}}
	l.memory = l.empty()
	l.x = exchange.New(l.rec, cfg.Us.Name)
	l.x.Withheld = l.withheld
	l.runName = l.newRunName()
	l.calls, l.stops, l.checks = newCalls(l), newStops(l), newChecks(l)
	l.reconnect()
	l.reopen()
	go l.loop()
	return l
}

// Frugal makes the process collect its garbage oftener than Go would, once a record has been read: it is large and stays,
// what is thrown away beside it is little.
func Frugal() { frugal.Store(true) }

var frugal atomic.Bool

// Read waits until the record has been read.
func (l *Line) Read(ctx context.Context) error {
	select {
	case <-l.disk.isRead:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.gone:
		return errStopped
	}
}

// Close ends the line: a goodbye to the peer, the last commit, the store.
func (l *Line) Close() error {
	l.ending.Do(func() { close(l.quit) })
	<-l.gone
	return nil
}

// tickEvery is how often the loop looks at its clocks.
const tickEvery = 100 * time.Millisecond

// loop is the one goroutine that owns the state of this line.
func (l *Line) loop() {
	defer close(l.gone)
	ticks := l.cfg.Ticks
	if ticks == nil {
		tick := time.NewTicker(tickEvery)
		defer tick.Stop()
		ticks = tick.C
	}
	for {
		var step func()
		select {
		case <-l.quit:
			l.shut()
			return
		case f := <-l.looks:
			l.gathers(f)
			continue
		case step = <-l.events:
		case ev := <-l.link.Events():
			step = func() { l.fromLink(ev) }
		case c := <-l.store.Durable():
			step = func() { l.committed(c) }
		case <-l.more:
			step = func() { l.release() }
		case <-ticks:
			step = l.tick
		}
		began := time.Now()
		l.begin()
		l.take(func() {
			step()
			l.finish()
		})
		if took := time.Since(began); took >= SlowStep {
			l.log.Debug(Slow, "took", took)
		}
	}
}

var errGivenUp = errors.New("a step was given up: a fault of this program")

// take does a step. One that ends in a panic may have left what the record is in memory half changed: that is read anew from
// the disk, as after a commit that failed, while calls and STOP go on. SPEC: NOD-044
func (l *Line) take(step func()) {
	defer fault.Caught(l.log, "a step of the line", func() {
		l.peer.poisoned(l)
		t := l.tx
		l.tx = tx{}
		select {
		case <-l.disk.isRead:
		default:
			l.disk.unread = true // what was being taken up is read anew, as at the start
		}
		l.fail(errGivenUp)
		t.end(l.disk.unrecorded())
	})
	step()
}

// gathers does what somebody sees; it changes nothing.
func (l *Line) gathers(f func()) {
	defer fault.Caught(l.log, "a look at the line")
	f()
}

// Slow is what the log says, at its level debug, of a step of the loop that took SlowStep and more.
const (
	Slow     = "a step of the loop was slow"
	SlowStep = time.Millisecond
)

// begin starts a step: one reading of the clock for all that it decides.
func (l *Line) begin() { l.now = l.cfg.Now().UTC() }

// finish ends a step in the fixed order: receipts and rows to the disk, then what waits for nothing.
func (l *Line) finish() {
	l.answer()
	l.commit()
	l.pump()
	l.reofferSome()
	l.sort(maxSorted)
	l.sortLater()
	l.seen = nil
	l.notify()
}

// tick runs all clocks. SPEC: NOD-005
func (l *Line) tick() {
	l.watchClock()
	l.reopen()
	l.watchDisk()
	l.askAgain()
	l.link.SetAges(0, l.now.Sub(l.disk.commitAt))
	l.tickDesks()
	l.tickUptime()
	l.tickBackups()
	l.calls.tick()
	l.stops.tick()
	if !l.disk.unread {
		if !l.cfg.Alone { // no slot is opened where nobody could join it
			l.checks.tick()
		}
		l.stateOwed()
		l.tickOrdinary()
		l.tickSeals()
		l.tickSheets()
		l.carryOn()
	}
	l.tickAlarms()
}

func (l *Line) shut() {
	l.begin()
	_ = l.calls.do(l.calls.m.Stop(l.now))
	l.calls.stop()
	l.link.Close("stopped")
	if l.disk.dead == nil {
		l.saveUptime()
		l.commit()
	}
	l.store.Close()
	for { // what the last flush has committed is answered as done
		select {
		case c := <-l.store.Durable():
			if c.Err == nil {
				l.disk.upTo = c.UpTo
			}
			continue
		default:
		}
		break
	}
	for l.release() {
	}
	for _, w := range l.disk.waiting {
		w.end(errStopped)
	}
}

var errStopped = hint.New("start it again: parley serve", "the node is stopping")

// Do carries out one act. It returns when what was stated is on disk, or with an *hint.Error that says why not.
func (l *Line) Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error) {
	return l.step(ctx, func() (act.Reply, error) { return l.do(who, lang, a) })
}

// step runs f as a step of the loop and waits for its commit.
func (l *Line) step(ctx context.Context, f func() (act.Reply, error)) (act.Reply, error) {
	type result struct {
		r    act.Reply
		err  error
		draw func(context.Context, bool) (act.Reply, error)
	}
	out := make(chan result, 1)
	err := l.in(ctx, l.events, func() {
		given := true
		defer func() {
			if given {
				out <- result{err: errGivenUp}
			}
		}()
		r, err := f()
		given = false
		if err != nil {
			l.tx.abandon(l)
			out <- result{err: err}
			return
		}
		draw := l.tx.draw
		l.tx.then(func() { out <- result{r, nil, draw} }, func(err error) { out <- result{r, err, draw} })
	})
	if err != nil {
		return act.Reply{}, err
	}
	select {
	case r := <-out:
		if r.draw != nil {
			return r.draw(ctx, r.err == nil)
		}
		return r.r, r.err
	case <-ctx.Done():
		return act.Reply{}, ctx.Err()
	case <-l.gone:
		return act.Reply{}, errStopped
	}
}

// View is what one desk sees now. It is drawn by who asks, of what the loop hands out.
func (l *Line) View(lang, desk string) view.Desk {
	in, ok := l.look(desk)
	if !ok {
		return view.Desk{}
	}
	return view.Build(in, lang)
}

// look gives what a desk sees now, for any goroutine to draw: nothing of it changes. One gathering serves all desks
// until the next step of the loop. SPEC: NOD-019
func (l *Line) look(desk string) (in view.Input, ok bool) {
	out := make(chan view.Input, 1)
	_ = l.in(context.Background(), l.looks, func() {
		defer close(out)
		l.begin()
		if l.seen == nil {
			l.seen = l.gather()
		}
		out <- l.at(*l.seen, desk)
	})
	select {
	case in, ok = <-out:
		return in, ok
	case <-l.gone:
		return in, false
	}
}

// Subscribe gives a channel that has a value whenever something visible changed, and its end.
func (l *Line) Subscribe(string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	_ = l.in(context.Background(), l.looks, func() { l.subs[ch] = struct{}{} })
	return ch, func() { _ = l.in(context.Background(), l.looks, func() { delete(l.subs, ch) }) }
}

// in runs f in the loop: as a step of its own by events, between two by looks.
func (l *Line) in(ctx context.Context, by chan<- func(), f func()) error {
	select {
	case by <- f:
		return nil
	case <-l.gone:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// post gives the loop an event from another goroutine of this line; it is lost only when the line ends.
func (l *Line) post(f func()) { _ = l.in(context.Background(), l.events, f) }

func (l *Line) notify() {
	if !l.dirty {
		return
	}
	l.dirty = false
	for ch := range l.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func isRefusal(err error) (*record.Refusal, bool) {
	var r *record.Refusal
	return r, errors.As(err, &r)
}
