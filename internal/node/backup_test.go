// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/act"
)

// A backup too old is an alarm until there is a newer one; none at all is one after the same time. Only the home's account
// gets the rows.
// SPEC: BAK-004 BAK-005 BAK-006
func TestABackupTooOldIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		said := func() string {
			synctest.Wait()
			for _, a := range l.View("en", "watch").Alarms {
				if a.ID == "A9" && a.State == "raised" {
					return a.Cause
				}
			}
			return ""
		}
		do := func(who act.Who, a act.Backup) (act.Reply, error) { return l.Do(t.Context(), who, "en", a) }
		keeper := act.Who{Keeper: true}
		if _, err := l.Do(t.Context(), act.Who{Account: "amaro"}, "en", act.OfficerAdd{Name: "Amaro", Langs: []string{"en"}}); err != nil {
			t.Fatal(err)
		}
		if err := l.in(t.Context(), l.events, func() { l.cfg.BackupEvery = 2 * time.Hour }); err != nil {
			t.Fatal(err)
		}
		if _, err := do(act.Who{}, act.Backup{DB: "record.db"}); err == nil || !strings.Contains(err.Error(), "only the account") {
			t.Errorf("an account of the group is given the rows: %v", err)
		}
		r, err := do(keeper, act.Backup{DB: "record.db"})
		if err != nil {
			t.Fatal(err)
		}
		var rows bytes.Buffer
		if err := r.File(&rows); err != nil || bytes.Count(rows.Bytes(), []byte("\n")) < 2 {
			t.Errorf("%d bytes of rows, %v", rows.Len(), err)
		}
		if _, err := do(keeper, act.Backup{DB: "other.db"}); err == nil {
			t.Error("a record that is not there is copied")
		}
		time.Sleep(110 * time.Minute)
		if s := said(); s != "" {
			t.Errorf("too early: %s", s)
		}
		time.Sleep(15 * time.Minute)
		if s := said(); !strings.Contains(s, "no backup has been made") {
			t.Errorf("none was made: %q", s)
		}
		made := time.Now()
		if _, err := do(act.Who{}, act.Backup{Made: made}); err == nil {
			t.Error("an account of the group says that there is a backup")
		}
		if _, err := do(keeper, act.Backup{Made: made}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if s := said(); s != "" {
			t.Errorf("after a backup: %s", s)
		}
		time.Sleep(2 * time.Hour)
		if s := said(); !strings.Contains(s, "the newest backup is of "+made.UTC().Format("2006-01-02 15:04Z")) {
			t.Errorf("too old: %q", s)
		}
		if err := l.in(t.Context(), l.events, func() { l.fail(errFull) }); err != nil {
			t.Fatal(err)
		}
		if _, err := do(keeper, act.Backup{DB: "record.db"}); err == nil {
			t.Error("a node that cannot commit is copied")
		}
		l.Close()
	})
}
