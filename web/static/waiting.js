/* What was sent while there was no connection: it stands at the end of its thread as "Waiting to send" and leaves by itself when the
   connection is back, with the key of the first try. Loaded before composer.js; offers desk.waiting.

   Only this page sends it: once the page is left, the words are a draft again. One reply and one note wait for each conversation. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {}), AGAIN = 5000;
  const all = new Map();
  let timer = 0, busy = false;

  const keyOf = one => one.conversation + ':' + one.mode;
  const place = one => 'draft:' + keyOf(one);
  const current = () => document.querySelector('form[data-composer]');

  /** Keeps what could not be sent; false where it must stay in the box. */
  function keep(one) {
    if ((navigator.onLine && document.body.dataset.live !== 'off') || all.has(keyOf(one))) return false;
    all.set(keyOf(one), one);
    try { localStorage.setItem(place(one), JSON.stringify({ text: one.words, base: '' })); } catch (_) { all.delete(keyOf(one)); return false; }
    draw(); plan();
    return true;
  }

  function draw() {
    const log = document.getElementById('log');
    document.querySelectorAll('[data-waiting]').forEach(el => { if (!all.has(el.dataset.waiting) || el.parentElement !== log) el.remove(); });
    if (!log) return;
    all.forEach((one, key) => {
      if (one.conversation !== log.dataset.conversation || log.querySelector('[data-waiting="' + CSS.escape(key) + '"]')) return;
      log.insertBefore(bubble(one, key), document.getElementById('typing'));
      log.scrollTop = log.scrollHeight;
    });
  }

  function bubble(one, key) {
    const make = (tag, className, ...inside) => { const el = document.createElement(tag); el.className = className; el.append(...inside); return el; };
    const edit = make('button', 'linkish', desk.words('Edit')), say = make('span', '', desk.words('Waiting to send')), note = one.mode === 'note';
    edit.type = 'button';
    edit.onclick = () => giveBack(one, '');
    const foot = make('div', 'msg__f', desk.icon('clock', 'i--xs'), say, edit), face = document.querySelector('.me .av'), words = make('p', 'text', one.words);
    const el = note ? make('article', 'note', make('span', ''), make('div', '', words, foot)) : make('article', 'msg msg--team', make('div', 'msg__c', make('div', 'bub', words), foot), ...(face ? [face.cloneNode(true)] : []));
    el.dataset.waiting = key; el.dataset.delivery = 'queued';
    return el;
  }

  /* The words go back into the box, unless others stand there: then they are the draft of this device. */
  function giveBack(one, why) {
    const form = current();
    all.delete(keyOf(one));
    draw();
    if (form && form.dataset.conversation === one.conversation) document.dispatchEvent(new CustomEvent('desk:unsent', { detail: { ...one, why } }));
  }

  async function flush() {
    clearTimeout(timer);
    if (busy || !all.size) return;
    busy = true;
    for (const one of [...all.values()]) {
      try {
        const answer = await fetch(one.url, { method: 'POST', headers: desk.headers({ 'Idempotency-Key': one.key }), body: one.data });
        if (answer.status >= 500 || answer.redirected || answer.status === 401) break;
        if (!all.has(keyOf(one))) continue;
        if (answer.ok) left(one); else giveBack(one, await reason(answer));
      } catch (_) { break; }                               // still no network: asked again
    }
    busy = false;
    plan();
  }

  function left(one) {
    all.delete(keyOf(one));
    try { if ((JSON.parse(localStorage.getItem(place(one))) || {}).text === one.words) localStorage.removeItem(place(one)); } catch (_) { return draw(); }
    return draw();
  }

  async function reason(answer) {
    const text = await answer.text();
    if (answer.status === 409) return desk.words('Not sent: something arrived meanwhile. Read it, then send again.');
    try { return JSON.parse(text).detail; } catch (_) { return desk.words('Not sent: the server refused it.'); }
  }

  function plan() { clearTimeout(timer); if (all.size) timer = setTimeout(flush, AGAIN); }

  document.addEventListener('desk:live', e => { if (e.detail) flush(); });
  addEventListener('online', flush);
  ['desk:applied', 'htmx:afterSettle'].forEach(name => document.addEventListener(name, draw));
  addEventListener('beforeunload', e => { if (all.size) e.preventDefault(); });
  desk.waiting = { keep };
})();
