// SPDX-License-Identifier: Apache-2.0

package act

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"example.org/parley/hint"
	"example.org/parley/statement"
)

// When reads a time as a person types it, the next one of a time of day: 1430, 14:30Z, 241430Z NOV 26, 2026-11-24T14:30Z,
// +30m. Empty is zero. SPEC: MSG-017
func When(s string, now time.Time) (time.Time, error) {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}, nil
	}
	if t, ok := statement.ReadClock(s, now, true); ok {
		return t, nil
	}
	if d, err := time.ParseDuration(strings.TrimPrefix(s, "+")); err == nil && strings.HasPrefix(s, "+") && d > 0 {
		return now.UTC().Add(d).Truncate(time.Second), nil
	}
	if t, err := statement.ReadInstant(s); err == nil {
		return t, nil
	}
	return time.Time{}, hint.Usage("1430, 14:30Z, 241430Z NOV 26 or +30m", "%q is no time", s)
}

// Timed puts times as they were typed into the arguments of an act.
func Timed(args []byte, typed map[string]string, now time.Time) ([]byte, error) {
	if len(typed) == 0 {
		return args, nil
	}
	all := map[string]any{}
	if err := json.Unmarshal(args, &all); err != nil {
		return nil, err
	}
	for name, s := range typed {
		t, err := When(s, now)
		if err != nil {
			return nil, err
		}
		all[name] = t
	}
	return json.Marshal(all)
}
