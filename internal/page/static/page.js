// SPDX-License-Identifier: Apache-2.0
// The server draws, this shows: panels swapped whole, forms left alone, keys, the heartbeat. See spec/page.md.
'use strict';
(() => {
  const $ = (s, e) => (e || document).querySelector(s), $$ = (s, e) => [...(e || document).querySelectorAll(s)];
  const body = document.body, panel = name => document.getElementById('p-' + name);
  // A desk that a board frames tells it what is pressed, and whose call has the microphone.
  const board = () => body.dataset.root && parent.Board || window.Board || null;
  const snd = window.Sound || null, held = new Map(), waits = new Map(), shown = new Set();
  let ws, seq = +body.dataset.seq || 0, n = 0, heard = Date.now(), skew = 0, lang = document.documentElement.lang;
  let ringClass = 'substantive', stopAt = 0, stopOn = '', state = { lost: body.dataset.lost }, down = null, opener = null, whence = '', fading = 0;
  const now = () => Date.now() + skew;
  const send = m => ws && ws.readyState === 1 ? (ws.send(JSON.stringify(m)), true) : false;

  // ---- acts -------------------------------------------------------------------------------------
  function act(verb, args, opt = {}) {
    const id = ++n, answered = r => { if (!opt.quiet || r.error) said(r, opt.why, verb); const then = r.error ? opt.no : opt.done; if (then) then(); };
    if (!send({ t: 'act', n: id, verb, args: args || {}, times: opt.times, slot: opt.slot || '' })) return answered({ error: state.lost });
    waits.set(id, answered);
  }
  // said shows an answer: at the form that asked, else under the status; what to do stands apart from what was refused.
  // Focus stays where it is.
  function said(r, why, of) {
    const text = r.error || r.text || '', tell = e => { const h = document.createElement('small'); h.textContent = r.hint || ''; e.replaceChildren(text, ...(r.hint ? [' ', h] : [])); };
    if (why && why.isConnected) { tell(why); if (r.error) return; }
    const p = panel('said');
    if (!p) return;
    tell(p); p.classList.toggle('bad', !!r.error); p.dataset.of = r.error ? '' : of;
    if (window.Board) window.Board.tell(r);
    clearTimeout(fading);
    if (!r.error && !text.includes('/join#')) fading = setTimeout(() => { p.textContent = ''; }, 8000); // what was done stands in its own panel
  }
  // argsOf gives what a form says: values as they were typed, times apart; the node reads them.
  function argsOf(form) {
    const args = {}, times = {};
    for (const [k, v] of new FormData(form)) {
      const el = form.elements[k];
      if (v === '') continue;
      if (el && el.dataset && 'time' in el.dataset) times[k] = v;
      else if (el && el.dataset && 'pairs' in el.dataset) v.split(',').forEach(p => { const [o, f] = p.split('='); (args[k] ||= {})[o.trim()] = (f || '').trim(); });
      else if (k.endsWith('[]')) (args[k.slice(0, -2)] ||= []).push(v);
      else if (k.includes('.')) { const [o, f] = k.split('.'); (args[o] ||= {})[f] = v; }
      else args[k] = v === 'true' ? true : el && el.type === 'number' ? +v : v;
    }
    $$('[data-point]', form).forEach(p => { const [sort, topic, text] = $$('select,input,textarea', p).map(e => e.value.trim()); if (text) (args.points ||= []).push(sort + (topic && '/' + topic) + ': ' + text.replace(/\s+/g, ' ')); });
    $$('[data-number]', form).forEach(c => { const of = $('input', c.closest('div')), i = (args.participants || []).indexOf(of.value); if (i >= 0 && c.value > 1) args.participants[i] += ':' + c.value; });
    return { args, times };
  }

  // ---- panels -----------------------------------------------------------------------------------
  // put swaps a panel whole. One with an open form waits for the server's word to close it; one under a pressed
  // pointer waits until the pointer is up, so that no press is lost. Focus and opened parts are kept by id.
  function draw(panels) {
    const [state, rest] = [true, false].map(is => panels.filter(m => (m.panel === 'state') === is));
    if (state.map(put).length) hears(); // what sounds waits for no drawing
    const were = tops();
    if (!rest.map(put).some(x => x) && !state.length) return;
    after();
    if (were.size) tops().forEach((y, b) => { if (were.has(b) && were.get(b) !== y) moved.set(b, Date.now()); });
  }
  const hears = () => { const i = $('#p-state > i'); if (i) follow({ ...i.dataset }); };
  function put(m) {
    const p = panel(m.panel);
    seq = Math.max(seq, m.seq || 0);
    if (!p || (!m.close && $('form[data-of]', p)) || $('form[data-ask]', p) && p.lang === lang) return;
    if (down && p.contains(down) || waitsForReader(m, p)) { held.set(m.panel, m); return; }
    held.delete(m.panel);
    const had = p.contains(document.activeElement) ? document.activeElement.id : '', open = $$('details[open]', p).map(d => d.id);
    const half = m.panel === 'type' && $('#l-type') ? $('#l-type').value : '';
    p.innerHTML = m.html || '';
    if (half && $('#l-type')) $('#l-type').value = half;
    open.forEach(id => { const d = document.getElementById(id); if (d) d.open = true; });
    p.lang = lang;
    if ($('form[data-of]', p)) { begin($('form[data-of]', p)); const may = $$('input:not([type=hidden]):not(.sr),select,textarea', p).filter(e => !e.matches(':disabled')); (may.find(e => 'focus' in e.dataset) || may[0]).focus(); release(); }
    else if (had) focus(had, p);
    if (m.close && whence) { show(whence); whence = ''; }
    if (m.close && opener) { focus(opener, panel('messages')); opener = null; }
    return true;
  }
  // tops is where the keys of the urgent stack stand: one that shifted takes no press for half a second. SPEC: PAG-037
  const moved = new Map(), tops = () => new Map($$('.stack button[id]').map(b => [b.id, Math.round(b.getBoundingClientRect().top)]));
  // A new strip waits while a person is in the list, by pointer or key, and no longer than he moves: what he reads or is
  // about to press does not shift under him, and what came is not hidden from one who only rests his hand.
  let inList = 0;
  for (const ev of ['pointermove', 'keydown']) document.addEventListener(ev, e => { if (panel('messages') && panel('messages').contains(e.target)) inList = Date.now(); }, { passive: true });
  function waitsForReader(m, p) {
    if (m.panel !== 'messages' || m.close || !$('.msg', p) || $('.writing form')) return false; // behind a form nobody reads it
    const d = document.createElement('div');
    d.innerHTML = m.html;
    const first = e => ($('.msg .id', e) || {}).textContent;
    return Date.now() - inList < 1500 && first(d) !== first(p);
  }
  const release = () => { if (!down) { const h = [...held.values()]; held.clear(); draw(h); } };
  setInterval(() => { if (held.size) release(); }, 250);
  // focus goes back to a key that was drawn anew, never by itself onto another one: where the key is gone it goes to its
  // panel, or to the desk where that is empty, so that a second press of Enter does nothing. SPEC: PAG-093
  function focus(id, p) {
    const key = document.getElementById(id), e = key || [p, $('main')].find(x => x && x.checkVisibility() && x.offsetHeight);
    if (!e) return;
    if (!key) e.tabIndex = -1;
    e.focus({ preventScroll: true });
  }
  // after does what a drawn page needs: times that run, what is shown, what is heard.
  function after() {
    clock(); levels(); lines();
    look();
    $$('[name=source]').forEach(r => { r.checked = r.value === source(); });
    $$('[data-ringclass]').forEach(b => b.setAttribute('aria-pressed', b.dataset.ringclass === ringClass));
    show(body.dataset.page);
    $$('[data-form=compose]').forEach(b => b.classList.toggle('kept', !!localStorage.getItem(drafts() + b.dataset.id)));
    if (window.Board) window.Board.paint();
    rearm();
    if ($('#mute')) $('#mute').setAttribute('aria-pressed', !!(snd && snd.state().muted));
    body.dataset.muted = !!(snd && snd.state().muted);
    if ($('#chars')) $('#chars').setAttribute('aria-pressed', chars());
    devices();
    hears();
  }
  // show turns to a page of the desk: head, answers and voice stay.
  function show(name) {
    if (!name) return;
    if (name !== body.dataset.page) { $$('.found,#sheet').forEach(e => e.replaceChildren()); loadAt = 0; }
    body.dataset.page = name;
    load();
    $$('[data-page]').forEach(b => { if (b !== body) b.setAttribute('aria-pressed', b.dataset.page === name); });
  }
  // load draws below a page what is a question of its own, at most every ten seconds while the page is read.
  let loadAt = 0;
  async function load() {
    const all = $$('[data-load]').filter(x => x.closest('.pane').dataset.of === body.dataset.page);
    if (!all.length || Date.now() - loadAt < 10000 || $('form[data-of=ack]')) return;
    loadAt = Date.now();
    for (const e of all) {
      const r = await fetch('/ask/' + e.dataset.load + '?lang=' + lang).catch(() => null);
      if (r && r.ok) e.innerHTML = await r.text();
    }
  }
  // follow is the state panel: title, what a screen reader says, tones.
  function follow(s) {
    if (s.title) document.title = s.title;
    if (s.count !== state.count || s.tone !== state.tone) icon(+s.count || 0, s.tone);
    if (s.lang) document.documentElement.lang = lang = s.lang;
    if (s.skip && $('.skip')) $('.skip').textContent = s.skip;
    if (s.assert !== state.assert) { $('#say-now').textContent = s.assert || ''; notice(s.assert); }
    if (s.polite !== state.polite) $('#say').textContent = s.polite || '';
    const was = state;
    state = s;
    if (body.dataset.root && board()) { board().stir(); board().held(window); }
    if (!snd) return;
    if (s.sound !== was.sound) { snd.ring(s.sound === 'ring'); snd.priority(s.sound === 'priority'); snd.alarmHigh(s.sound === 'high'); snd.alarm(s.sound === 'alarm'); }
    if (s.talks !== was.talks || s.speaks !== was.speaks) { // of this desk: another one of ours may have the call
      if (s.talks) { if (body.dataset.root && board()) board().talks(window); snd.connected(s.talks, s.speaks === 'true', s.recorded === 'true' && !was.talks); }
      else if (was.talks) snd.ended();
    }
    if (s.call !== was.call) {
      if (s.call !== 'idle' && s.call !== 'ended') link();
      if (panel('said') && panel('said').dataset.of === 'ring') panel('said').textContent = ''; // what came of it stands in the call
    }
  }
  // notice tells of what is urgent outside a page that is hidden, where the person allowed it; a board does it for its desks.
  function notice(text) {
    if (text && document.hidden && !body.dataset.root && window.Notification && Notification.permission === 'granted') new Notification(document.title, { body: text, tag: 'parley', requireInteraction: true }).onclick = () => window.focus();
  }
  // wake keeps the screen on while a desk is armed, where the browser can. SPEC: PAG-047
  let awake = null;
  function wake() {
    if (window !== top || awake || !navigator.wakeLock || document.hidden) return;
    awake = true;
    navigator.wakeLock.request('screen').then(l => { l.onrelease = () => { awake = null; }; }, () => { awake = null; });
  }
  const chars = () => localStorage.getItem('chars') !== 'off';
  // devices fills the lists of microphones and loudspeakers; their names are known once the microphone was allowed.
  async function devices() {
    if (!snd || !$('[data-device]')) return;
    const all = navigator.mediaDevices ? await navigator.mediaDevices.enumerateDevices().catch(() => []) : [];
    $$('[data-device]').forEach(sel => {
      if (sel === document.activeElement) return;
      const of = all.filter(d => d.kind === sel.dataset.device && d.deviceId && d.deviceId !== 'default' && d.label);
      sel.length = 1;
      of.forEach(d => sel.add(new Option(d.label, d.deviceId)));
      sel.value = of.some(d => d.deviceId === snd.kept(sel.dataset.kept)) ? snd.kept(sel.dataset.kept) : '';
      sel.disabled = sel.dataset.device === 'audiooutput' && !snd.sinks;
    });
    if ($('#no-sinks')) $('#no-sinks').hidden = snd.sinks;
    if ($('#s-volume')) $('#s-volume').value = snd.kept('volume') || 100;
  }
  window.addEventListener('devices', devices);
  // icon draws how much waits, in the colour and shape of what is most urgent. SPEC: PAG-046
  function icon(count, tone) {
    const [shape, fill, ink] = { high: ['M10 1h12l9 9v12l-9 9H10l-9-9V10z', '#b3141c', '#fff'], flash: ['M1 1h30v30H1z', '#15191d', '#fff'], ring: ['M16 1a15 15 0 1 1 0 30 15 15 0 1 1 0-30z', '#f2b632', '#15191d'], medium: ['M16 1l15 29H1z', '#f2b632', '#15191d'] }[tone] || ['M1 9h30v14H1z', '#6b7680', '#fff'];
    const l = $('#icon');
    if (l) l.href = 'data:image/svg+xml,' + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="${fill}" stroke="#fff" d="${shape}"/>` + (count ? `<text x="16" y="24" text-anchor="middle" font-family="sans-serif" font-weight="bold" font-size="20" fill="${ink}">${count > 9 ? '9+' : count}</text>` : '') + '</svg>');
  }
  // What stands already is not written again, and a form of time is made once: four times a second it would cost a picture.
  const write = (e, s) => { if (e.textContent !== s) e.textContent = s; }, formats = new Map();
  function format(d, o) { const k = lang + JSON.stringify(o); if (!formats.has(k)) formats.set(k, new Intl.DateTimeFormat(lang, o)); return formats.get(k).format(d); }
  const local = d => (state.local || '%s').replace('%s', format(d, { hour: '2-digit', minute: '2-digit', hour12: false }));
  function clock() {
    const t = now(), iso = new Date(t).toISOString(), d = new Date(t);
    $$('[data-clock]').forEach(e => { if (e.textContent === iso.slice(11, 19) + 'Z') return; e.textContent = iso.slice(11, 16); const s = document.createElement('small'); s.textContent = iso.slice(16, 19) + 'Z'; e.append(s); });
    $$('[data-day]').forEach(e => write(e, ['weekday', 'day', 'month', 'year'].map(k => format(d, { [k]: { weekday: 'short', month: 'short' }[k] || '2-digit', timeZone: 'UTC' })).join(' ').replace(/ (\D+) /, m => m.toUpperCase())));
    $$('[data-local]').forEach(e => write(e, local(d)));
    $$('[data-at]').forEach(e => write(e, local(new Date(e.dataset.at))));
    $$('[data-left]').forEach(e => { const s = Math.floor((Date.parse(e.dataset.left) - t) / 1000), a = Math.abs(s); e.parentElement.classList.toggle('over', s < 0); write(e, (s < 0 ? '−' : '') + (a < 3600 ? Math.floor(a / 60) + ':' + String(a % 60).padStart(2, '0') : Math.floor(a / 3600) + ' h')); });
    $$('[data-since]').forEach(e => { const s = Math.max(0, Math.floor((t - Date.parse(e.dataset.since)) / 1000)); write(e, Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0')); });
  }
  // eyes: a message was shown when half of its words, or of what the view holds, stood on a visible page, or its last
  // line did. The node states it once.
  const eyes = new IntersectionObserver(es => {
    const stood = ({ boundingClientRect: all, intersectionRect: seen, rootBounds: view }) =>
      seen.height >= Math.min(all.height, view ? view.height : innerHeight) / 2 || seen.height > 24 && seen.bottom >= all.bottom - 1;
    const ids = es.filter(e => e.isIntersecting && document.visibilityState === 'visible' && stood(e)).map(e => e.target.dataset.shown).filter(id => !shown.has(id));
    if (!ids.length || !ws || ws.readyState !== 1) return;
    ids.forEach(id => shown.add(id));
    act('shown', { ids }, { quiet: true });
  });
  const look = () => $$('[data-shown]').forEach(e => { eyes.unobserve(e); eyes.observe(e); });
  let looking = 0;
  document.addEventListener('scroll', () => { looking ||= setTimeout(() => { looking = 0; look(); }, 200); }, { capture: true, passive: true });

  // ---- forms ------------------------------------------------------------------------------------
  // begin fills a form that was opened with its draft, and asks what the node makes of it.
  function begin(f) {
    const d = kept(f);
    if (d) $$('[name]', f).forEach(e => {
      const vs = d.said.filter(([k]) => k === e.name).map(([, v]) => v);
      if (e.type === 'radio' || e.type === 'checkbox') e.checked = vs.includes(e.value);
      else if (e.type !== 'hidden' && vs.length) e.value = vs[0];
    });
    $$('details', f).forEach(x => { x.open = $$('input,select', x).some(e => e.type === 'checkbox' ? e.checked : e.value); });
    pick(f); ready(f); hear(f);
  }
  // pick shows the fields of the chosen phrase and lets no other take part.
  function pick(f) {
    const sel = $('[data-pick]', f), by = $('#w-find', f);
    if (!sel) return;
    $$('[data-for]', f).forEach(d => { d.hidden = d.dataset.for !== sel.value; $$('input,select,textarea', d).forEach(e => { e.disabled = d.hidden; }); });
    by.value = sel.value && sel.selectedOptions[0].dataset.says; $('#w-free').hidden = !sel.value;
    $$('option', sel).forEach(o => { o.hidden = false; });
  }
  // find leaves of the phrases those that have every word that was typed.
  function find(by) {
    const ws = by.value.toLowerCase().split(/\s+/);
    $$('#w-phrase option').forEach(o => { o.hidden = !!by.value && (!o.value || !ws.every(w => (o.textContent + ' ' + o.value).toLowerCase().includes(w))); });
  }
  function choose(value, f) {
    const sel = $('[data-pick]', f);
    sel.value = value; sel.dispatchEvent(new Event('change', { bubbles: true }));
    const e = $$('[data-for] :is(input,select,textarea)', f).find(x => !x.disabled);
    if (e) e.focus();
  }
  // ready shuts the key of a form while something that must be there is not, and what belongs to a choice not made.
  function ready(f) {
    $$('[data-when]', f).forEach(p => { const on = !!$(`[value=${p.dataset.when}]:checked`, f); $$('input', p).forEach(e => { e.disabled = !on; e.required = on; }); });
    const chosen = $('[data-chosen]', f), c = chosen && $('.opts :checked', f);
    if (c) chosen.textContent = c.nextElementSibling.firstChild.textContent;
    $('[type=submit]', f).disabled = f.noValidate && !f.checkValidity();
  }
  // hear asks what the node understood of a form so far; the answer is parts of it.
  let hearing = 0;
  function hear(f) {
    clearTimeout(hearing);
    if ('echo' in f.dataset) hearing = setTimeout(() => f.isConnected && send({ t: 'preview', form: f.dataset.of, id: f.dataset.id, ...argsOf(f) }), 120);
  }
  function parts(all) {
    $$('.echo[id]').forEach(e => { if (!(e.id in all) && !(document.getElementById(e.id.slice(2)) || {}).value) e.textContent = e.dataset.hint || ''; });
    for (const [id, html] of Object.entries(all)) {
      const e = document.getElementById(id), of = document.getElementById(id.slice(2));
      if (e && e.innerHTML !== html) e.innerHTML = html;
      if (e && of && of.form) { of.setCustomValidity($('.no', e) ? '?' : ''); ready(of.form); }
    }
    clock();
  }
  // Drafts are kept at the desk, of each line apart: they outlive a reload and the node, and end with whoever wrote them.
  // SPEC: PAG-052
  const drafts = () => 'draft ' + (body.dataset.root ? body.dataset.root + ' ' : ''), draft = f => drafts() + f.dataset.id;
  const left = () => Object.keys(localStorage).filter(k => k.startsWith(drafts()));
  const signedOff = () => left().forEach(k => localStorage.removeItem(k));
  let warned = 0;
  // leaves reports whether nothing that was written would be lost with a sign-off, or the person has been told.
  function leaves() {
    if (!left().length || now() - warned < 10000) return true;
    warned = now();
    said({ error: state.drafts.replace('%d', left().length) });
    return false;
  }
  function kept(f, d) {
    if (!('draft' in f.dataset)) return null;
    if (d) localStorage.setItem(draft(f), JSON.stringify(d));
    d = JSON.parse(localStorage.getItem(draft(f)) || 'null');
    const e = $('[data-kept]', f);
    e.textContent = d ? e.dataset.kept.replace('%s', new Date(d.at).toISOString().slice(11, 19) + 'Z') : '';
    return d;
  }
  const forget = f => 'draft' in f.dataset && localStorage.removeItem(draft(f));
  function changed(f) { ready(f); hear(f); kept(f, { at: now(), said: [...new FormData(f)].filter(([, v]) => v) }); }
  document.addEventListener('focusin', e => { if (e.target.id === 'w-find') e.target.select(); });
  document.addEventListener('input', e => {
    if (e.target.id === 'w-find') return find(e.target);
    if (!e.target.form) return;
    if (e.target.setCustomValidity) e.target.setCustomValidity('');
    changed(e.target.form);
  });
  document.addEventListener('change', e => {
    if (e.target.matches('[data-pick]')) pick(e.target.form);
    if (e.target.form) changed(e.target.form);
    if (snd && e.target.dataset.kept) snd.choose(e.target.dataset.kept, e.target.value);
    if (e.target.name === 'source') { localStorage.setItem('source', e.target.value); if (snd) snd.source(e.target.value); }
  });
  document.addEventListener('submit', e => {
    e.preventDefault();
    const f = e.target, slot = f.parentElement.id.slice(2), said = argsOf(f), { next, id } = f.dataset, from = opener;
    if (f.dataset.ask) return void ask(f.dataset.ask, { ...said.args, ...said.times }, f.dataset.into && $('#' + f.dataset.into));
    if ('sound' in f.dataset) { said.args.sound = usable(); link(); }
    act(f.dataset.verb, said.args, { slot, why: $('.why', f), times: said.times, done: () => { forget(f); after(); if (next && said.args.read !== 'awaiting-linguist' && send({ t: 'form', form: next, id })) opener = from; } });
  });
  // Enter chooses the first phrase that was found; it sends, acknowledges and responds nothing.
  document.addEventListener('keydown', e => {
    const t = e.target, f = t.form;
    if (!f || !f.noValidate || e.ctrlKey) return;
    const found = () => $$('#w-phrase option').find(o => !o.hidden && o.value);
    if (t.id === 'w-phrase' && e.key === 'Enter') { e.preventDefault(); choose(t.value, f); }
    else if (t.id === 'w-find' && e.key === 'ArrowDown') { e.preventDefault(); $('#w-phrase').focus(); }
    else if (e.key === 'Enter' && t.matches('input')) { e.preventDefault(); if (t.id === 'w-find' && found()) choose(found().value, f); }
  });

  // ---- text beside a call -----------------------------------------------------------------------
  // Each letter goes as it is typed, a finished line with Enter; what stands is drawn by the node, as they see it. A screen
  // reader is told of their lines when they are finished, each once. SPEC: PAG-085
  let last = ''; // what was finished, until more is typed: one that the node refuses stands in its field again
  const letters = done => { const e = $('#l-type'); if (e && !send({ t: 'letters', text: e.value, done })) return said({ error: state.lost }); last = e && done ? e.value : ''; if (last) e.value = ''; };
  document.addEventListener('input', e => { if (e.target.id === 'l-type') { e.target.dataset.begun = ''; letters(false); } });
  document.addEventListener('keydown', e => { if (e.target.id === 'l-type' && e.key === 'Enter' && !e.ctrlKey && !e.isComposing) { e.preventDefault(); letters(true); } });
  const toldLines = new Set();
  function lines() {
    const f = $('#l-type'), mine = $('[data-mine]'), talk = $('#p-letters .talk'), log = $('#say-lines');
    if (f && mine && !f.value && !('begun' in f.dataset)) f.value = mine.dataset.mine; // after a reload it goes on
    if (talk) talk.scrollTop = talk.scrollHeight;
    $$('#p-letters li:not(.us,.typing)[id]').filter(l => !toldLines.has(l.id)).forEach(l => {
      toldLines.add(l.id);
      const p = document.createElement('p');
      p.textContent = $('b', l).textContent + ': ' + $('.say', l).textContent;
      log.append(p); while (log.children.length > 5) log.firstChild.remove();
    });
  }

  // ---- questions --------------------------------------------------------------------------------
  // ask gets what the server draws of a question: on the record's page, in the place of the key that asked for more, or on
  // the sheet that is printed. While values are read back nothing is looked up. SPEC: PAG-011 PAG-053
  let asked = {};
  async function ask(verb, args, at) {
    const sheet = at && at.id === 'sheet', more = at && at.matches('button');
    if ($('form[data-of=ack]')) return said({ error: state.busy });
    if (verb === 'log' && !sheet) asked = args;
    const r = await fetch('/ask/' + verb + '?lang=' + lang + (sheet ? '&sheet' : '') + '&args=' + encodeURIComponent(JSON.stringify(args))).catch(() => null);
    if (!r || !r.ok) return r && r.status === 401 ? location.reload() : said({ error: state.lost });
    const html = await r.text(), into = more ? document.createElement('div') : at || $('#found');
    if (!more && !sheet) show(into.closest('.pane').dataset.of);
    into.innerHTML = html;
    if (sheet) return print();
    if (more) at.parentElement.replaceWith(into);
    const h = $('h2', into), on = $('[data-older]', into);
    if (h) h.focus({ preventScroll: !more });
    if (on && !$('tbody tr', into)) on.click(); // nothing among those: look further
  }

  // ---- pointer and keys -------------------------------------------------------------------------
  document.addEventListener('pointerdown', e => { down = e.target; }, true);
  const up = () => setTimeout(() => { down = null; release(); });
  document.addEventListener('pointerup', up, true);
  document.addEventListener('pointercancel', up, true);
  document.addEventListener('click', e => {
    if (e.target.parentElement?.id === 'w-phrase') choose(e.target.value, e.target.parentElement.form);
    arm(); // not at the press: what comes and goes with the sound would move the button away under it
    const b = e.target.closest('button');
    if (!b) return;
    const d = b.dataset;
    if (Date.now() - (moved.get(b.id) || 0) < 500) return; // it has just come under the pointer
    if (d.try) { const f = $('iframe'); return f.contentWindow.postMessage('try-' + d.try, new URL(f.src).origin); }
    if (d.page) return show(d.page);
    if ('back' in d) return $$('.found').forEach(e => e.replaceChildren());
    if (d.older) return void ask('log', { ...asked, before: d.older }, b);
    if ('sheet' in d) { const { args: a } = argsOf(b.form); return void ask('log', { kind: 'traffic', ...(a.from ? {} : { from: new Date(now() - 864e5).toISOString().slice(0, 16) + 'Z' }), ...a }, $('#sheet')); }
    if (d.ask) return void ask(d.ask, d.args ? JSON.parse(d.args) : {}, d.into && $('#' + d.into));
    if (d.ringclass) { ringClass = d.ringclass; return after(); }
    if (d.each) return JSON.parse(d.each).forEach(a => act(d.verb, a));
    if (d.form) { if (body.dataset.page !== 'desk') whence = body.dataset.page; $$('.enter').forEach(x => { x.open = false; }); show('desk'); }
    if ('another' in d) { const last = $$('[data-point]', b.form).at(-1), p = last.cloneNode(true); $$('select,input,textarea', p).forEach(x => { x.value = ''; x.required = false; }); last.after(p); return $('select', p).focus(); }
    if ('third' in d) { // the demo: a linguist's desk beside the officer's, or in its place where there is no room
      const turn = () => b.setAttribute('aria-pressed', body.classList.toggle('three'));
      return $('#p-frame2 iframe') ? turn() : act('linguist', {}, { quiet: true, done: turn });
    }
    if ('toboard' in d) return board() && board().show('board');
    if ('stop' in d) return stop(b);
    if ('mute' in d) return mute();
    if ('lineend' in d) { letters(true); return $('#l-type').focus(); }
    if (d.test && snd) return void snd.test(d.test);
    if ('notices' in d) return window.Notification && void Notification.requestPermission();
    if ('chars' in d) { localStorage.setItem('chars', chars() ? 'off' : 'on'); return after(); }
    if ('soundon' in d) return arm();
    if ('free' in d) return choose('', b.form);
    if ('discard' in d) { forget(b.form); after(); }
    if ('close' in d) return void send({ t: 'close', slot: b.closest('form').parentElement.id.slice(2) });
    if (d.tolang) return void send({ t: 'lang', lang: d.tolang });
    if (d.form) { opener = b.id; return void send({ t: 'form', form: d.form, id: d.id || '' }); }
    if (d.verb) {
      const args = d.args ? JSON.parse(d.args) : {};
      if (d.verb === 'sign-off' && !leaves()) return;
      if ('linked' in d) link();
      if (d.verb === 'answer') takes();
      if ('sound' in d) { args.sound = usable(); link(); }
      if ('class' in d && ringClass !== 'substantive') { args.class = ringClass; ringClass = 'substantive'; after(); }
      act(d.verb, args);
    }
  });
  // stop: two presses of one key within three seconds, no dialog. What a key goes to may change between them: then the
  // second press is the first of another.
  const goesTo = b => b.id + (b.dataset.args || '');
  function stop(b = $('#stop')) {
    const t = Date.now();
    if (t - stopAt < 3000 && stopOn === goesTo(b)) { calm(); return act('stop', b.dataset.args ? JSON.parse(b.dataset.args) : {}); }
    calm();
    stopAt = t; stopOn = goesTo(b);
    rearm();
    $('#say-now').textContent = 'STOP: ' + state.again;
    setTimeout(() => { if (Date.now() - stopAt >= 3000) calm(); }, 3050);
  }
  // rearm shows which key waits for its second press, also where it was drawn anew.
  function rearm() {
    $$('[data-stop]').forEach(b => {
      const on = stopOn === goesTo(b), w = b.firstElementChild;
      if (on && !b.classList.contains('armed')) { w.dataset.was = w.textContent; w.textContent = state.again; }
      if (!on && b.classList.contains('armed')) w.textContent = w.dataset.was;
      b.classList.toggle('armed', on);
    });
  }
  function calm() { if (stopOn) $('#say-now').textContent = ''; stopOn = ''; stopAt = 0; rearm(); }
  function mute() { if (snd) { snd.mute(!snd.state().muted); after(); beat(); } }
  // A key works while a text field has the focus; Ctrl+Enter answers and never sends. SPEC: PAG-014
  document.addEventListener('keydown', key, true);
  function key(e) {
    arm();
    const noted = $('#d-note[open]') && !e.target.matches('input,textarea,select') && /^[1-9]$/.test(e.key) && $$('#d-note button.quiet')[e.key - 1];
    if (noted) { e.preventDefault(); noted.click(); $('#d-note').open = false; return; }
    if (body.dataset.root && board() && board().key(e)) { e.preventDefault(); return; }
    const enter = e.key === 'Enter' && e.ctrlKey, k = enter ? (e.shiftKey ? 'end' : 'answer') : e.altKey || e.ctrlKey || e.metaKey ? '' : e.key;
    const f = {
      answer: () => { if (/^ringing-(here|later)$/.test(state.call)) answer(); },
      end: () => { if (e.repeat) return; if (state.call === 'ringing-here') act('decline', {}); else if (state.call && !/^(idle|ended|ringing-later)$/.test(state.call)) act('hang-up', {}); },
      F2: () => { if (!e.repeat) stop(); }, F4: mute, F9: () => { const b = $('#c-hold') || $('#c-resume'); if (b && !e.repeat) act(b.dataset.verb, {}); }, F8: () => { const b = $('.alarms button'); if (b) act('alarm.ack', window.Board ? JSON.parse(b.dataset.args) : {}); },
      F6: () => { const d = $('#d-note'); if (d) { show('desk'); d.open = !d.open; $('button,summary', d).focus(); } },
      '?': () => show(body.dataset.page === 'keys' ? 'desk' : 'keys'), Escape: () => show('desk'),
    }[k];
    if ((k === '?' || k === 'Escape') && e.target.matches('input,textarea,select') || k === '?' && !chars()) return;
    if (!f || !$('#stop')) return;
    e.preventDefault(); e.stopPropagation(); f();
  }
  // takes answers with one press: a priority ring holds the call of another line of this page. SPEC: PAG-086
  function takes() { if (state.priority && body.dataset.root && board()) board().hold(window); }
  function answer() { link(); takes(); act('answer', { sound: usable() }); }

  // ---- sound (sound.js) -------------------------------------------------------------------------
  const source = () => localStorage.getItem('source') || 'microphone';
  const usable = () => snd && snd.state().audio ? source() : 'none';
  let arming = false, linking = null, told, anew = false; // anew: its socket has just been opened
  async function arm() {
    wake();
    if (body.dataset.root && board()) board().arm();
    $$('.demo iframe').forEach(f => f.contentWindow.postMessage('sound', new URL(f.src).origin));
    if (!snd || arming) return;
    const s = snd.state();
    if (s.audio && (s.mic || source() === 'test-voice')) return; // SPEC: PAG-039
    arming = true;
    if (!s.audio) snd.source(source());
    await snd.on(arm).catch(() => {}); // why not is in its state
    arming = false;
    beat();
    link();
    if (body.dataset.demo && parent !== window && snd.state().audio) parent.postMessage('on', body.dataset.demo);
  }
  // link joins this desk's sound to its node, once at a time.
  function link() {
    if (!snd || !snd.state().audio || linking || snd.state().joining || snd.state().connected) return;
    linking = snd.connect(sdp => new Promise((ok, no) => {
      const id = ++n;
      waits.set(id, r => r.error ? no(new Error(r.error)) : ok(r.sdp));
      if (!send({ t: 'offer', n: id, sdp })) no(new Error(state.lost));
    })).catch(() => {}).finally(() => { linking = null; beat(); });
  }
  // why is what is wrong with the sound, in a sentence of the page's language.
  function why(code) {
    const known = $$('#p-sound [data-code]').find(e => e.dataset.code === code);
    return (known || { textContent: code && $$('#p-sound [data-code]').at(-1).textContent }).textContent; // what a browser says is for no officer
  }
  function levels() {
    if (!snd) return;
    const s = snd.state();
    if (s.why !== told) beat();
    body.dataset.snd = s.audio ? 'on' : 'off';
    if ($('#sound-why')) write($('#sound-why'), why(s.why));
    $$('[data-meter]').forEach(e => { const v = s[e.dataset.meter]; if (v >= 0) e.dataset.level = Math.round(v); });
  }

  // ---- the socket -------------------------------------------------------------------------------
  // A phone that is locked or shows something else cannot ring; in a call it goes on while its page runs. SPEC: PAG-059
  const away = () => document.hidden && matchMedia('(pointer: coarse)').matches && state.call !== 'connected';
  const busy = () => !!(body.dataset.root && board() && board().busy(window)); // this person is in a call on another line
  let engaged = false;
  function beat() {
    const s = snd ? snd.state() : {};
    if (s.audio) sessionStorage.setItem('armed', 'yes');
    told = s.why;
    engaged = busy();
    send({ t: 'beat', busy: engaged, audio: !!s.audio && !away(), why: s.why || (s.muted ? 'muted' : '') });
  }
  function dial() {
    ws = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + body.dataset.ws);
    let was = false;
    ws.onopen = () => {
      was = true;
      const forms = {};
      $$('form[data-of]').forEach(f => { forms[f.parentElement.id.slice(2)] = { form: f.dataset.of, id: f.dataset.id || '' }; });
      send({ t: 'hello', seq, lang, forms });
      beat();
      if ($('#l-type') && $('#l-type').value) letters(false);
      anew = true;
    };
    ws.onmessage = e => {
      const m = JSON.parse(e.data);
      fresh();
      if (m.length) draw(m);
      else if (m.t === 'beat') { skew = Date.parse(m.now) - Date.now(); anew = false; beat(); if (snd) snd.listen(); }
      else if (m.t === 'busy') { said({ error: state.busy }); const f = $('form', panel(m.slot)); if (f) $('input,select,textarea,button', f).focus(); }
      else if (m.t === 'say') said(m);
      else if (m.t === 'letters') { said(m); const e = $('#l-type'); if (e && !e.value) e.value = last; }
      else if (m.t === 'parts') parts(m.parts || {});
      else if (m.t === 'link') { if (anew && snd) snd.close(); anew = false; link(); } // a node that began again knows nothing of our sound
      else if (m.t === 'reload') { signedOff(); if ('enrolled' in body.dataset) { ws.onmessage = null; seq = 0; ws.close(); } else location.reload(); }
      else if (waits.has(m.n)) { waits.get(m.n)(m); waits.delete(m.n); }
    };
    ws.onclose = () => { waits.forEach(w => w({ error: state.lost })); waits.clear(); setTimeout(dial, 1000); if (!was) fetch((body.dataset.root || '') + '/').then(r => r.status === 401 && location.reload(), () => {}); };
  }
  function fresh() {
    heard = Date.now();
    if (!body.classList.contains('stale')) return;
    body.classList.remove('stale'); $('#stale').hidden = true;
    if (snd) snd.stale(false);
  }
  // Without a heartbeat for five seconds nothing here may look alive. SPEC: PAG-013
  setInterval(() => {
    if (Date.now() - heard < 4700) return clock();
    if (body.classList.contains('stale')) return;
    body.classList.add('stale');
    const p = $('#stale');
    p.textContent = (state.stale || 'STALE %s').replace('%s', new Date(heard + skew).toISOString().slice(11, 19) + 'Z'); p.hidden = false;
    if (snd) snd.stale(true);
  }, 250);
  setInterval(levels, 100);
  document.addEventListener('visibilitychange', () => { beat(); look(); if (snd && snd.state().audio) wake(); });
  // The demo's page turns the sound of both desks on with one press, and hands over new links.
  window.addEventListener('message', e => {
    if (e.data === 'on' && $('.demo #sound-on') && $$('iframe').some(f => f.contentWindow === e.source)) $('#sound-on').hidden = true;
    if (!body.dataset.demo || e.origin !== body.dataset.demo) return;
    const key = { 'try-ring': '#c-ring', 'try-flash': '#b-flash' }[e.data];
    if (key && $(key)) $(key).click();
    else if (e.data === 'sound') arm();
  });
  window.addEventListener('pagehide', () => { if (snd && snd.close) snd.close(); });
  if (matchMedia('(min-width: 1000px)').matches) $$('#d-check,#d-cp').forEach(d => { d.open = true; });
  window.Desk = { win: window, arm, hold: no => act('hold', {}, { no }), beat: () => { if (busy() !== engaged) beat(); }, draw: () => send({ t: 'lang', lang }), again: () => ws.close(), key, said, answer, mute, muted: () => !!snd && snd.state().muted, state: () => state, press: id => { const b = document.getElementById(id); if (b) b.click(); } };
  after(); dial();
  if (sessionStorage.getItem('armed') || 'enrolled' in body.dataset) arm(); // as before the reload; the browser may want a press all the same. SPEC: PAG-038
})();
