// SPDX-License-Identifier: Apache-2.0
// The board: which line is chosen and in view, and the desk of each in a frame of its own, all open at once, so that every
// line rings, sounds its alarms and proves its desk. See spec/page.md, PAG-040 to PAG-045.
'use strict';
window.Board = (() => {
  const $ = (s, e) => (e || document).querySelector(s), $$ = (s, e) => [...(e || document).querySelectorAll(s)];
  const body = document.body, state = () => ({ ...($('#p-state > i') || {}).dataset });
  const frames = () => $$('iframe[data-frame]'), names = () => frames().map(f => f.dataset.frame);
  const desk = name => { const f = frames().find(x => x.dataset.frame === name); return f && f.contentWindow.Desk; };
  const row = name => $$('[data-line]').find(r => r.dataset.line === name);
  let chosen = sessionStorage.getItem('line') || '', arming = false;

  // paint marks what is chosen and in view, after every drawing.
  function paint() {
    if (!names().includes(chosen)) chosen = names()[0] || '';
    const r = row(chosen), desks = body.dataset.view === 'desk';
    $$('[data-line]').forEach(e => e.classList.toggle('sel', e === r));
    $$('[data-choose]').forEach(b => b.setAttribute('aria-pressed', b.dataset.choose === chosen && (desks || !b.classList.contains('tab'))));
    $$('button[data-view]:not(.tab)').forEach(b => b.setAttribute('aria-pressed', b.dataset.view === body.dataset.view));
    frames().forEach(f => { f.hidden = !desks || f.dataset.frame !== chosen; });
    if (!r) return;
    $('#stop small').textContent = r.dataset.stopword;
    $('#stop').dataset.args = JSON.stringify({ line: chosen });
  }
  // choose takes a line by its name or its number; STOP and Enter go to it from then on.
  function choose(which, view) {
    const name = typeof which === 'number' ? names()[which - 1] : which;
    if (!name) return;
    chosen = name;
    sessionStorage.setItem('line', name);
    if (row(name)) say((state().chosen || '%s').replace('%s', row(name).dataset.peer));
    show(view || body.dataset.view);
  }
  function show(view) {
    body.dataset.view = view;
    paint();
    const f = frames().find(x => !x.hidden);
    if (f) f.contentWindow.focus(); else window.focus();
  }
  function say(text) { const p = $('#p-said'); p.textContent = text; p.classList.remove('bad'); tell({ text }); }
  // tell says it where people look: at the foot of the desk that is in view.
  function tell(r) { if (body.dataset.view === 'desk' && desk(chosen)) desk(chosen).said(r); }
  // go presses a key of the desk of a line, which then is in view: its sound is there.
  function go(name, key) {
    choose(name, 'desk');
    const d = desk(name);
    if (!d) return say(state().none || '');
    if (key) d.press(key);
  }
  // answer takes the ring of whichever line rings, the chosen one first; of one that rings at other desks only where none rings here.
  function answer() {
    const rings = call => [chosen, ...names()].find(n => desk(n) && desk(n).state().call === call), name = rings('ringing-here') || rings('ringing-later');
    if (name) { choose(name, 'desk'); desk(name).answer(); }
    return !!name;
  }
  const calls = win => names().filter(n => desk(n) && desk(n).win !== win && desk(n).state().talks && !desk(n).state().onhold);
  // busy reports whether the person of this page is in a call on another line than that of a desk, and it is not held.
  const busy = win => calls(win).length > 0;
  const tellOf = (n, said) => { if (row(n)) say((said || '%s').replace('%s', row(n).dataset.peer)); };
  // hold holds the calls of the other lines: a priority ring is taken. Until the node of a line says that it is on hold, its
  // microphone is off. SPEC: PAG-045 PAG-086
  const holding = new Map(); // of each such line, whether it was muted for that alone
  function hold(win) {
    calls(win).forEach(n => {
      holding.set(n, !desk(n).muted());
      if (holding.get(n)) desk(n).mute();
      desk(n).hold(() => { holding.delete(n); tellOf(n, state().muted); });
    });
  }
  // held hears each change of a desk's call.
  function held(win) {
    const n = names().find(n => desk(n) && desk(n).win === win), s = n && desk(n).state();
    if (!holding.has(n) || s.talks && !s.onhold) return;
    if (s.onhold) tellOf(n, state().holds);
    if (holding.get(n) && desk(n).muted()) desk(n).mute();
    holding.delete(n);
  }
  // talks: one microphone speaks on one line. What was said on another is muted there, and the board says so.
  function talks(win) {
    names().filter(n => desk(n) && desk(n).win !== win && desk(n).state().call === 'connected' && !desk(n).state().onhold && !desk(n).muted()).forEach(n => {
      desk(n).mute();
      tellOf(n, state().muted);
    });
  }
  // stir has the board drawn again at once where a desk has changed; else it is with every heartbeat.
  let stirred = 0;
  function stir() { stirred ||= setTimeout(() => { stirred = 0; window.Desk.draw(); names().forEach(n => desk(n) && desk(n).beat()); }, 50); }
  // arm turns on the sound of every desk, one after the other: a browser asks for the microphone once.
  async function arm() {
    if (arming) return;
    arming = true;
    for (const n of names()) if (desk(n)) await desk(n).arm();
    arming = false;
  }
  // key takes what a desk leaves over, and what is pressed on the board.
  function key(e) {
    const plain = !e.altKey && !e.ctrlKey && !e.metaKey && !e.target.matches('input,textarea,select');
    if (plain && /^[0-9]$/.test(e.key) && localStorage.getItem('chars') !== 'off') { if (document.activeElement) document.activeElement.blur(); if (e.key === '0') show('board'); else choose(+e.key); return true; }
    if (e.key === 'Enter' && e.ctrlKey && !e.shiftKey) return answer();
    return false;
  }
  window.addEventListener('keydown', e => { // before the page's own
    arm();
    const d = desk(chosen);
    if (key(e)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    if (e.key === 'Enter' && !e.ctrlKey && !e.target.closest('button,a,summary')) return show('desk');
    // The keys of a call and of a desk in view go to the chosen desk; STOP and alarms of the board are the page's own.
    if (e.key === '?' && localStorage.getItem('chars') !== 'off') show('desk');
    const passes = e.key === 'F4' || e.key === 'F9' || e.key === 'Enter' && e.ctrlKey || body.dataset.view === 'desk' && /^(F2|F8|\?|Escape)$/.test(e.key);
    if (d && passes) { e.stopImmediatePropagation(); d.key(e); }
  }, true);
  document.addEventListener('click', e => {
    arm();
    const b = e.target.closest('button'), r = e.target.closest('[data-line]');
    if (!b) { if (r) choose(r.dataset.line); return; }
    if ('go' in b.dataset) go(b.dataset.to, b.dataset.go);
    else if (b.dataset.choose) choose(b.dataset.choose, b.dataset.view);
    else if (b.dataset.view) show(b.dataset.view);
  });
  paint();
  return { paint, choose, show, answer, talks, busy, hold, held, arm, key, tell, stir };
})();
