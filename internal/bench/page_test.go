// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"example.org/parley/internal/act"
	"example.org/parley/internal/node"
	"example.org/parley/internal/page"
	"example.org/parley/internal/view"
)

// seat is a node as its page has it, with the sound of no browser.
type seat struct{ *node.Line }

func (seat) Letters(act.Who, string, bool, func(error)) {}
func (seat) Offer(string, string) (string, error)       { return "", errors.New("no sound here") }
func (seat) Carries(string) bool                        { return true }

// desks serves the page of a node and gives what opens a desk of it: a browser's client, signed on, and the page as it came.
func (p *pair) desks(i int) func() (c *http.Client, url string, drawn []byte) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	p.check(err)
	s, err := page.New(page.Config{Node: seat{p.nodes[i]}, Silent: true, Name: names[i], Hosts: []string{l.Addr().String()}})
	p.check(err)
	srv := &http.Server{Handler: s}
	go srv.Serve(l)
	p.tb.Cleanup(func() { srv.Close() })
	return func() (*http.Client, string, []byte) {
		link, err := s.Link(act.Who{Officer: p.who[i].Officer, Account: names[i]}, "en")
		p.check(err)
		jar, _ := cookiejar.New(nil)
		c := &http.Client{Jar: jar}
		return c, "http://" + l.Addr().String(), p.get(c, link)
	}
}

func (p *pair) get(c *http.Client, url string) []byte {
	r, err := c.Get(url)
	p.check(err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	p.check(err)
	if r.StatusCode != http.StatusOK {
		p.tb.Fatalf("%s: %s", url, r.Status)
	}
	return b
}

// measurePage gives how long a desk takes to be drawn, asked for by HTTP, and how large it is, with a record of so many
// messages of which some FLASH wait for a person.
func measurePage(tb testing.TB, messages, flash int) (took time.Duration, size int) {
	p := newPair(tb)
	p.flash = flash
	p.seed(4 + 3*(messages-flash) + flash)
	n := node.Open(p.config(0))
	tb.Cleanup(func() { n.Close() })
	p.check(n.Read(context.Background()))
	p.nodes[0], p.who[0] = n, act.Who{Desk: "watch", Account: names[0]}
	p.who[0].Officer, p.who[0].Known = p.do(0, act.SignOn{}).ID, "account"
	c, url, drawn := p.desks(0)()
	if waits := regexp.MustCompile(`data-count="(\d+)"`).FindSubmatch(drawn); waits == nil || string(waits[1]) == "0" {
		tb.Errorf("nothing waits on the desk: %s", waits)
	}
	var all []time.Duration
	for range 15 { // something is new each time: nothing of it was drawn before
		p.do(0, act.Send{Kind: "information", Text: "The convoy has passed."})
		all = append(all, timed(1, func() { drawn = p.get(c, url+"/") })...)
	}
	took = median(all)
	return took, len(drawn)
}

// measureDesks gives what a node spends while that many desks of it are open and a message comes each second: the share of
// a core, with the desks' ends of the sockets in it, and the longest step of its loop. Both nodes are in this process; what
// they spend before the first desk is open is halved.
func measureDesks(tb testing.TB, n int, d time.Duration) (core float64, step time.Duration) {
	p := newPair(tb)
	steps := &slowest{}
	p.log = slog.New(steps)
	p.start()
	last := ""
	spend := func(d time.Duration) float64 {
		began, spent := time.Now(), cpu()
		for tick := time.NewTicker(time.Second); time.Since(began) < d; <-tick.C {
			last = p.do(1, act.Send{Kind: "information", Text: fmt.Sprintf("The convoy stands at kilometre %.0f.", time.Since(began).Seconds())}).ID
		}
		return float64(cpu()-spent) / float64(time.Since(began))
	}
	alone := spend(d / 2)
	open := p.desks(0)
	for range n {
		c, url, drawn := open()
		m := regexp.MustCompile(`data-ws="(/ws\?tab=[^"]+)".* data-seq="(\d+)"`).FindSubmatch(drawn)
		if m == nil {
			tb.Fatalf("no socket in the page: %.300s", drawn)
		}
		ws, _, err := websocket.Dial(tb.Context(), url+string(m[1]), &websocket.DialOptions{HTTPClient: c})
		p.check(err)
		tb.Cleanup(func() { ws.CloseNow() })
		ws.SetReadLimit(-1)
		p.check(ws.Write(tb.Context(), websocket.MessageText, fmt.Appendf(nil, `{"t":"hello","seq":%s,"lang":"en"}`, m[2])))
		go func() {
			for {
				_, b, err := ws.Read(tb.Context())
				if err != nil {
					return
				}
				if bytes.Contains(b, []byte(`"t":"beat"`)) {
					_ = ws.Write(tb.Context(), websocket.MessageText, []byte(`{"t":"beat"}`))
				}
			}
		}()
	}
	time.Sleep(2 * time.Second)
	steps.mu.Lock()
	steps.took = 0
	steps.mu.Unlock()
	core = spend(d) - alone/2
	p.until(0, 10*time.Second, func(v view.Desk) bool { return len(v.Messages) > 0 && v.Messages[0].ID == last })
	steps.mu.Lock()
	defer steps.mu.Unlock()
	return core, steps.took
}

// measureFiles gives the size of the page's script and style, gzipped.
func measureFiles(tb testing.TB) (size int) {
	files, err := filepath.Glob(top + "/internal/page/static/*")
	if err != nil || len(files) < 3 {
		tb.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var out strings.Builder
		w := gzip.NewWriter(&out)
		_, err = w.Write(b)
		if err = errors.Join(err, w.Close()); err != nil {
			tb.Fatal(err)
		}
		size += out.Len()
	}
	return size
}

// TestPage prints what the page costs: PARLEY_SCALE=1.
func TestPage(t *testing.T) {
	if os.Getenv("PARLEY_SCALE") == "" {
		t.Skip("make bench")
	}
	took, size := measurePage(t, 10_000, 3000)
	t.Logf("drawn in %s, %d bytes", ms(took), size)
	core, step := measureDesks(t, 20, 20*time.Second)
	t.Logf("%.1f %% of a core, longest step %s; files %d bytes", 100*core, ms(step), measureFiles(t))
}
