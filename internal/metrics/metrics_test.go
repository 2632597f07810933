// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/view"
	"example.org/parley/wire"
)

// board is a line whose board shows what is in it.
type board struct{ status, inbox view.Desk }

func (b board) Do(_ context.Context, _ act.Who, _ string, a act.Act) (act.Reply, error) {
	return act.Reply{Data: map[act.Act]view.Desk{act.Status: b.status, act.Inbox: b.inbox}[a]}, nil
}

// deaf is a line that never answers.
type deaf struct{}

func (deaf) Do(ctx context.Context, _ act.Who, _ string, _ act.Act) (act.Reply, error) {
	<-ctx.Done()
	return act.Reply{}, ctx.Err()
}

// broken is a line whose record cannot be opened.
type broken struct{}

func (broken) Do(context.Context, act.Who, string, act.Act) (act.Reply, error) {
	return act.Reply{}, errors.New("starting")
}

func (board) Refused() map[string]map[string]uint64 {
	return map[string]map[string]uint64{"telephones": {"strangers": 7}, "line": {"altered": 2}}
}

func lines() map[string]Line {
	var s, in view.Desk
	s.Liveness.Paths = []wire.PathState{{Label: "1", WeHear: true, RTTms: 12, LossPct: 3}}
	s.Liveness.WeSee.Armed, s.Liveness.TheySeeUs.Armed = 2, 1
	s.Alarms = []alarm.Alarm{{Condition: alarm.Condition{ID: "A11", Key: "path 1"}, Priority: "medium"}, {Condition: alarm.Condition{ID: "A1"}, Priority: "high", Gone: time.Now()}}
	s.Call = view.Call{State: "ringing-here", Since: time.Now().Add(-30 * time.Second)}
	in.Messages, in.MoreWait, in.Stops = make([]view.Message, 2), 1, make([]view.StopCard, 1)
	return map[string]Line{"north": board{s, in}, "south": broken{}, "west": nil, "east": deaf{}}
}

func get(t *testing.T, at, token, method string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// SPEC: NOD-040
func TestMetricsTellHowTheLinesStand(t *testing.T) {
	srv := httptest.NewServer(Handler(lines, ""))
	defer srv.Close()
	code, page := get(t, srv.URL+"/metrics", "", http.MethodGet)
	if code != http.StatusOK {
		t.Fatal(code, page)
	}
	for _, want := range []string{
		`parley_up{line="north"} 1`, `parley_up{line="south"} 0`, `parley_up{line="west"} 0`, `parley_up{line="east"} 0`,
		`parley_path_heard{direction="we_hear",line="north",path="1"} 1`, `parley_path_heard{direction="they_hear",line="north",path="1"} 0`,
		`parley_path_rtt_seconds{line="north",path="1"} 0.012`, `parley_path_loss_ratio{line="north",path="1"} 0.03`,
		`parley_desks_armed{line="north",side="theirs"} 2`, `parley_desks_armed{line="north",side="ours"} 1`,
		`parley_alarm{alarm="A11/path 1",line="north",priority="medium"} 1`, `parley_alarms_unacknowledged{line="north"} 2`,
		`parley_waiting{line="north",what="message"} 3`, `parley_waiting{line="north",what="stop"} 1`, `parley_refused_total{line="north",port="telephones",what="strangers"} 7`, `parley_refused_total{line="north",port="line",what="altered"} 2`, `parley_faults_total`, `go_goroutines`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if m := regexp.MustCompile(`parley_ringing_seconds\{line="north"\} (3\d)\.`).FindString(page); m == "" || strings.Contains(page, `alarm="A1",`) {
		t.Errorf("not how it stands:\n%s", page)
	}
}

// SPEC: NOD-040
func TestMetricsAreForWhoBringsTheToken(t *testing.T) {
	srv := httptest.NewServer(Handler(lines, "a long secret"))
	defer srv.Close()
	for name, c := range map[string]struct {
		path, token, method string
		want                int
	}{
		"the token":       {"/metrics", "a long secret", http.MethodGet, http.StatusOK},
		"none":            {"/metrics", "", http.MethodGet, http.StatusUnauthorized},
		"another":         {"/metrics", "a long secre", http.MethodGet, http.StatusUnauthorized},
		"longer":          {"/metrics", "a long secret x", http.MethodGet, http.StatusUnauthorized},
		"another page":    {"/", "a long secret", http.MethodGet, http.StatusNotFound},
		"another method":  {"/metrics", "a long secret", http.MethodPost, http.StatusMethodNotAllowed},
		"no token, other": {"/", "", http.MethodGet, http.StatusUnauthorized},
	} {
		if got, page := get(t, srv.URL+c.path, c.token, c.method); got != c.want || got != http.StatusOK && strings.Contains(page, "parley_") {
			t.Errorf("%s: %d, want %d: %s", name, got, c.want, page)
		}
	}
}

// The rules and the dashboard ask for what is told, and for nothing else; promtool reads the rules.
//
// SPEC: NOD-040
func TestRulesAskForWhatIsTold(t *testing.T) {
	srv := httptest.NewServer(Handler(func() map[string]Line {
		l := lines()
		b := l["north"].(board)
		b.status.Check.Due = time.Now()
		return map[string]Line{"north": b}
	}, ""))
	defer srv.Close()
	_, page := get(t, srv.URL+"/metrics", "", http.MethodGet)
	for _, file := range []string{"../../packaging/alerts.yml", "../../packaging/grafana.json"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`parley_\w+`).FindAllString(string(b), -1)
		if len(names) < 5 {
			t.Errorf("%s asks for %v", file, names)
		}
		for _, n := range names {
			if !strings.Contains(page, "\n"+n+"{") {
				t.Errorf("%s asks for %s, which is not told", file, n)
			}
		}
	}
	tool, err := exec.LookPath(cmp.Or(os.Getenv("PARLEY_PROMTOOL"), "promtool"))
	if err != nil {
		if strings.Contains(os.Getenv("PARLEY_REQUIRE"), "promtool") {
			t.Fatal("no promtool, which is required here")
		}
		t.Skip("no promtool: the rules were not read by it")
	}
	if out, err := exec.CommandContext(t.Context(), tool, "check", "rules", "../../packaging/alerts.yml").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
