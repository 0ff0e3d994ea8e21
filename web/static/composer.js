/* The composer: drafts, note mode, sending, files. Loaded last. Nothing typed is ever lost: a text leaves the box only
   after the server has taken it.

   form#composer.comp[data-composer][action=reply URL][data-conversation][data-draft-url][data-reply-version][data-note-version][data-draft-note=TEXT]
       [data-upload-url][data-max-bytes]     outside of every [data-refresh]
     input[type=radio][name=mode][value=reply|note] in label.tab    note mode is CSS; .for-reply and .for-note show in their mode
     textarea[name=text][data-placeholder-note]                     one box, two drafts
     input[type=hidden][name=seen]      id of the newest message when the writing began: from .msg[data-message=ID] in #log
     details.menu > summary.via + .pop > label.mi > input[type=radio][name=strand][value=ID][data-kind] + [data-via] (copied into the summary)
     [data-for-strand=ID]               fieldset of that strand (recipients, subject), others are hidden and disabled
     button[data-send=reply] and button[data-send=note][formaction=notes URL], each with [data-label]; further submit buttons may carry
       name=then value=resolve (Ctrl+Shift+Enter) or tomorrow (Ctrl+Alt+Enter)
     #restored[data-conversation], outside of the form: words of a reply taken back, put into an empty box when they arrive
   [data-guard] [data-error][role=alert] [data-draft-state]; input[type=file][data-attach], [data-files]
   Sending: POST multipart with Idempotency-Key (the same for the same words), X-CSRF-Token, HX-Request. 2xx: the box is emptied and the
   server forgets the draft; a body is applied as fragments. 409: the body is the notice, the label becomes "Send anyway" and anyway=1
   goes with the next press. 4xx: the body (HTML or problem+json) says why. Drafts: PUT urlencoded {mode, text, strand, base} → 2xx {version}; 409 {version, text}: changed elsewhere, a choice.
   Upload: POST multipart {file} → {id}. Without a script the same form posts as it stands. */
(function () {
  'use strict';
  const desk = window.desk, PAUSE = 800, STILL = 5000, AGAIN = 3000;
  const states = new WeakMap();
  const OFFLINE = desk.words('Not sent: no connection. Your text is safe here. Try again in a moment.');
  const SIGNED_OUT = desk.words('Not sent: you are signed out. Sign in in another tab, then send again. Your text is safe here.');

  const find = (form, selector) => form.querySelector(selector);
  const area = form => find(form, 'textarea[name="text"]');
  const current = () => document.querySelector('form[data-composer]');
  const modeOf = form => { const on = find(form, '[name="mode"]:checked'); return on ? on.value : 'reply'; };
  const strandOf = form => { const on = find(form, '[name="strand"]:checked'); return on ? on.value : ''; };
  const isSide = form => Boolean(find(form, '[name="strand"][data-kind="side"]:checked'));      // the customer is not told of it
  const say = (form, where, text) => { const el = find(form, '[data-' + where + ']'); if (el) el.textContent = text; };

  function start() {
    const form = current();
    if (!form || states.has(form)) return;
    const box = area(form), mode = modeOf(form);
    const other = mode === 'note' ? { reply: '' } : { note: form.dataset.draftNote || '' };
    states.set(form, { texts: { [mode]: box.value, ...other }, versions: { reply: form.dataset.replyVersion || '', note: form.dataset.noteVersion || '' }, mode, key: '', sent: '', timer: 0, saving: null, typedAt: 0, still: 0, uploads: new Map() });
    box.dataset.placeholder = box.placeholder;
    find(form, '[data-attach]')?.removeAttribute('name');    // the chips carry the files; without a script the field does
    restore(form);
    chooseStrand(form);
    showMode(form);
  }

  /* ---- drafts: in this browser at once, on the server after a pause ---- */
  const place = (form, mode) => 'draft:' + form.dataset.conversation + ':' + mode;
  function keep(form) {
    const mode = modeOf(form), text = area(form).value;
    const s = states.get(form);
    s.texts[mode] = text;
    try {
      if (text) localStorage.setItem(place(form, mode), JSON.stringify({ text, base: s.versions[mode] })); else localStorage.removeItem(place(form, mode));
    } catch (_) { say(form, 'draft-state', desk.words('This browser keeps no drafts')); }           // storage full or switched off
  }

  function kept(form, mode) {
    try { return JSON.parse(localStorage.getItem(place(form, mode))); } catch (_) { return null; }
  }

  function restore(form) {
    const s = states.get(form);
    for (const mode of ['reply', 'note']) {
      const here = kept(form, mode), there = s.texts[mode];
      if (!here || here.text === there) continue;
      if (!there || here.base === s.versions[mode]) s.texts[mode] = here.text; else if (mode === modeOf(form)) choose(form, desk.words('It was changed elsewhere.'), [desk.words('Use the draft from this device'), here.text]);
    }
    if (s.texts[s.mode] !== area(form).value) { area(form).value = s.texts[s.mode]; schedule(form); }
  }

  function choose(form, why, ...ways) {                    // both were changed: neither is thrown away without being asked
    const slot = find(form, '[data-draft-state]');
    if (!slot) return;
    slot.replaceChildren(why, ...ways.flatMap(([words, text]) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'linkish', textContent: words });
      button.onclick = () => { area(form).value = text; area(form).focus(); slot.replaceChildren(); typed(form); };
      return [' ', button];
    }));
  }

  function schedule(form) {
    const s = states.get(form);
    clearTimeout(s.timer);
    s.timer = setTimeout(save, PAUSE, form);
  }

  function save(form, leaving) {
    const s = states.get(form), mode = s.mode, text = s.texts[mode];
    clearTimeout(s.timer); s.timer = 0;
    if (!form.dataset.draftUrl) return;
    const body = new URLSearchParams({ mode, text, strand: strandOf(form), base: s.versions[mode] });
    s.saving = fetch(form.dataset.draftUrl, { method: 'PUT', headers: desk.headers(), body, keepalive: Boolean(leaving) })
      .then(async answer => {
        if ((!answer.ok && answer.status !== 409) || answer.redirected) throw new Error(answer.status);
        const stands = answer.status === 204 ? {} : await answer.json();
        if ('version' in stands) s.versions[mode] = stands.version;
        if (answer.ok) saved(form, text);
        else if (mode === s.mode) choose(form, desk.words('Changed on another device.'), [desk.words('Keep this one'), area(form).value], [desk.words('Use that one'), stands.text]);
      })
      .catch(() => { say(form, 'draft-state', text ? desk.words('Saved on this device') : ''); })
      .finally(() => { s.saving = null; });
  }

  function saved(form, text) {
    const now = new Date(), clock = now.toLocaleTimeString(document.documentElement.lang || undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
    say(form, 'draft-state', text ? desk.words('Draft saved %(time)s', { time: clock }) : '');
  }

  /* ---- writing ---- */
  function typed(form) {
    const s = states.get(form), had = s.texts[s.mode];
    if (!had) freezeSeen(form);
    keep(form); schedule(form); signal(form);
    say(form, 'error', '');
  }

  function freezeSeen(form) {                              // what comes after the first letter has not been read by the writer
    const all = document.querySelectorAll('#log .msg[data-message]'), field = find(form, '[name="seen"]');
    if (field && all.length && !document.querySelector('#log > [data-newer]')) field.value = all[all.length - 1].dataset.message;
  }

  function signal(form) {
    const s = states.get(form), on = modeOf(form) === 'reply' && !isSide(form) && Boolean(area(form).value.trim());
    clearTimeout(s.still);
    if (on) s.still = setTimeout(still, STILL, form);
    if (on ? Date.now() - s.typedAt > AGAIN : s.typedAt) tellTyping(form, on);
  }
  function still(form) { if (states.get(form).typedAt) tellTyping(form, false); }
  function tellTyping(form, on) {
    states.get(form).typedAt = on ? Date.now() : 0;
    if (desk.live) desk.live.send({ t: 'typing', conversation: form.dataset.conversation, on });
  }

  function changeMode(form) {                              // a note's words never slide into a reply: each mode has its own
    const s = states.get(form), mode = modeOf(form);
    if (mode === s.mode) return;
    if (s.timer) save(form);
    s.mode = mode;
    area(form).value = s.texts[mode] || '';
    unguard(form); showMode(form); signal(form);
    area(form).focus();
  }

  function showMode(form) {
    const box = area(form), note = modeOf(form) === 'note';
    box.placeholder = (note && box.dataset.placeholderNote) || box.dataset.placeholder;
    box.setAttribute('aria-label', note ? desk.words('Internal note') : desk.words('Reply'));
  }

  function chooseStrand(form) {
    const on = find(form, '[name="strand"]:checked'), summary = find(form, 'summary.via');
    if (!on) return;
    const via = on.closest('label').querySelector('[data-via]');
    if (summary && via) {
      summary.className = 'via ch-' + on.dataset.kind;
      summary.replaceChildren(...via.cloneNode(true).childNodes);
    }
    form.querySelectorAll('[data-for-strand]').forEach(el => { el.hidden = el.disabled = el.dataset.forStrand !== on.value; });
  }

  /* ---- the strands, whom they reach and what still waits, as they stand now; what was chosen and typed here stays ---- */
  function follow(fresh) {
    const form = current(), s = form && states.get(form);
    if (!s || !fresh || fresh.dataset.conversation !== form.dataset.conversation) return;
    clearTimeout(s.following);
    const menu = find(form, 'summary.via'), now = find(fresh, 'summary.via'), at = document.activeElement.closest('[data-for-strand]');
    if (!menu || !now || form.dataset.sending) return;
    if (menu.parentElement.open || (at && form.contains(at))) { s.following = setTimeout(follow, 1000, fresh); return; }
    const chosen = strandOf(form), keeps = s.hasChosen || area(form).value.trim(), olds = [...form.querySelectorAll('[data-for-strand]')];
    const news = [...fresh.querySelectorAll('[data-for-strand]')];
    news.forEach(el => carry(el, olds));
    olds.forEach(el => el.remove());
    (find(form, 'label[for="text"]') || area(form)).before(...news.filter(el => !isOwed(el)));
    find(form, '[data-error]').before(...news.filter(isOwed));
    menu.nextElementSibling.replaceChildren(...now.nextElementSibling.childNodes);
    const same = keeps && find(form, '[name="strand"][value="' + CSS.escape(chosen) + '"]');
    if (same) same.checked = true;
    chooseStrand(form);
    document.dispatchEvent(new CustomEvent('desk:applied'));
  }
  const isOwed = el => Boolean(el.querySelector('.owed'));

  function carry(now, olds) {                              // ticks, words and choices of a person go along
    const was = olds.find(el => el.dataset.forStrand === now.dataset.forStrand && isOwed(el) === isOwed(now));
    if (!was) return;
    now.querySelectorAll('details').forEach((el, i) => { el.open = Boolean(was.querySelectorAll('details')[i]?.open); });
    now.querySelectorAll('input, select').forEach(field => {
      const old = [...was.querySelectorAll('[name="' + field.name + '"]')].find(el => field.type !== 'checkbox' || el.value === field.value);
      if (!old) return;
      if (field.type === 'checkbox') { if (old.checked !== old.defaultChecked) field.checked = old.checked; }
      else if (field.matches('select')) { if (![...old.options].every(one => one.selected === one.defaultSelected)) field.value = old.value; }
      else if (old.value !== old.defaultValue) field.value = old.value;
    });
  }

  /* ---- sending ---- */
  async function send(form, submitter) {
    const s = states.get(form), box = area(form), words = box.value, mode = modeOf(form);
    if (form.dataset.sending || (!words.trim() && !find(form, '[name="attachment"]'))) return;
    form.dataset.sending = '1';
    say(form, 'error', '');
    await Promise.all([s.saving, ...s.uploads.values()]);    // a draft on its way must not arrive after the words were sent
    clearTimeout(s.timer); s.timer = 0;
    const data = new FormData(form, submitter && submitter.form === form ? submitter : undefined);
    const url = (submitter && submitter.getAttribute('formaction')) || form.getAttribute('action');
    s.then = data.get('then') || '';
    const same = url + JSON.stringify([...data].map(([k, v]) => [k, typeof v === 'string' ? v : v.name]));
    if (s.sent !== same) { s.sent = same; s.key = crypto.randomUUID ? crypto.randomUUID() : Date.now() + '-' + Math.random(); }
    try {
      const answer = await fetch(url, { method: 'POST', headers: desk.headers({ 'Idempotency-Key': s.key }), body: data });
      if (answer.redirected) say(form, 'error', SIGNED_OUT);              // to the sign-in page: nothing was sent
      else if (answer.ok) await taken(form, mode, words, answer); else await refused(form, answer);
    } catch (_) { putOff(form, mode, words, { url, data, key: s.key, words, mode, conversation: form.dataset.conversation }); }
    delete form.dataset.sending;
  }

  function putOff(form, mode, words, unsent) {             // without a connection it waits beside the box, which is free for more
    const s = states.get(form);
    if (!desk.waiting || !desk.waiting.keep(unsent)) return say(form, 'error', OFFLINE);
    s.texts[mode] = s.sent = '';
    if (s.mode === mode && area(form).value === words) area(form).value = '';
    find(form, '[data-files]')?.replaceChildren();
    return say(form, 'draft-state', '');
  }

  function unsent({ mode, words, why }) {                  // what waited comes back, above what was written meanwhile
    const form = current(), radio = form && find(form, '[name="mode"][value="' + mode + '"]');
    if (!radio) return;
    start();
    if (!radio.checked) radio.click();
    area(form).value = [words, area(form).value].filter(Boolean).join('\n\n');
    typed(form);
    if (why) say(form, 'error', why);
  }

  async function taken(form, mode, words, answer) {
    const s = states.get(form), now = s.mode === mode ? area(form).value : s.texts[mode];
    const rest = now.startsWith(words) ? now.slice(words.length).trimStart() : now;       // typed while it was on its way
    s.texts[mode] = rest; s.sent = ''; s.hasChosen = false; s.versions[mode] = '';
    if (s.mode === mode) area(form).value = rest;
    keepRest(form, mode, rest);
    find(form, '[data-files]')?.replaceChildren();
    unguard(form); tellTyping(form, false);
    say(form, 'draft-state', '');
    form.dispatchEvent(new CustomEvent('desk:written', { bubbles: true, detail: { mode, then: s.then } }));
    const body = answer.status === 204 ? '' : await answer.text();
    if (body && /html/.test(answer.headers.get('Content-Type'))) desk.apply(body);
    const triggers = answer.headers.get('HX-Trigger');
    if (triggers) Object.entries(JSON.parse(triggers)).forEach(([name, detail]) => document.dispatchEvent(new CustomEvent(name, { detail })));
  }

  function keepRest(form, mode, rest) {
    try { localStorage.removeItem(place(form, mode)); } catch (_) { return; }             // no storage, nothing kept
    if (rest && states.get(form).mode === mode) { keep(form); schedule(form); }
  }

  async function refused(form, answer) {
    const text = await answer.text(), type = answer.headers.get('Content-Type') || '', guard = find(form, '[data-guard]');
    if (answer.status === 409 && guard) {
      guard.innerHTML = text;
      find(form, '[name="anyway"]') || form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'anyway', value: '1' }));
      form.querySelectorAll('[data-send="reply"] [data-label]').forEach(el => { el.dataset.was = el.dataset.was || el.textContent; el.textContent = desk.words('Send anyway'); });
      return freezeSeen(form);
    }
    if (answer.status === 401) return say(form, 'error', SIGNED_OUT);
    if (answer.status >= 500 || answer.status === 429) return say(form, 'error', desk.words('Not sent: the server is busy. Your text is safe here. Try again in a moment.'));
    const slot = find(form, '[data-error]');
    if (slot && /text\/html/.test(type)) slot.innerHTML = text; else say(form, 'error', desk.words('Not sent: %(reason)s', { reason: reason(text) }));
  }

  function reason(text) {
    try { const problem = JSON.parse(text); return problem.detail || problem.title; } catch (_) { return text.slice(0, 200) || 'the server refused it.'; }
  }

  function unguard(form) {
    find(form, '[data-guard]')?.replaceChildren();
    find(form, '[name="anyway"]')?.remove();
    form.querySelectorAll('[data-label][data-was]').forEach(el => { el.textContent = el.dataset.was; delete el.dataset.was; });
  }

  function giveBack() {                                    // the words of a reply that was taken back, unless others stand there
    const slot = document.getElementById('restored'), form = current();
    if (!slot || !form || !slot.textContent) return;
    const text = slot.textContent;
    slot.textContent = '';
    if (slot.dataset.conversation !== form.dataset.conversation || modeOf(form) !== 'reply' || area(form).value.trim()) return;
    area(form).value = text;
    typed(form);
  }

  /* ---- files: up at once, Send waits for them ---- */
  function attach(form, files) { [...files].forEach(file => upload(form, file)); }

  function upload(form, file) {
    const slot = find(form, '[data-files]'), chip = document.createElement('span'), label = document.createElement('span'), s = states.get(form);
    const remove = Object.assign(document.createElement('button'), { type: 'button', textContent: '✕', ariaLabel: desk.words('Remove %(name)s', file) });
    if (!slot || !form.dataset.uploadUrl) return;
    chip.className = 'file'; label.className = 'cut'; label.textContent = file.name + ' · ' + size(file.size);
    remove.onclick = () => { if (s.uploads.delete(chip)) chip.abort(); chip.remove(); };
    chip.append(label, remove); slot.append(chip);
    const limit = +form.dataset.maxBytes, others = [...slot.querySelectorAll('[data-size]')].reduce((sum, el) => sum + +el.dataset.size, 0);
    const fail = why => { chip.dataset.state = 'failed'; delete chip.dataset.size; label.textContent = file.name + ': ' + why; s.uploads.delete(chip); };
    if (limit && file.size + others > limit) return fail('too big, ' + (others ? 'all files together may have ' : 'the limit is ') + size(limit));
    chip.dataset.state = 'busy'; chip.dataset.size = file.size;
    const body = new FormData();
    body.set('file', file);
    const done = part => { label.textContent = file.name + ' · ' + (part < 1 ? Math.round(part * 100) + ' %' : size(file.size)); };
    s.uploads.set(chip, sent(form.dataset.uploadUrl, body, chip, done).then(({ status, text }) => {
      if (status < 200 || status > 299) return fail(status === 413 ? desk.words('too big') : desk.words('not taken'));
      chip.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'attachment', value: JSON.parse(text).id }));
      delete chip.dataset.state; s.uploads.delete(chip); done(1);
    }).catch(() => fail(desk.words('no connection'))));
  }

  function sent(url, body, chip, done) {                   // fetch does not say how far it is
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open('POST', url);
      Object.entries(desk.headers()).forEach(([name, value]) => call.setRequestHeader(name, value));
      call.upload.onprogress = e => { if (e.lengthComputable && e.loaded < e.total) done(e.loaded / e.total); };
      call.onload = () => resolve({ status: call.status, text: call.responseText });
      call.onerror = call.onabort = reject;
      chip.abort = () => call.abort();
      call.send(body);
    });
  }

  function size(bytes) { return bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) + ' kB' : (bytes / 1e6).toFixed(1) + ' MB'; }

  /* ---- events: on the document, since the thread changes under it ---- */
  const mine = e => { const form = e.target.closest && e.target.closest('form[data-composer]'); if (form) start(); return form; };
  document.addEventListener('input', e => { const form = mine(e); if (form && e.target === area(form)) typed(form); });
  document.addEventListener('change', e => {
    const form = mine(e);
    if (!form) return;
    if (e.target.name === 'mode') changeMode(form);
    if (e.target.name === 'strand') { states.get(form).hasChosen = true; chooseStrand(form); unguard(form); area(form).focus(); }
    if (e.target.matches('[data-attach]')) { attach(form, e.target.files); e.target.value = ''; }
  });
  document.addEventListener('click', e => {                  // R in a reply changes no mode, and still means to write
    const form = e.target.name === 'mode' && e.target.matches('form[data-composer] *') && mine(e);
    if (!form) return;
    area(form).focus();                                    // at once: letters follow the key; and again after a press of the mouse
    setTimeout(() => area(form).focus());
  });
  document.addEventListener('submit', e => { const form = mine(e); if (form) { e.preventDefault(); send(form, e.submitter); } });
  document.addEventListener('focusout', e => { const form = mine(e); if (form && e.target === area(form) && states.get(form).timer) save(form); });
  document.addEventListener('keydown', e => {
    const form = mine(e);
    if (!form || e.target !== area(form) || e.isComposing || e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
    e.preventDefault();
    const then = modeOf(form) === 'reply' && (e.shiftKey ? 'resolve' : e.altKey ? 'tomorrow' : ''), button = (then && find(form, '[name="then"][value="' + then + '"]')) || find(form, '[data-send="' + modeOf(form) + '"]');
    form.requestSubmit(button);
  });
  document.addEventListener('paste', e => { const form = mine(e); if (form && e.clipboardData.files.length) { e.preventDefault(); attach(form, e.clipboardData.files); } });
  ['dragover', 'dragleave', 'drop'].forEach(kind => document.addEventListener(kind, e => {
    const form = mine(e);
    if (!form || !e.dataTransfer.types.includes('Files')) return;
    e.preventDefault();
    form.classList.toggle('is-drop', kind === 'dragover');
    if (kind === 'drop') attach(form, e.dataTransfer.files);
  }));
  const leave = () => { const form = current(); if (form && states.has(form) && states.get(form).timer) save(form, true); };
  addEventListener('pagehide', leave);
  ['htmx:beforeSwap', 'desk:leave'].forEach(name => document.addEventListener(name, leave));
  document.addEventListener('desk:unsent', e => unsent(e.detail));
  document.addEventListener('desk:composer', e => follow(e.detail));
  ['htmx:afterSettle', 'desk:applied'].forEach(name => document.addEventListener(name, () => { start(); giveBack(); }));
  start();
})();
