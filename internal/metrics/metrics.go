// SPDX-License-Identifier: Apache-2.0

// Package metrics tells a Prometheus server how the lines of a home stand: one page of numbers, read whenever it is asked
// for. It tells states and counts, and nothing of what was said, by whom, or where the other party is.
//
// It asks a line what its board shows and knows nothing that stands on none. Its spec is spec/node.md.
package metrics

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
	"example.org/parley/internal/view"
)

// Line is what is asked of a line: a node, or the pairing before it.
type Line interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
}

// within is how long a line has to answer; one that does not is down for this reading.
const within = 2 * time.Second

// asked is how many readings go on at a time; what comes beyond is refused.
const asked = 4

// Handler answers /metrics for lines, by name as they are when it is asked. With a token it answers only who brings it
// (Authorization: Bearer TOKEN, RFC 6750).
//
// SPEC: NOD-040
func Handler(lines func() map[string]Line, token string) http.Handler {
	r := prometheus.NewRegistry()
	faults := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parley_faults_total", Help: "What was given up because this program failed at it: packets, messages, acts. See the log."},
		func() float64 { return float64(fault.Count()) })
	r.MustRegister(collector{lines}, faults, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page := promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: asked, Timeout: 2 * within})
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
		switch {
		case token != "" && subtle.ConstantTimeCompare([]byte(got), []byte(token)) != 1:
			w.Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
			http.Error(w, "a token is needed", http.StatusUnauthorized)
		case q.URL.Path != "/metrics":
			http.NotFound(w, q)
		case q.Method != http.MethodGet && q.Method != http.MethodHead:
			http.Error(w, "GET alone", http.StatusMethodNotAllowed)
		default:
			page.ServeHTTP(w, q)
		}
	})
}

// collector asks every line at each reading.
type collector struct{ lines func() map[string]Line }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("parley_"+name, help, append([]string{"line"}, labels...), nil)
}

var (
	up         = desc("up", "Whether the line answers the shell: 1, or 0 while it is down, starting or pairing.")
	heard      = desc("path_heard", "Whether a path carries in a direction: we_hear them, they_hear us.", "path", "direction")
	rtt        = desc("path_rtt_seconds", "Round trip of a path.", "path")
	loss       = desc("path_loss_ratio", "Share of their packets that is lost on a path.", "path")
	armed      = desc("desks_armed", "Desks that can ring, as each side says.", "side")
	present    = desc("officers_present", "Officers signed on and present, as each side says.", "side")
	alarms     = desc("alarm", "Alarms that stand: 1 each.", "alarm", "priority")
	unread     = desc("alarms_unacknowledged", "Alarms that nobody has acknowledged, of those that are over too.")
	waits      = desc("waiting", "What waits for somebody here.", "what")
	ringing    = desc("ringing_seconds", "For how long it has been ringing here without an answer; 0: it does not ring.")
	connected  = desc("call_connected", "Whether a call is up.")
	unrecorded = desc("unrecorded", "Whether statements cannot be committed.", "side")
	passed     = desc("check_days_passed", "Days on which the line was tested, of those since it began.")
	streak     = desc("check_streak_days", "Days in a row with a passed check.")
	refused    = desc("refused_total", "What the ports of the line and of its telephones did not take: strangers (packets and connections), wrong_keys (handshakes), altered and late (packets), messages and sound (of telephones).", "port", "what")
	nextCheck  = desc("check_next_timestamp_seconds", "When the next check is due.")
)

// Describe names nothing beforehand: paths and alarms come and go.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads every line, all at once.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	lines, done := c.lines(), make(chan []prometheus.Metric)
	for name, l := range lines {
		go func() { done <- read(ctx, name, l, time.Now()) }()
	}
	for range lines {
		for _, m := range <-done {
			ch <- m
		}
	}
}

// read gives the numbers of one line.
func read(ctx context.Context, name string, l Line, now time.Time) (out []prometheus.Metric) {
	is := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{name}, labels...)...))
	}
	yes := func(b bool) float64 { return map[bool]float64{true: 1}[b] }
	ask := func(q act.Plain) (d view.Desk, ok bool) {
		if l == nil {
			return d, false
		}
		r, err := l.Do(ctx, act.Who{}, "en", q)
		d, ok = r.Data.(view.Desk)
		return d, ok && err == nil
	}
	d, ok := ask(act.Status)
	if is(up, yes(ok)); !ok {
		return out
	}
	for _, p := range d.Liveness.Paths {
		is(heard, yes(p.WeHear), p.Label, "we_hear")
		is(heard, yes(p.TheyHear), p.Label, "they_hear")
		is(rtt, p.RTTms/1000, p.Label)
		is(loss, p.LossPct/100, p.Label)
	}
	for side, p := range map[string]view.Presence{"theirs": d.Liveness.WeSee, "ours": d.Liveness.TheySeeUs} {
		is(armed, float64(p.Armed), side)
		is(present, float64(p.Present), side)
	}
	open := 0
	for _, a := range d.Alarms {
		if a.AckedAt.IsZero() {
			open++
		}
		if a.Gone.IsZero() {
			is(alarms, 1, a.Name(), a.Priority)
		}
	}
	is(unread, float64(open))
	since := 0.0
	if d.Call.State == "ringing-here" {
		since = now.Sub(d.Call.Since).Seconds()
	}
	is(ringing, max(0, since))
	is(connected, yes(d.Call.State == "connected"))
	is(unrecorded, yes(!d.UnrecordedHere.IsZero()), "ours")
	is(unrecorded, yes(!d.UnrecordedThere.IsZero()), "theirs")
	is(passed, float64(d.Check.Days))
	is(streak, float64(d.Check.Streak))
	if !d.Check.Due.IsZero() {
		is(nextCheck, float64(d.Check.Due.Unix()))
	}
	if t, ok := l.(interface {
		Refused() map[string]map[string]uint64
	}); ok {
		for port, counts := range t.Refused() {
			for what, n := range counts {
				out = append(out, prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(n), name, port, what))
			}
		}
	}
	if in, ok := ask(act.Inbox); ok {
		is(waits, float64(len(in.Messages)+in.MoreWait), "message")
		is(waits, float64(len(in.Stops)), "stop")
	}
	return out
}
