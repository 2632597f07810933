// SPDX-License-Identifier: Apache-2.0

package view

// brief is one page to be read before a call: who spoke last, what was sought and what became of it, what each side said, how
// the line stands. SPEC: RDO-009
func (b builder) brief(d *Desk) {
	b.contacts(d)
	b.readouts(d)
	said := d.Sentences
	d.Sentences = b.sentences(d.Counterparts)[:1]
	for _, p := range d.Counterparts.Pairs {
		d.Sentences = append(d.Sentences, b.spoken(p))
	}
	d.Sentences = append(d.Sentences, said...)
	d.Check, d.Figures, d.Liveness, d.Line = b.check(), b.lineFigures(), b.liveness(), b.Line
}
