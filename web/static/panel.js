/* The chat panel, first part: what is kept, the host page, the connection, what was written here. With panel_log.js and
   panel_screens.js it is one script (web/slim_scripts.py): they share what they declare. It runs in a frame of our own origin, so
   the host page sees none of its words. The visitor's token, what was typed and not sent yet, and how far was read stand in this
   frame's storage. The host page (widget.js) is told: ready, close, unread {n, author}, has, error, event.
   Frames of the socket: web/live/visitor_exchange.py. w('name') are words of web/templates/webchat/words, put in by the server. */
const facts = JSON.parse(document.body.dataset.facts), root = document.documentElement, path = location.pathname.replace('/panel', ''), store = 'onethread:' + path, company = document.title;
const LONGEST = 30000, SILENT = 40000, PATIENCE = 15000, POLL = 5000, SLOW = 3000;
let host, nonce, page, lang, keeps = true, isOpen, isWanted, socket, tries = 0, heardAt, timer, isReady, isPolling, memory = {}, state = {}, sent, sentAt, retryAt = 0, who, attributes;
const by = id => document.getElementById(id), fill = (words, ...values) => words.replace(/\{(\d)\}/g, (_, n) => values[n]);

document.adoptedStyleSheets = [new CSSStyleSheet()];
document.adoptedStyleSheets[0].replaceSync($STYLE$);
document.body.innerHTML = $MARKUP$;
const log = by('log'), text = by('text'), composer = by('composer'), foot = by('foot'), home = by('home');

/* Elements from markup. In make`…` values are escaped; what is an element itself is appended by whoever asks. */
function parse(markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  return template.content;
}
const make = (parts, ...values) => parse(parts.reduce((all, part, n) => all + String(values[n - 1]).replace(/[&<"]/g, mark => `&#${mark.charCodeAt()};`) + part)).firstElementChild;

/* ---- what is kept: shared by tabs; where storage is blocked, for as long as the page lasts ---- */
function me() { try { return keeps && JSON.parse(localStorage.getItem(store)) || memory; } catch { return memory; } }
function change(what) {
  memory = { ...me(), ...what };
  try { if (keeps) localStorage.setItem(store, JSON.stringify(memory)); } catch { /* blocked or full */ }
}
function drain() { try { localStorage.removeItem(store); } catch { /* blocked */ } }
const outbox = () => me().outbox || [];
const settle = (id, what) => change({ outbox: outbox().flatMap(each => each.client_id !== id ? each : what ? { ...each, ...what } : []) });

/* ---- the host page ---- */
function tell(what) { if (host) parent.postMessage({ nonce, ...what }, host); }
const emit = (name, detail) => tell({ t: 'event', name, detail });
const asked = {
  open: told => { isOpen = true; want(); if (!told.quiet) (document.querySelector('#screen .w-in') || text).focus(); grow(); bottom(); seen(); },
  close: () => { isOpen = false; },
  prefill: told => { text.value = told.text; grow(); },
  send: told => write(told.text.slice(0, 4000)),
  page: told => { page = told.page; say({ t: 'notice', page }); },
  attributes: told => { attributes = told.attributes; say({ t: 'notice', attributes }); },
  keeps: told => { keeps = told.may; if (keeps) change({}); else drain(); },
  identify: told => { who = told.who; introduce(); },
  reset: () => { who = null; if (me().token) ask({ t: 'forget' }); empty(); drain(); if (isOpen) want(); },
};
onmessage = ({ data: told, source, origin }) => {
  if (source !== parent || parent === window || !told) return;
  if (facts.origins.length && !facts.origins.includes(origin) && origin !== location.origin) return;
  if (told.onethread === 'hello' && !host) {
    host = origin; ({ nonce, page, lang, keeps } = told);
    look(told.theme, told.accent, told.ink); tell({ t: 'ready', words: $HOST$ }); begin();
    if (told.open) asked.open({ quiet: true }); else if (me().token) want();
  } else if (host === origin && told.nonce === nonce && asked[told.t]) asked[told.t](told);
};
function introduce() {                                     // said again on each connection, until the proof is known
  if (!who) return;
  want();
  if (isReady) say({ t: 'identify', ...who });
}
function empty() {                                         // signed out, here or in another tab: nothing of this visitor stays
  memory = {}; state = {}; uploads.length = read = 0; isWanted = false; text.value = '';
  clear(); stop(); paint(); footer(); begin();
}
function look(theme, accent, ink) {
  const dark = matchMedia('(prefers-color-scheme:dark)'), set = () => { root.dataset.theme = theme || (dark.matches ? 'dark' : 'light'); };
  set(); dark.onchange = set;
  if (!accent) [accent, ink] = facts.accent;
  if (!accent) return;
  root.dataset.own = '';
  root.style.setProperty('--w-accent', accent);
  root.style.setProperty('--w-on-accent', ink);
}

/* ---- the connection ---- */
function want() { isWanted = true; connect(); }
function connect() {
  clearTimeout(timer);
  if (!isWanted || socket || isPolling) return;
  heardAt = Date.now();
  socket = new WebSocket(location.origin.replace('http', 'ws') + path + '/live');
  socket.onopen = () => socket.send(JSON.stringify(hello()));
  socket.onmessage = e => { tries = 0; take(JSON.parse(e.data)); };
  socket.onclose = () => { lose(); if (tries > 3 && navigator.onLine) poll(); else again(); };
}
function hello() {
  const { token, cursor } = me();
  return { t: 'hello', token, after: log.querySelector('.w-m[id]') && cursor, page, lang, attributes,
    language: navigator.language, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
function again() { lose(); timer = setTimeout(connect, Math.random() * Math.min(LONGEST, 500 * 2 ** tries++) + 100); }
function lose() { socket = sent = null; isReady = false; online(); }
function stop() {
  clearTimeout(timer);
  if (socket) { socket.onclose = socket.onmessage = null; socket.close(); }
  isPolling = false; lose();
}
async function poll() {                                    // where no socket gets through, asking does; sockets are tried again after a while
  isPolling = true;
  setTimeout(() => { isPolling = false; tries = 2; connect(); }, 60000);
  while (isPolling) {
    await ask(hello());
    await new Promise(done => { timer = setTimeout(done, POLL); });
  }
}
async function ask(frame) {
  const { token } = me();
  try {
    const answer = await fetch(path + '/messages', { method: 'POST', headers: { 'Content-Type': 'application/json', ...token && { Authorization: 'Bearer ' + token } }, body: JSON.stringify(frame) });
    ((await answer.json()).frames || []).forEach(take);
  } catch { lose(); }
}
function say(frame) {
  if (isPolling) ask(frame);
  else if (socket && socket.readyState === 1) socket.send(JSON.stringify(frame));
}
function take(frame) {
  heardAt = Date.now();
  if (frame.ping) say({ t: 'pong' });
  if (frame.sub) {
    if (frame.reset) { clear(); ({ more, read } = frame); }
    change({ cursor: frame.cursor });
    draw(frame.html);
  }
  if (frame.signal) signal(frame.signal);
  if (frame.state) { const isEnd = frame.state.ended && !state.ended; ({ state } = frame); paint(); if (isEnd) bottom(); }
  if (heeded[frame.t]) heeded[frame.t](frame);
}
const heeded = {                                           // by the kind of frame; screens wait for more of them
  ready: frame => {
    const { token, email } = me(), wasReady = isReady;
    change({ token: frame.token, email: frame.email || email, proved: frame.proved });
    isReady = true;
    if (email && !frame.email && frame.token !== token) say({ t: 'email', email });
    online(); footer();
    if (!wasReady) introduce();
    if (proved && frame.proved) { proved(); proved = null; }
    if (who && frame.signed) { emit('identify', { signed: true }); who = null; }
    flush();
  },
  older: frame => {
    const from = log.scrollHeight - log.scrollTop;
    ({ more } = frame);
    draw(frame.html, true);
    log.scrollTop = log.scrollHeight - from;
  },
  filed: frame => { settle(frame.client_id); next(frame); },
  refused: frame => {
    if (frame.what === 'identify') { tell({ t: 'error', text: frame.error }); who = null; }
    else if (frame.client_id) {
      if (frame.retry_after) { retryAt = Date.now() + frame.retry_after * 1000; setTimeout(flush, frame.retry_after * 1000 + 50); }
      else settle(frame.client_id, { error: frame.error });
      next(frame);
    } else wrong(frame);
  },
};
function next(frame) { if (sent === frame.client_id) sent = null; paint(); flush(); }
function online() { by('offline').hidden = navigator.onLine && (isReady || tries < 3); paint(); }
setInterval(() => {
  if (socket && Date.now() - heardAt > SILENT || sent && Date.now() - sentAt > PATIENCE) { stop(); again(); }
  if (!document.activeElement.closest('.w-m:not([id])')) paint();
}, 5000);
ononline = () => { tries = 0; stop(); connect(); };
onoffline = () => stop();
onstorage = e => {                                       // another tab has got a token, signed out, or sent what waited
  if (!keeps || e.key !== store) return;
  if (!e.newValue) return empty();
  if (e.oldValue && JSON.parse(e.oldValue).token !== me().token && socket) { stop(); clear(); connect(); }
  paint(); unread();
};
document.onvisibilitychange = () => { if (!document.hidden) { connect(); seen(); } };

/* ---- what was written here ---- */
function write(words, files = [], rest = {}) {
  const client = Array.from(crypto.getRandomValues(new Uint32Array(4)), n => n.toString(36)).join('');
  change({ outbox: [...outbox(), { t: 'message', client_id: client, text: words, files, page, at: Date.now(), ...rest }], asked: 1 });
  tell({ t: 'has' }); emit('message');
  paint(); bottom(); want(); flush();
}
function flush() {                                         // one after another, so that their order is the order of writing
  const first = outbox().find(each => !each.error);
  if (!first || !isReady || sent || Date.now() < retryAt) return;
  sent = first.client_id; sentAt = Date.now();
  say({ ...first, files: first.files.map(file => file.id) });
}
function grow() { text.style.height = '40px'; text.style.height = Math.max(40, Math.min(140, text.scrollHeight)) + 'px'; }
composer.onsubmit = e => {
  e.preventDefault();
  const words = text.value.trim();
  text.focus();
  if (!words) return;
  text.value = ''; change({ draft: '' }); grow(); typedAt = 0;
  write(words);
};
text.onkeydown = e => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) composer.onsubmit(e); };
text.oninput = () => {
  grow(); change({ draft: text.value });
  const on = text.value !== '';
  if (on && Date.now() - typedAt < 3000) return;
  typedAt = on && Date.now();
  say({ t: 'typing', on });
};
