/* The chat panel. It runs in a frame of our own origin: the host page sees none of its words. The visitor's token, what was
   typed and not sent yet, and how far was read stand in this frame's storage. What is told to the host page (web/static/widget.js)
   is: ready, close, unread {n, author}, has, error, event. Frames of the socket: web/live/visitor_exchange.py. What is rarely
   needed (questions, codes, ratings, the menu) is fetched when it is: web/static/screens.js. */
(function () {
  'use strict';
  const facts = JSON.parse(document.body.dataset.facts), root = document.documentElement, by = id => document.getElementById(id);
  const w = (key, ...given) => facts.words[key].replace(/\{(\d)\}/g, (_, n) => given[n]);
  const log = by('log'), text = by('text'), foot = by('foot'), home = by('home'), path = '/widget/' + facts.key, name = 'onethread:' + facts.key;
  const LONGEST = 30000, SILENT = 40000, PATIENCE = 15000, POLL = 5000, TYPING = 6000;
  let host = null, nonce = '', page = '', isOpen = false, isWanted = false, ws = null, tries = 0, heard = 0, timer = 0, isReady = false, isPolling = false;
  let keeps = true, lang = '', state = {}, sent = null, sentAt = 0, retryAt = 0, read = 0, more = false, typedAt = 0, typingTimer = 0, announced = 0;

  /* ---- storage, shared by tabs; without it everything lasts as long as the page ---- */
  const memory = {};
  function recall(key) { try { return keeps ? JSON.parse(localStorage.getItem(name + key)) ?? memory[key] : memory[key]; } catch { return memory[key]; } }
  function keep(key, value) { memory[key] = value; try { if (keeps) localStorage.setItem(name + key, JSON.stringify(value)); } catch { /* blocked or full */ } }
  function drain() { for (const key of ['', ':outbox', ':draft']) try { localStorage.removeItem(name + key); } catch { /* blocked */ } }
  const me = () => recall('') || {}, change = what => keep('', { ...me(), ...what });
  const outbox = () => recall(':outbox') || [];
  const update = (id, what) => keep(':outbox', outbox().map(each => each.client_id === id ? { ...each, ...what } : each));
  const drop = id => keep(':outbox', outbox().filter(each => each.client_id !== id));
  const id = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), n => n.toString(16).padStart(2, '0')).join('');

  /* ---- the host page ---- */
  function tellHost(what) { if (host) parent.postMessage({ nonce, ...what }, host); }
  addEventListener('message', event => {
    const told = event.data;
    if (event.source !== parent || parent === window || !told) return;
    if (facts.origins.length && !facts.origins.includes(event.origin) && event.origin !== location.origin) return;
    if (told.onethread === 'hello' && !host) {
      host = event.origin; nonce = told.nonce; page = told.page || ''; lang = told.lang || ''; keeps = told.keeps !== false;
      look(told.theme, told.accent); tellHost({ t: 'ready', words: facts.host }); begin();
      if (told.open) opened(true); else if (me().token) want();
    } else if (host !== event.origin || told.nonce !== nonce) return;
    else if (told.t === 'open') opened(told.quiet);
    else if (told.t === 'close') isOpen = false;
    else if (told.t === 'prefill') { text.value = told.text; grow(); }
    else if (told.t === 'send') write(told.text.slice(0, 4000));
    else if (told.t === 'page') { page = told.page; say({ t: 'notice', page }); }
    else if (told.t === 'attributes') { attributes = told.attributes; say({ t: 'notice', attributes }); }
    else if (told.t === 'keeps') { keeps = told.may; if (keeps) for (const key in memory) keep(key, memory[key]); else drain(); }
    else if (told.t === 'identify') { who = told.who; introduce(); }
    else if (told.t === 'reset') forget();
  });
  function opened(quiet) { isOpen = true; want(); if (!quiet) text.focus(); grow(); bottom(); seen(); }
  let who = null, attributes;
  function introduce() {                                   // sent again on each connection, until the proof is known
    if (!who) return;
    want();
    if (isReady) say({ t: 'identify', ...who });
  }
  function forget() {                                      // signing out on the host page: nothing of this visitor stays here
    who = null;
    if (me().token) ask({ t: 'forget' });
    empty(); drain();
    if (isOpen) want();
  }
  function empty() {
    for (const key in memory) delete memory[key];
    text.value = ''; clear(); stop(); isWanted = false; read = 0; state = {}; uploads.length = 0; paint(); footer(); begin();
  }
  function look(theme, accent) {
    const dark = matchMedia('(prefers-color-scheme:dark)'), set = () => { root.dataset.theme = theme || (dark.matches ? 'dark' : 'light'); };
    set(); dark.addEventListener('change', set);
    accent = accent || facts.accent;
    if (!/^#[0-9a-f]{6}$/i.test(accent || '')) return;
    const [r, g, b] = [1, 3, 5].map(i => { const c = parseInt(accent.slice(i, i + 2), 16) / 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; });
    root.dataset.own = '';
    root.style.setProperty('--w-accent', accent);
    root.style.setProperty('--w-on-accent', .2126 * r + .7152 * g + .0722 * b > .18 ? '#101010' : '#fff');
  }

  /* ---- the connection ---- */
  function want() { isWanted = true; connect(); }
  function connect() {
    clearTimeout(timer);
    if (!isWanted || ws || isPolling) return;
    heard = Date.now();
    ws = new WebSocket(location.origin.replace('http', 'ws') + path + '/live');
    ws.onopen = () => ws.send(JSON.stringify(hello()));
    ws.onmessage = e => { heard = Date.now(); tries = 0; take(JSON.parse(e.data)); };
    ws.onclose = () => { ws = null; isReady = false; sent = null; if (tries > 3 && navigator.onLine) poll(); else again(); };
  }
  function hello() {
    return { t: 'hello', token: me().token || null, after: log.querySelector('.w-m[id]') ? me().cursor : null, page, lang, attributes,
      language: navigator.language, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  }
  function again() {
    online();
    clearTimeout(timer);
    timer = setTimeout(connect, Math.random() * Math.min(LONGEST, 500 * 2 ** tries++) + 100);
  }
  function stop() {
    clearTimeout(timer);
    if (ws) { ws.onclose = ws.onmessage = null; ws.close(); }
    ws = null; isReady = isPolling = false; sent = null;
  }
  async function poll() {                                  // where no socket gets through, asking does; sockets are tried again after a while
    if (!isPolling) { isPolling = true; setTimeout(() => { isPolling = false; tries = 2; connect(); }, 60000); }
    while (isPolling) {
      await ask(hello());
      await new Promise(done => { timer = setTimeout(done, POLL); });
    }
  }
  async function ask(frame) {
    try {
      const answer = await fetch(path + '/messages', { method: 'POST', headers: { 'Content-Type': 'application/json', ...bearer() }, body: JSON.stringify(frame) });
      const told = await answer.json();
      heard = Date.now();
      (told.frames || []).forEach(take);
    } catch { isReady = false; sent = null; online(); }
  }
  const bearer = () => me().token ? { Authorization: 'Bearer ' + me().token } : {};
  function say(frame) {
    if (isPolling) ask(frame);
    else if (ws && ws.readyState === 1) ws.send(JSON.stringify(frame));
  }
  function take(frame) {
    if (frame.ping) return say({ t: 'pong' });
    if (frame.t === 'ready') {
      const isNew = frame.token !== me().token;
      change({ token: frame.token, email: frame.email || me().email || null, proved: frame.proved });
      if (isNew && !isReady) { const lost = me().email; if (lost && !frame.email) say({ t: 'email', email: lost }); }
      const wasReady = isReady;
      isReady = true; online(); footer();
      if (!wasReady) introduce();
      if (who && frame.signed) { tellHost({ t: 'event', name: 'identify', detail: { signed: true } }); who = null; }
      flush();
    } else if (frame.sub === 'chat') {
      if (frame.reset) { clear(); more = frame.more; read = frame.read; }
      change({ cursor: frame.cursor });
      draw(frame.html);
    } else if (frame.t === 'older') {
      more = frame.more;
      const from = log.scrollHeight - log.scrollTop;
      draw(frame.html, true);
      log.scrollTop = log.scrollHeight - from;
    } else if (frame.t === 'filed') { drop(frame.client_id); settle(frame.client_id); }
    else if (frame.t === 'refused') refused(frame);
    else if (frame.signal) signal(frame.signal);
    else if (frame.state) { const isEnd = frame.state.ended && !state.ended; state = frame.state; paint(); if (isEnd) bottom(); }
    if (heeded[frame.t]) heeded[frame.t](frame);
  }
  const uploads = [], heeded = {};                                       // what a screen waits for: {coded, copied, rated, refused}
  function refused(frame) {
    if (frame.what === 'identify') { tellHost({ t: 'error', text: frame.error }); who = null; }
    else if (frame.what === 'email') { const typed = me().email; change({ email: null }); screens().then(more => more.address(frame.error, typed)); }
    else if (frame.client_id) {
      if (frame.retry_after) { retryAt = Date.now() + frame.retry_after * 1000; setTimeout(flush, frame.retry_after * 1000 + 50); }
      else update(frame.client_id, { error: frame.error });
      settle(frame.client_id);
    }
  }
  function settle(client) { if (sent === client) sent = null; paint(); flush(); }
  function online() { by('offline').hidden = navigator.onLine && (isReady || tries < 3); paint(); }
  setInterval(() => {
    if (ws && Date.now() - heard > SILENT || sent && Date.now() - sentAt > PATIENCE) { stop(); again(); }
    if (!document.activeElement.closest('.w-m:not([id])')) paint();
  }, 5000);
  addEventListener('online', () => { tries = 0; stop(); connect(); online(); });
  addEventListener('offline', () => { stop(); online(); });
  addEventListener('storage', e => {                       // another tab has got the token, or sent what waited
    if (!keeps) return;
    if (e.key === name && !e.newValue) empty();            // signed out there
    if (e.key === name && e.newValue && e.oldValue && JSON.parse(e.newValue).token !== JSON.parse(e.oldValue).token && ws) { stop(); clear(); connect(); }
    if (e.key && e.key.startsWith(name)) { paint(); unread(); }
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { if (isWanted) connect(); seen(); } });
  addEventListener('focus', () => seen());

  /* ---- what was written here ---- */
  function write(words, files, more) {
    keep(':outbox', [...outbox(), { client_id: id(), text: words, files: files || [], page, at: Date.now(), ...more }]);
    change({ asked: 1 }); tellHost({ t: 'has' }); tellHost({ t: 'event', name: 'message' });
    paint(); bottom(); want(); flush();
  }
  function flush() {                                       // one after another, so that their order is the order of writing
    if (!isReady || sent || Date.now() < retryAt) return;
    const next = outbox().find(each => !each.error);
    if (!next) return;
    sent = next.client_id; sentAt = Date.now();
    say({ t: 'message', client_id: next.client_id, text: next.text, page: next.page, name: next.name, fields: next.fields, files: next.files.map(file => file.id) });
  }
  const attach = files => screens().then(more => more.attach(files), failed => { uploads.push({ file: files[0], words: failed.message }); paint(); });

  /* ---- the log ---- */
  const use = icon => `<svg class="i i--xs" aria-hidden="true"><use href="#${icon}"/></svg>`;
  function node(html) { const t = document.createElement('template'); t.innerHTML = html; return t.content.firstElementChild; }
  function clear() { log.querySelectorAll('.w-m,.w-day,.w-more').forEach(each => each.remove()); }
  function draw(html, isOlder) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80, t = document.createElement('template');
    t.innerHTML = html;
    if (html && !me().asked) { change({ asked: 1 }); screen(null); }
    let last = null;
    for (const fresh of [...t.content.children]) {
      if (fresh.dataset.client) drop(fresh.dataset.client);
      const twin = by(fresh.id), at = +fresh.dataset.position;
      if (twin) { twin.replaceWith(fresh); continue; }
      log.insertBefore(fresh, [...log.querySelectorAll('.w-m[id]')].find(each => +each.dataset.position > at) || log.querySelector('.w-m:not([id])') || by('end'));
      if (fresh.dataset.author) { last = fresh; typing(false); if (!isOlder && document.hidden && me().sound) screens().then(more => more.ring()); }
    }
    paint();
    if (atEnd && !isOlder) bottom();
    if (last && !isOlder) {
      say({ t: 'received', message: [...log.querySelectorAll('.w-m[data-author]')].pop().id.slice(2) });
      if (Date.now() - announced > 3000) { announced = Date.now(); by('announce').textContent = last.dataset.author + ': ' + last.querySelector('.w-b').textContent.trim().slice(0, 120); }
    }
    seen(); unread();
  }
  function paint() {                                       // what depends on neighbours, on who looks, or on time
    const box = outbox(), waiting = !navigator.onLine || !isReady;
    log.querySelectorAll('.w-day,.w-more,.w-m:not([id]):not(#typing)').forEach(each => each.remove());
    for (const each of box) local(each.text, each.files, each.error ? bad(each.error === true ? w('not_sent') : each.error, w('again'), () => { update(each.client_id, { error: null }); paint(); flush(); })
      : waiting || retryAt > Date.now() || Date.now() - each.at > 3000 ? note('clock', w('waiting')) : null, each.at);
    for (const each of uploads) local('', [{ filename: each.file.name, size: size(each.file.size) }], each.words ? bad(each.words, w('remove'), () => { uploads.splice(uploads.indexOf(each), 1); paint(); }) : note('clock', `${w('sending')} ${each.done} %`), Date.now());
    const all = [...log.querySelectorAll('.w-m')], theirs = all.filter(each => each.dataset.author), mine = all.filter(each => each.classList.contains('w-m--me') && each.id);
    home.hidden = all.length > 0;
    let day = '', wrote = '';
    all.forEach((each, i) => {
      const at = new Date(each.dataset.at), next = all[i + 1], today = at.toDateString();
      const isLast = !next || next.dataset.author !== each.dataset.author || new Date(next.dataset.at) - at > 300000, tail = each.querySelector('.w-s');
      if (today !== day) { day = today; each.before(said(dayOf(at))); }
      const author = each.dataset.author;
      if (author && wrote && author !== wrote) each.before(said(w('joined', author)));
      wrote = author || wrote;
      each.classList.toggle('w-m--more', !isLast);
      if (!each.id || !tail) return;
      let words = '', icon = '';
      if (author) { words = isLast ? author + ', ' + clock(at) : ''; if ('email' in each.dataset) { words = w('from_email'); icon = 'mail'; } }
      else if ('email' in each.dataset) { words = w('by_email'); icon = 'mail'; }
      else if (each === mine[mine.length - 1] && read >= +each.dataset.position) { words = w('seen'); icon = 'check-check'; }
      tail.hidden = !words; each.toggleAttribute('data-tail', Boolean(words));
      if (tail.dataset.words !== words) { tail.dataset.words = words; tail.innerHTML = icon ? use(icon) : ''; tail.append(words); }
    });
    if (more && all[0] && all[0].id) {
      const button = node('<button class="w-more"></button>');
      button.textContent = w('earlier');
      button.onclick = () => say({ t: 'older', before: +all[0].dataset.position });
      log.prepend(button);
    }
    if (state.hands_over) log.append(said(state.to ? w('handing_to', state.by, state.to) : w('handing')));
    ending(theirs.length ? theirs[theirs.length - 1].dataset.author : facts.name);
    head(theirs);
  }
  function said(words) { const line = node('<p class="w-day"></p>'); line.textContent = words; return line; }
  function ending(who) {                                   // the chat has ended: it says so, and may be rated
    const old = by('end');
    if (!state.ended || old && old.dataset.at !== state.ended + state.may_rate) { if (old) old.remove(); if (!state.ended) return; }
    const end = by('end') || node('<div class="w-end" id="end"><p class="w-note"></p></div>');
    end.firstChild.textContent = w('ended');
    if (log.lastChild !== end) log.append(end);
    if (end.dataset.at === state.ended + state.may_rate) return;
    end.dataset.at = state.ended + state.may_rate;
    if (state.may_rate && me().left !== state.ended) screens().then(more => more.rating(end, who));
  }
  function local(words, files, status, at) {
    const each = node('<div class="w-m w-m--me"><div class="w-c"></div></div>'), inside = each.firstChild;
    each.dataset.at = new Date(at).toISOString();
    if (words) { const bubble = node('<div class="w-b"></div>'); bubble.textContent = words; inside.append(bubble); }
    for (const file of files) { const bubble = node(`<div class="w-b w-file">${use('paperclip')}<span><b></b><small></small></span></div>`); bubble.querySelector('b').textContent = file.filename; bubble.querySelector('small').textContent = file.size; inside.append(bubble); }
    if (status) inside.append(status);
    log.insertBefore(each, by('typing') || by('end'));
  }
  function note(icon, words) { const line = node(`<p class="w-s">${use(icon)}</p>`); line.append(words); return line; }
  function bad(words, label, act) {
    const line = note('circle-alert', words + ' '), button = node('<button type="button"></button>');
    button.textContent = label; button.onclick = act; line.append(button); line.classList.add('w-s--bad');
    return line;
  }
  function head(theirs) {
    const people = new Map(theirs.slice(-20).map(each => [each.dataset.author, each.dataset])), shown = [...people.values()].slice(-3).reverse();
    by('title').textContent = shown.length ? `${shown[0].author}, ${facts.name}` : facts.name;
    const faces = shown.length ? shown : [{ initials: (facts.name.match(/[\p{L}\p{N}]+/gu) || []).slice(0, 2).map(w => w[0]).join('').toUpperCase(), hue: 1 }];
    by('faces').replaceChildren(...faces.map(f => { const face = node(`<span class="w-av w-av--${+f.hue}" aria-hidden="true"></span>`); face.textContent = f.initials; return face; }));
  }
  const locale = navigator.language.startsWith(facts.language) ? [] : facts.language, clock = at => at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
  function dayOf(at) {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
    return days === 0 ? w('today') : days === 1 ? w('yesterday') : at.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: days > 300 ? 'numeric' : undefined });
  }
  const size = n => n < 1e6 ? Math.ceil(n / 1e3) + ' kB' : (n / 1e6).toFixed(1) + ' MB';
  function bottom() { log.scrollTop = log.scrollHeight; }

  /* ---- read, unread, typing ---- */
  const theirs = () => [...log.querySelectorAll('.w-m[data-author]')];
  function seen() {
    const last = theirs().pop();
    if (!last || !isOpen || document.hidden) return;
    const at = +last.dataset.position;
    if (at > (me().seen || 0)) change({ seen: at });
    if (!('read' in last.dataset) && last.dataset.told !== 'seen') { last.dataset.told = 'seen'; say({ t: 'seen', message: last.id.slice(2) }); }
    unread();
  }
  function unread() {
    const fresh = theirs().filter(each => +each.dataset.position > (me().seen || 0) && !('read' in each.dataset));
    tellHost({ t: 'unread', n: isOpen ? 0 : fresh.length, author: fresh.length ? fresh[fresh.length - 1].dataset.author : '' });
  }
  function signal(what) {
    if ('read' in what && what.read > read) { read = what.read; paint(); }
    if (what.typing) typing(what.typing.on, what.typing.name);
  }
  function typing(on, who) {
    clearTimeout(typingTimer);
    const there = by('typing');
    if (there) there.remove();
    if (!on) return;
    const last = theirs().filter(each => each.dataset.author === who).pop(), atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const bubble = node('<div class="w-m" id="typing"><span class="w-av w-av--s" aria-hidden="true"></span><div class="w-c"><div class="w-b w-typ"><span class="vh"></span><i></i><i></i><i></i></div></div></div>');
    bubble.firstChild.textContent = last ? last.dataset.initials : (who || '?')[0];
    if (last) bubble.firstChild.classList.add('w-av--' + last.dataset.hue);
    bubble.querySelector('.vh').textContent = w('typing', who || w('somebody'));
    bubble.dataset.at = new Date().toISOString();
    log.insertBefore(bubble, by('end'));
    typingTimer = setTimeout(() => typing(false), TYPING);
    if (atEnd) bottom();
  }

  /* ---- where to answer when they leave ---- */
  function footer() {
    const email = me().email, words = (email ? w('leave_to', email) : w('leave_where')) + ' ', button = node('<button type="button"></button>');
    button.textContent = email ? w('change') : w('add');
    button.onclick = () => screens().then(more => more.address());
    foot.replaceChildren(words, button);
  }

  /* ---- what is fetched when it is needed ---- */
  let fetched = null;
  function screens() {
    return fetched = fetched || new Promise((done, fail) => {
      const script = document.createElement('script');
      script.src = document.body.dataset.screens;
      script.onload = () => done(window.screens(chat));
      script.onerror = () => { fetched = null; script.remove(); fail(new Error(w('not_sent'))); };
      document.head.append(script);
    });
  }
  function begin() {                                       // what the company asks first; where that cannot be fetched, they just write
    const asks = (facts.ask.length || facts.away) && !me().asked;
    if (asks) screens().then(more => more.questions(), () => screen(null));
    else screen(null);
  }
  function screen(content) {                               // in the place of the messages and of where one writes
    by('screen').replaceChildren(...content ? [content] : []);
    by('screen').hidden = !content;
    for (const each of [log, by('composer'), foot]) each.hidden = Boolean(content);
    if (!content) { grow(); bottom(); }
  }
  const chat = { facts, w, by, node, me, id, change, say, write, screen, uploads, path, bottom, footer, heeded, paint, want, text, log, foot, tellHost, get state() { return state; }, get draft() { return recall(':draft'); }, set draft(words) { keep(':draft', words); } };
  by('more').onclick = () => screens().then(more => more.menu());
  by('emoji').onclick = () => screens().then(more => more.emoji());

  /* ---- the composer ---- */
  function grow() { text.style.height = '40px'; text.style.height = Math.max(40, Math.min(140, text.scrollHeight)) + 'px'; }
  by('composer').addEventListener('submit', e => {
    e.preventDefault();
    const words = text.value.trim();
    if (!words) return text.focus();
    text.value = ''; keep(':draft', ''); grow(); typedAt = 0;
    write(words); text.focus();
  });
  text.addEventListener('keydown', e => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); by('composer').requestSubmit(); } });
  text.addEventListener('input', () => {
    grow(); keep(':draft', text.value);
    if (!text.value) { typedAt = 0; say({ t: 'typing', on: false }); }
    else if (Date.now() - typedAt > 3000) { typedAt = Date.now(); say({ t: 'typing', on: true }); }
  });
  text.addEventListener('paste', e => { if (e.clipboardData.files.length) { e.preventDefault(); attach([...e.clipboardData.files]); } });
  by('attach').addEventListener('click', () => by('files').click());
  by('files').addEventListener('change', e => { attach([...e.target.files]); e.target.value = ''; });
  document.addEventListener('dragover', e => { e.preventDefault(); by('composer').classList.add('w-over'); });
  document.addEventListener('dragleave', () => by('composer').classList.remove('w-over'));
  document.addEventListener('drop', e => { e.preventDefault(); by('composer').classList.remove('w-over'); attach([...e.dataTransfer.files]); });
  document.querySelectorAll('[data-topic]').forEach(each => { each.onclick = () => write(each.textContent.trim()); });
  by('close').addEventListener('click', () => tellHost({ t: 'close' }));
  document.addEventListener('keydown', e => { if (e.key === 'Escape' && !e.defaultPrevented) tellHost({ t: 'close' }); });

  look();
  text.value = recall(':draft') || '';
  if (outbox().length) want();
  grow(); paint(); footer(); bottom();
})();
