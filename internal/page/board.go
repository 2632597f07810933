// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// BoardLine is one line of a home, as it is now.
type BoardLine struct {
	Name string
	Node Node    // nil while nothing answers for it
	Page *Server // nil while it has no page
	Why  error   // why there is no node, else no page
}

// Board serves all lines of a home under one address: a row a line, and the desk of each beneath it in a frame of its own,
// under /line/NAME/. Every desk is open at once, so that each line rings here, whichever is in view; static/board.js chooses
// among them. SPEC: PAG-040 PAG-045
type Board struct {
	*Server
	lines func() []BoardLine
}

// NewBoard makes the page of all lines; of the config it needs a name, hosts and a keeper.
func NewBoard(cfg Config, lines func() []BoardLine) (*Board, error) {
	b := &Board{newServer(cfg), lines}
	b.mux.HandleFunc("GET /{$}", b.page)
	b.mux.HandleFunc("GET /in", b.in)
	b.mux.HandleFunc("GET /ws", b.socket)
	b.mux.HandleFunc("GET /line/{name}/", b.framed)
	return b, b.restore()
}

// ServeHTTP lets the board frame the desks of its lines, and nobody else frame either.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := "'none'"
	if strings.HasPrefix(r.URL.Path, "/line/") {
		who = "'self'"
	}
	harden(w.Header(), who, "microphone=(self)", "'self'")
	b.serve(w, r)
}

// BoardLink gives a one-time link to the page of all lines, with who its person is on each. SPEC: PAG-043
func (b *Board) BoardLink(whom func(line string) act.Who, lang string) (string, error) {
	l := link{Who: seated(act.Who{}), Lines: map[string]act.Who{}}
	for _, line := range b.lines() {
		who := whom(line.Name)
		who.Desk = l.Who.Desk
		l.Lines[line.Name] = seated(who)
	}
	return b.give(l, lang)
}

// deskKey is under what a request through the board carries its session, with its person on that line.
type deskKey struct{}

// on is who the person of a board is on a line; on one that came later, nobody.
func (l link) on(line string) act.Who {
	if who, ok := l.Lines[line]; ok {
		return who
	}
	return act.Who{Desk: l.Who.Desk, Known: "unattributed"}
}

// framed hands a request to the page of a line, as the person whom the board's session names there.
func (b *Board) framed(w http.ResponseWriter, r *http.Request) {
	l, ok := b.session(r)
	if !ok {
		b.turnAway(w, r, http.StatusUnauthorized)
		return
	}
	lines := b.lines()
	i := slices.IndexFunc(lines, func(l BoardLine) bool { return l.Name == r.PathValue("name") })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	line := lines[i]
	if line.Page == nil {
		lang := words.Lang(firstLang(r))
		b.answer(w, http.StatusOK, "waits", lang, sheet{Desk: view.Desk{Lang: lang, Line: hint.Of(line.Why).In(lang, words.Say).What}}, nil)
		return
	}
	l.Who, l.root, l.of = l.on(line.Name), "/line/"+line.Name, b.Server
	http.StripPrefix(l.root, line.Page.mux).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), deskKey{}, l)))
}

func (b *Board) page(w http.ResponseWriter, r *http.Request) {
	l, ok := b.session(r)
	if !ok {
		b.turnAway(w, r, http.StatusUnauthorized)
		return
	}
	t := b.addTab(rand.Text(), l.Who, firstLang(r))
	t.mu.Lock()
	defer t.mu.Unlock()
	err := b.changes(t, l)
	sh := b.sheet(t, l)
	t.fill(&sh)
	b.answer(w, http.StatusOK, "board", t.lang, sh, err)
}

// row is one line of the board.
type row struct {
	sheet
	N    int
	Name string
}

// sheet is what this person sees of every line. The caller holds t.mu.
func (b *Board) sheet(t *tab, l link) sheet {
	sh := sheet{Langs: words.Langs()}
	var desks []view.Desk
	for i, line := range b.lines() {
		var d view.Desk
		if line.Node != nil {
			d = line.Node.View(t.lang, l.on(line.Name).Desk)
		} else {
			d = view.NotInService(t.lang, line.Name, hint.Of(line.Why).In(t.lang, words.Say).What)
		}
		desks = append(desks, d)
		sh.Header.Party, sh.Header.Officer = cmp.Or(sh.Header.Party, d.Header.Party), cmp.Or(sh.Header.Officer, d.Header.Officer)
		sh.Rows = append(sh.Rows, row{sheet{Desk: d}, i + 1, line.Name})
	}
	sh.Lang, sh.Answers = t.lang, view.Overall(t.lang, desks)
	return sh
}

// changes are the panels of the board that changed. The caller holds t.mu.
func (b *Board) changes(t *tab, l link) error {
	sh := b.sheet(t, l)
	for _, p := range []string{"state", "header", "answers", "lines", "tabs", "alarms"} {
		if err := t.draw(p, "board-"+p, sh); err != nil {
			return err
		}
	}
	return nil
}

// Worst are the lines with an alarm whose cause stands: those to be acknowledged first, then by priority.
func (s sheet) Worst() []row {
	out := slices.DeleteFunc(slices.Clone(s.Rows), func(r row) bool { return len(r.Active()) == 0 })
	slices.SortStableFunc(out, func(a, b row) int {
		x, y := a.Active()[0], b.Active()[0]
		return cmp.Or(cmp.Compare(y.State, x.State), cmp.Compare(x.Priority, y.Priority)) // raised acknowledged; high low medium
	})
	return out
}

func (b *Board) socket(w http.ResponseWriter, r *http.Request) {
	l, ok := b.session(r)
	if !ok {
		http.Error(w, "this board needs a link: parley open --all", http.StatusUnauthorized)
		return
	}
	c := &conn{s: b.Server, link: l, draw: func(t *tab) error { return b.changes(t, l) }}
	c.act = func(ctx context.Context, m fromBrowser, r *toBrowser) error { return b.do(ctx, c, m, r) }
	c.serve(w, r, nil) // a desk in a frame says when it changed; else the heartbeat draws
}

// do carries out an act on the line that its arguments name, or on each of them where they name none; what came of it is
// said line by line. SPEC: PAG-042 PAG-044
func (b *Board) do(ctx context.Context, c *conn, m fromBrowser, r *toBrowser) error {
	args, name := map[string]json.RawMessage{}, ""
	_ = json.Unmarshal(m.Args, &args) // what is not there is refused by Decode
	_ = json.Unmarshal(args["line"], &name)
	delete(args, "line")
	rest, _ := json.Marshal(args) // it came as JSON
	a, err := act.Decode(m.Verb, rest)
	if err != nil {
		return err
	}
	if _, ok := a.(act.SetDesk); ok || !b.stands(c.link) {
		return hint.New("parley open --all", "this desk is signed off")
	}
	c.t.mu.Lock()
	lang := c.t.lang
	c.t.mu.Unlock()
	var said, failed []string
	lines := slices.DeleteFunc(slices.Clone(b.lines()), func(l BoardLine) bool { return name != "" && l.Name != name })
	for _, o := range Each(ctx, lines, c.link.on, lang, a) {
		if o.Error != nil {
			failed = append(failed, o.Line+": "+o.Error.What)
		} else {
			said = append(said, strings.TrimSpace(o.Line+": "+o.ID+" "+o.Text))
		}
	}
	if a == act.SignOff {
		b.signOff(c.link)
		c.push(ctx, toBrowser{T: "reload"})
		return nil
	}
	r.Text = strings.Join(said, " · ")
	r.Error = strings.Join(failed, " · ")
	if r.Error != "" {
		r.Hint = r.Text
	}
	return nil
}

// Each does an act on every line at once, so that one that is slow keeps no other waiting. SPEC: CLI-046
func Each(ctx context.Context, lines []BoardLine, whom func(line string) act.Who, lang string, a act.Act) []act.Came {
	out := make([]act.Came, len(lines))
	var wg sync.WaitGroup
	for i, l := range lines {
		wg.Go(func() {
			err := l.Why
			if l.Node != nil {
				out[i].Reply, err = l.Node.Do(ctx, whom(l.Name), lang, a)
			}
			if out[i].Line = l.Name; err != nil {
				out[i].Error = hint.Of(err).In(lang, words.Say)
			}
		})
	}
	wg.Wait()
	return out
}
