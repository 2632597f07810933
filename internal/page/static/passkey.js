// SPDX-License-Identifier: Apache-2.0
// Passkeys: signing on at a desk, and what the code of a slip opens. See spec/page.md.
'use strict';
(() => {
  const $ = s => document.querySelector(s), lang = () => '?lang=' + document.documentElement.lang;
  async function post(path, what) {
    const r = await fetch(path + lang(), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what) });
    const answer = await r.json().catch(() => ({ error: r.status + '' }));
    if (!r.ok) throw answer;
    return answer;
  }
  // ask lets the browser ask its person; one that he cancels, or a browser without passkeys, is said as such.
  async function ask(f) {
    try { return (await f()).toJSON(); } catch (e) { throw { error: $('[data-nopasskey]').dataset.nopasskey }; }
  }
  async function signOn() {
    const o = await post('/signon', {});
    await post('/signon/passkey', await ask(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o.publicKey) })));
  }
  async function join(code) {
    const o = await post('/join', { code });
    if (o.desk) return;
    await post('/join/passkey', await ask(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o.publicKey) })));
  }
  function tell(e) {
    if (window.Desk) return window.Desk.said(e);
    $('#p-said').textContent = [e.error, e.hint].filter(Boolean).join('. ') || String(e);
  }
  document.addEventListener('click', async e => {
    const b = e.target.closest('[data-signon]');
    if (!b) return;
    b.disabled = true;
    try {
      await signOn();
      if (window.Desk) window.Desk.again(); else location.replace('/' + lang());
    } catch (e) { tell(e); } finally { b.disabled = false; }
  });
  const form = $('#join');
  if (!form) return;
  const typed = $('#code'), given = location.hash.slice(1);
  if (given) { typed.value = given; history.replaceState(null, '', location.pathname + location.search); } // it stays in no history
  form.addEventListener('submit', async e => {
    e.preventDefault();
    $('#go').disabled = true;
    try { await join(typed.value); location.replace('/' + lang()); } catch (e) { tell(e); } finally { $('#go').disabled = false; }
  });
})();
