// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

var sheetActs = []handler{on(onHome((*Line).pathStep)), on(onHome((*Line).pathList), act.PathList), on(onHome((*Line).keyRotate), act.KeyRotate), on(onHome((*Line).keyRevoke)), on((*Line).keyAccept)}

// onHome makes a handler of one that wants the home as it is on the disk now.
func onHome[A act.Act](f func(l *Line, h *home.Line, who act.Who, lang string, a A) (act.Reply, error)) func(l *Line, who act.Who, lang string, a A) (act.Reply, error) {
	return func(l *Line, who act.Who, lang string, a A) (act.Reply, error) {
		h, err := l.homeAgain()
		if err != nil {
			return act.Reply{}, err
		}
		return f(l, h, who, lang, a)
	}
}

// issued is what became of the issues of both sheets since the genesis.
type issued struct {
	look   bool           // something about a sheet came: it is to be looked at
	theirs *service.Issue // it waits for a person here to accept it: of new keys, of addresses where the config says so; nil: none
	not    untaken        // of theirs, and why
	lost   int            // an issue of ours that is on record and not in this home: it is an older copy; 0: none
	ours   bool           // our new keys wait for their acceptance
	ending bool           // an issue of ours that ends a key waits for the party key
	taken  time.Time      // when the newest sheet of theirs was
	asked  time.Time      // when a file of theirs was looked for
}

// untaken is the next issue of a party that the other one does not take, and why: reach, many, ends, form, asks.
type untaken struct {
	Issue int    `json:"issue,omitempty"`
	Why   string `json:"why,omitempty"`
}

// takeEvery is how often a sheet of theirs is taken at most: a peer that changes its addresses without an end keeps the loop
// from nothing.
const takeEvery = time.Second

// maxLooked is how many of the other party's statements of a sheet are read again at a look, the newest: it may make any number.
const maxLooked = 1024

// issues are those on record and on disk, in the order in which they came.
func (l *Line) issues() (out []service.Issue) {
	theirs := 0
	for _, s := range slices.Backward(l.items.lists["sheet"]) {
		it, _ := l.item(s.key)
		if it != nil && it.Begin != nil && it.Begin.Log.Party != l.cfg.Us.Name {
			if theirs++; theirs > maxLooked {
				continue
			}
		}
		if it != nil {
			if is := service.FoldIssue(it); is.Entry != nil && l.durable(is.Entry) && (is.Accepted == nil || l.durable(is.Accepted)) {
				out = append(out, is)
			} else {
				l.issued.look = true // it is on its way to the disk
			}
		}
	}
	slices.Reverse(out)
	return out
}

// tickSheets takes the other party's next sheets as they come and goes over to our own new keys once they are accepted.
// A call that is up is not disturbed by new keys: they wait for its end.
//
// SPEC: SHT-002 SHT-004
func (l *Line) tickSheets() {
	if l.cfg.Home != nil && l.now.Sub(l.issued.asked).Abs() >= takeEvery {
		l.issued.asked = l.now
		l.issued.look = l.issued.look || l.cfg.Home.Entered(l.cfg.Sheet+1) || l.cfg.Home.Issued()
		l.issued.ending = l.cfg.Home.Ending() > 0
	}
	if !l.issued.look || l.cfg.Home == nil || l.disk.dead != nil || l.now.Sub(l.issued.taken).Abs() < takeEvery {
		return
	}
	l.issued.look = false
	if err := l.lookAtSheets(); err != nil {
		l.warn("a sheet could not be taken", "err", err)
	}
	l.dirty = true
}

func (l *Line) lookAtSheets() error {
	h, err := l.cfg.Home.Again()
	if err != nil {
		return err
	}
	if h.Theirs.Issue > l.cfg.Sheet || l.cfg.Home.Issued() { // entered as a file
		if err := l.resheet(h); err != nil {
			return err
		}
	}
	list := l.issues()
	was := l.issued.not
	l.issued.theirs, l.issued.ours, l.issued.not, l.issued.lost = nil, h.Waits(), untaken{}, 0
	for _, is := range list {
		if is.Party == l.cfg.Us.Name {
			if is.Issue > max(h.Ours.Issue, l.issued.lost) {
				l.log.Error("this home is an older copy: an issue of our own sheet is not in it, nor are its keys", "issue", is.Issue)
				l.issued.lost = is.Issue
			}
			if is.Accepted == nil || !h.Waits() || is.Issue != h.Ours.Issue {
				continue
			}
			if l.calls.m.Live().State != call.Idle {
				l.issued.look = true
				continue
			}
			if err = h.Renew(); err == nil {
				err = l.resheet(h)
			}
		} else {
			err = l.takeSheet(h, is)
		}
		if err != nil {
			return err
		}
		if h, err = h.Again(); err != nil {
			return err
		}
	}
	if l.issued.not != was {
		l.tellState()
	}
	return l.stateIssues(h, list)
}

// takeSheet takes their next sheet, at once where its keys are those that we know.
func (l *Line) takeSheet(h *home.Line, is service.Issue) error {
	if is.Issue != h.Theirs.Issue+1 {
		return nil // taken already, or one before it is to come
	}
	s, err := is.Sheet()
	switch {
	case err != nil:
		l.notTaken(is, "form", err)
		return nil
	case is.Accepted != nil:
	case !s.SameKeys(h.Theirs) || len(s.Ends) > 0:
		l.issued.theirs = &is
		return nil
	case h.Config.AskAddresses && !slices.Equal(s.Paths, h.Theirs.Paths): // SPEC: SHT-011
		l.issued.theirs, l.issued.not = &is, untaken{is.Issue, "asks"}
		return nil
	}
	if l.now.Sub(l.issued.taken).Abs() < takeEvery {
		return nil
	}
	if err := h.Take(s); err != nil {
		why := "form"
		for w, is := range map[string]error{"reach": home.ErrReach, "many": home.ErrMany, "ends": home.ErrEnds} {
			if errors.Is(err, is) {
				why = w
			}
		}
		l.notTaken(is, why, err)
		return nil
	}
	l.issued.taken, l.issued.look = l.now, true
	l.log.Info("the other party's sheet is taken", "issue", is.Issue, "keys", !s.SameKeys(h.Theirs))
	return l.resheet(h)
}

// notTaken keeps why a sheet of theirs is not: both boards say so. SPEC: SHT-010
func (l *Line) notTaken(is service.Issue, why string, err error) {
	l.warn("a sheet of the other party is not taken", "issue", is.Issue, "err", err)
	l.issued.not = untaken{is.Issue, why}
}

// stateIssues states what a kill left unsaid: an issue of our sheet that is on disk and on no record.
func (l *Line) stateIssues(h *home.Line, list []service.Issue) error {
	for i, s := range h.OurIssues[1:] {
		if slices.ContainsFunc(list, func(is service.Issue) bool { return is.Hash == s.Hash.String() }) || l.issued.look {
			continue
		}
		d, err := service.IssueDraft(l.cfg.Us.Name, s, !s.SameKeys(h.OurIssues[i]), statement.Author{Known: statement.Unattributed}, l.mark(""))
		if err == nil {
			_, err = l.state(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resheet goes on by the sheets, keys and paths as they are on disk. The sessions are opened anew without a goodbye: a call
// that is up goes on over them. SPEC: SHT-007
func (l *Line) resheet(h *home.Line) error {
	h, err := h.Again()
	if err != nil {
		return err
	}
	c, err := Of(h, l.log)
	if err != nil {
		return err
	}
	renewed := !c.Key.Equal(l.cfg.Key)
	l.cfg.Us.Keys, l.cfg.Them.Keys, l.cfg.Key, l.cfg.Sheets, l.cfg.Sheet, l.cfg.Home, l.cfg.Ends = c.Us.Keys, c.Them.Keys, c.Key, c.Sheets, c.Sheet, h, c.Ends
	for _, p := range []string{l.cfg.Us.Name, l.cfg.Them.Name} {
		for _, key := range l.rec.SetEnds(p, c.Ends[p]) {
			l.touch(key)
		}
	}
	opts := l.cfg.options(false)
	l.opts.Store(&opts)
	private := l.cfg.options(true)
	l.privOpts.Store(&private)
	if renewed {
		l.run, l.privRun, l.runName, l.why = nil, nil, l.newRunName(), "key"
	}
	l.issued.ours = h.Waits()
	l.x.StreamDown()
	l.peer.streams, l.peer.out = false, nil
	l.link.Close("")
	l.reconnect()
	return nil
}

// issue makes the next issue of our sheet and states it; what stands on no sheet changes without one.
func (l *Line) issue(h *home.Line, who act.Who, lang string, c home.Config, keys bool) (act.Reply, error) {
	rand := l.cfg.Rand
	if !keys {
		rand = nil
	}
	s, err := h.Issue(c, rand)
	if err != nil {
		return act.Reply{}, err
	}
	if s != nil && s.Note == nil {
		return l.unsigned(lang, h, s), nil
	}
	if err := l.resheet(h); err != nil {
		return act.Reply{}, err
	}
	if s == nil {
		return act.Reply{Text: words.Say(lang, "changed here; nothing of it stands on our sheet")}, nil
	}
	d, err := service.IssueDraft(l.cfg.Us.Name, s, keys, l.author(who), l.mark(""))
	r, err := l.reply(d, err)
	if err == nil {
		said := words.Say(lang, "%s recorded: sheet issue %d. Its digits: %s")
		if keys {
			said = words.Say(lang, "%s recorded: sheet issue %d has new keys. They compare its digits over another channel: %s")
		}
		r.Text = fmt.Sprintf(said, r.ID, s.Issue, party.Digits(s.Hash))
	}
	return r, err
}

// unsigned says what is to be done with an issue that the party key, which is elsewhere, has to sign.
func (l *Line) unsigned(lang string, h *home.Line, s *party.Sheet) act.Reply {
	text := fmt.Sprintf(words.Say(lang, "sheet issue %d waits for the party key, and nothing has changed yet. Take %s to where the key is; there: parley key sign FILE --key KEY > SIGNED; here: parley key take SIGNED"), s.Issue, h.Unsigned())
	if len(s.Ends) > 0 {
		text += "\n" + words.Say(lang, "The key goes on to sign until then, and all that is stated from now on will be void or disowned: state nothing that matters before the issue is taken.")
	}
	return act.Reply{Text: text}
}

func (l *Line) homeAgain() (*home.Line, error) {
	if l.cfg.Home == nil {
		return nil, hint.New("see: parley help", "the sheets of this line cannot be changed here")
	}
	return l.cfg.Home.Again()
}

// pathStep adds, changes or removes a path of ours.
//
// SPEC: SHT-001
func (l *Line) pathStep(h *home.Line, who act.Who, lang string, a act.PathStep) (act.Reply, error) {
	c := h.Config
	c.Paths = slices.Clone(c.Paths)
	i := slices.IndexFunc(c.Paths, func(p home.Path) bool { return p.Label == a.Label })
	switch {
	case a.Step == "add" && i >= 0:
		return act.Reply{}, hint.New("", "there is a path %s already", a.Label).Way("change it: parley path set %s --bind IP:PORT", a.Label)
	case a.Step != "add" && i < 0:
		return act.Reply{}, hint.New("see: parley path list", "there is no path %s", a.Label)
	case a.Step == "remove" && len(c.Paths) == 1:
		return act.Reply{}, hint.New("add another one first: parley path add", "a line has one path at least")
	case a.Step == "remove":
		c.Paths = slices.Delete(c.Paths, i, i+1)
	case a.Bind == "" && a.Reach == "" && a.Remote == "":
		return act.Reply{}, hint.New("", "say what is to change: --bind, --reach or --remote").Way("as: parley path set %s --bind 192.0.2.1:7443", a.Label)
	case a.Step == "add":
		c.Paths = append(c.Paths, home.Path{Label: a.Label, Bind: a.Bind, Reach: a.Reach, Remote: a.Remote})
		i = len(c.Paths) - 1
	default:
		p := &c.Paths[i]
		if a.Bind != "" && a.Reach == "" { // what stood on the sheet was the old address
			p.Reach = ""
		}
		p.Bind, p.Reach, p.Remote = cmp.Or(a.Bind, p.Bind), cmp.Or(a.Reach, p.Reach), cmp.Or(a.Remote, p.Remote)
		if a.Remote == "none" {
			p.Remote = ""
		}
	}
	if a.Bind != "" && a.Step != "remove" {
		if err := bindable(h.Config.Paths, c.Paths[i]); err != nil {
			return act.Reply{}, err
		}
	}
	return l.issue(h, who, lang, c, false)
}

// bindable refuses an address of ours at which nothing can listen; where a path listens there already, the next can.
//
// SPEC: SHT-012
func bindable(have []home.Path, p home.Path) error {
	at, err := netip.ParseAddrPort(p.At())
	if err != nil || slices.ContainsFunc(have, func(o home.Path) bool { return o.Bind == p.Bind }) {
		return nil // the configuration's check says what is wrong
	}
	switch err := link.Listenable(p.Kind(), p.At()); {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return hint.New("bring its interface up first; or one of this machine's: ip address", "this machine has no address %s", at.Addr())
	case errors.Is(err, syscall.EADDRINUSE):
		return hint.New("another port; or end it: ss -lnptu", "another program has %s", p.Bind)
	case errors.Is(err, fs.ErrPermission):
		return NoRight(p.Bind)
	case err != nil:
		return hint.New("", "this machine cannot listen at %s", p.Bind).Because(err)
	}
	return nil
}

// NoRight is the refusal of a port that this account may not have.
func NoRight(at string) error {
	return hint.New("a port above 1023; or the right to it: install -D -m 644 /usr/share/doc/parley/port443.conf /etc/systemd/system/parley.service.d/port443.conf; systemctl daemon-reload; systemctl restart parley", "this account may not listen at %s", at)
}

// keyRotate makes new sign and link keys; the present ones are used until the other party has accepted the new.
//
// SPEC: SHT-004
func (l *Line) keyRotate(h *home.Line, who act.Who, lang string, _ act.Plain) (act.Reply, error) {
	return l.issue(h, who, lang, h.Config, true)
}

// keyRevoke ends our sign key past a statement of ours, with new keys in use at once: who stole the present ones has the link
// key too. The other end lets us in again once a person there has entered the sheet.
//
// SPEC: SHT-008
func (l *Line) keyRevoke(h *home.Line, who act.Who, lang string, a act.KeyRevoke) (act.Reply, error) {
	e, err := l.newestOwn(), error(nil)
	if a.Past != "" {
		if e, err = l.find(a.Past); err != nil {
			return act.Reply{}, err
		}
	}
	if e == nil || e.Log.Party != l.cfg.Us.Name || !e.Joined || e.Log.Private || !l.durable(e) {
		return act.Reply{}, hint.New("the last statement of ours that is ours beyond doubt: parley key revoke --past ID", "the key cannot end there")
	}
	ends := []party.KeyEnd{{Key: party.Public(h.Keys.Sign), Log: e.Log.String(), Size: e.Index + 1}}
	if h.Waits() { // who stole the keys has those that wait beside them
		ends = append(ends, party.KeyEnd{Key: h.Ours.Sign, Log: e.Log.String(), Size: e.Index + 1})
	}
	s, err := h.Issue(h.Config, l.cfg.Rand, ends...)
	if err == nil && s.Note == nil {
		return l.unsigned(lang, h, s), nil
	}
	if err == nil {
		err = h.Renew()
	}
	if err == nil {
		err = l.resheet(h)
	}
	if err != nil {
		return act.Reply{}, err
	}
	d, err := service.IssueDraft(l.cfg.Us.Name, s, true, l.author(who), l.mark(""))
	r, err := l.reply(d, err)
	if err == nil {
		r.Text = fmt.Sprintf(words.Say(lang, "%s recorded: the sign key has ended past %s. The line is down until they have entered the new sheet: parley sheet > FILE, there: parley pair FILE --digits '%s'"), r.ID, l.rec.Short(e), party.Digits(s.Hash))
	}
	return r, err
}

// newestOwn is our newest statement on the shared record.
func (l *Line) newestOwn() *record.Entry {
	for _, e := range l.rec.Newest() {
		if e.Log.Party == l.cfg.Us.Name && e.Joined && l.durable(e) {
			return e
		}
	}
	return nil
}

// keyAccept takes the other party's new keys, whose sheet has the digits that a person read over another channel.
//
// SPEC: SHT-003
func (l *Line) keyAccept(who act.Who, lang string, a act.KeyAccept) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	is, _ := fold[service.Issue](l, l.rec.ItemOf(e))
	switch {
	case is.Entry == nil || is.Party == l.cfg.Us.Name || !is.Keys && (l.issued.theirs == nil || l.issued.theirs.Hash != is.Hash):
		return act.Reply{}, hint.New("see: parley path list", "%s names no new keys of the other party", a.ID)
	case is.Accepted != nil:
		return act.Reply{}, hint.New("see: parley path list", "the keys of %s are accepted already", a.ID)
	}
	s, err := is.Sheet()
	if err != nil {
		return act.Reply{}, hint.New("ask the other party to issue it anew: parley key rotate", "%v", err)
	}
	typed, err := party.ParseDigits(a.Digits)
	if err != nil {
		return act.Reply{}, hint.New("have them read once more, over another channel: eight groups of six", "%v", err)
	}
	if typed != party.Digits(s.Hash) {
		return act.Reply{}, hint.New("ask the other party over another channel: these may not be its keys", "the digits are not those of sheet issue %d", is.Issue)
	}
	return l.reply(service.TakeDraft(l.cfg.Us.Name, is, l.author(who)))
}

// pathList answers with the paths of both ends and the issues of both sheets.
func (l *Line) pathList(h *home.Line, who act.Who, lang string, a act.Plain) (act.Reply, error) {
	t := func(key string, args ...any) string { return words.T(lang, "sheet."+key, args...) }
	in := l.input(who.Desk)
	for _, s := range []*party.Sheet{h.Ours, h.Theirs} {
		in.Terms = append(in.Terms, t("issue", s.Party, s.Issue, party.Digits(s.Hash)))
		for _, p := range s.Paths {
			in.Terms = append(in.Terms, "  "+t("path", p.Label, p))
		}
	}
	for _, is := range l.issues() {
		if in.Terms = append(in.Terms, l.issueLine(lang, is, h)); is.Party == l.cfg.Us.Name {
			in.Issue = max(in.Issue, is.Issue)
		}
	}
	if in.Soon = l.soon(); l.cfg.Home.Issued() {
		in.Terms = append(in.Terms, t("soon"))
	} else if in.Soon {
		in.Terms = append(in.Terms, t("shut"))
	}
	return l.asked(in, lang, a)
}

// soon reports whether the node does not go by what is on disk yet, or cannot listen at an address of it.
func (l *Line) soon() bool {
	return l.cfg.Home.Issued() || l.linkErr != nil || slices.ContainsFunc(l.link.Paths(), func(p wire.PathState) bool { return p.Shut })
}

// issueLine says of one issue what became of it.
func (l *Line) issueLine(lang string, is service.Issue, h *home.Line) string {
	what := "sheet.paths"
	switch {
	case is.Keys && is.Accepted != nil:
		what = "sheet.accepted"
	case is.Keys:
		what = "sheet.waits"
	case l.issued.theirs != nil && l.issued.theirs.Hash == is.Hash:
		what = "sheet.asks"
	case is.Party != l.cfg.Us.Name && is.Issue > h.Theirs.Issue:
		what = "sheet.later"
	}
	return strings.Join([]string{l.rec.Short(is.Entry), words.T(lang, what, is.Party, is.Issue, view.When(lang, is.Entry.Time, l.now))}, "  ")
}

// sheetConditions: a sheet waits for a person, here or there; one is not taken; or ours is newer than this home.
func (l *Line) sheetConditions(add func(id, key string, w alarm.Detail)) {
	us, them := l.cfg.Us.Name, l.cfg.Them.Name
	switch is, not := l.issued.theirs, l.issued.not; {
	case is != nil && is.Keys:
		add("A8", them, alarm.Say("at.keys-here", them, l.rec.Short(is.Entry)))
	case is != nil:
		add("A8", them, alarm.Say("at.addresses-here", them, l.rec.Short(is.Entry)))
	case not.Issue > 0:
		add("A8", them, alarm.Say("at.untaken", them, not.Issue, us, "@at.untaken."+not.Why))
	}
	switch not := l.peer.state.Sheet; {
	case l.issued.lost > 0:
		add("A8", us, alarm.Say("at.older-home", l.issued.lost))
	case l.issued.ending:
		add("A8", us, alarm.Say("at.key-ending"))
	case l.issued.ours:
		add("A8", us, alarm.Say("at.keys-there", them))
	case l.peer.up && not.Issue > 0 && slices.Contains([]string{"reach", "many", "ends", "form", "asks"}, not.Why):
		add("A8", us, alarm.Say("at.untaken", us, not.Issue, them, "@at.untaken."+not.Why))
	}
}
