// SPDX-License-Identifier: Apache-2.0

package view

import (
	"strings"
	"time"

	"example.org/parley/service"
	"example.org/parley/words"
)

// Service is what keeps a line out of service: an act of a party, never a fault.
type Service struct {
	What   string    `json:"what"` // left suspended maintenance
	Party  string    `json:"party"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason,omitempty"`
	ID     string    `json:"id"`
	Word   string    `json:"word"`
}

// service draws what keeps the line out of service now. SPEC: SVC-006
func (b builder) service() (out []Service) {
	for _, s := range b.Service {
		out = append(out, Service{s.What, s.Party, s.Begin.Time, s.Until(), s.Facts.Reason, b.short(s.Begin), OutOfService(b.lang, s, b.Now)})
	}
	return out
}

// OutOfService says who has taken the line out of service, since when, until when and why.
func OutOfService(lang string, s service.State, now time.Time) string {
	said := words.T(lang, "service."+s.What, s.Party) + " " + Since(lang, s.Begin.Time, now)
	if u := s.Until(); !u.IsZero() {
		said += " " + words.T(lang, "service.until", When(lang, u, now))
	}
	return join(said, clean(s.Facts.Reason))
}

// card is what is kept beside the telephone. SPEC: SVC-009
func (b builder) card(d *Desk) {
	d.Line, d.Liveness, d.Check, d.Header = b.Line, b.liveness(), b.check(), b.header(nil)
	d.Telephones, d.Slots = map[string]string{b.Us: strings.Join(b.Fallback[b.Us], ", "), b.Them: strings.Join(b.Fallback[b.Them], ", ")}, b.Schedule
}
