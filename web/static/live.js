/* Live updates of the agents' app: one websocket for each tab, to /live. Scripts, in this order, all with `defer`:
   htmx.min.js, app.js, timeline.js, lists.js, live.js, composer.js.

   Protocol (JSON). Browser to server: {t:"open", sub, after} {t:"close", sub} {t:"view", conversation|null}
   {t:"typing", conversation, on} {t:"idle", on} {t:"pong"}. Server to browser: {sub, cursor, html} {sub:"lists", cursor, signal:{cases:[1042]}}
   {sub, reset:true} {ping:1}, a timeline's frame perhaps with {signal:{beside:true}}, and without a cursor {signal:{typing:{conversation, agent|null, name, on}}} and
   {signal:{presence:{conversation, agents:[{id, name}]}}}, {signal:{people:{here:[{id, name}], away:[ID]}}}; several at once come as a list. Each sub has a cursor of its own, opaque here; nothing is dropped
   by comparing cursors: an entry that comes twice replaces its twin. Close code 4401 means that the session has ended.

   What the page must have (an element that is missing only switches its part off):
   body[data-agent=ID][data-cursor=LISTS-CURSOR]   without data-cursor there is no socket; [data-idle=ms] for tests;
     [data-icons=URL of the sprite, as the page itself names it]; [data-zone] of the agent; [data-shortcuts=off]
   #log[data-sub="timeline:ID"][data-cursor][data-conversation=ID][data-case=1042][data-seen=POSITION][data-read-url]
     its children: a[data-older][href] (answers entries and perhaps another such), entries, a[data-newer][href], p#typing[hidden] > span[data-text]
     an entry: #…[data-position=INT][data-kind=message|note|change|…][data-case]
       a message also [data-author=KEY][data-author-agent=ID?][data-strand=ID][data-channel-kind=email|webchat|form][data-strand-label]
       inside: time[datetime], [data-author-name] (becomes "You"), [data-name-of=AGENT] (becomes "you"), [data-text]
   button#missed[hidden] > [data-n]   #announce[aria-live=polite]   #presence   #writing[hidden] > [data-text]
   #offline[hidden] with [data-countdown] and button[data-reconnect]; #signed-out[hidden]
   #composer, #customer and #own follow by being asked for (GET /conversations/ID/beside?case=) when a timeline's frame says "beside"
   [data-refresh] with an id: regions that a reset takes anew from the page's own URL; never around the composer
   li[data-conversation] rows show "Inês is typing…"; lists.js and app.js say what they expect at their top. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {}), root = document.body;
  const IDLE = +root.dataset.idle || 40000, LONGEST = 30000, GRACE = 1000;
  const people = new Map(), closedAt = new Map();
  let ws = null, tries = 0, heard = 0, timer = 0, retryAt = 0, downSince = 0, box = null, sub = '', stale = false, viewTimer = 0, besideTimer = 0;

  const byId = id => document.getElementById(id);
  const isUp = () => Boolean(ws) && ws.readyState === 1;
  const conversation = () => (box && (box.dataset.conversation || sub.split(':')[1])) || null;
  function send(message) { if (isUp()) ws.send(JSON.stringify(message)); }

  /* ---- the socket ---- */
  function connect() {
    clearTimeout(timer);
    if (ws && ws.readyState < 2) return;
    const url = new URL('/live', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('after', root.dataset.cursor);
    url.searchParams.set('language', document.documentElement.lang);     // pushes are drawn in the page's language
    ws = new WebSocket(url);
    heard = Date.now(); closedAt.clear();
    ws.onopen = () => { heard = Date.now(); sub = ''; state(true); enter(); };
    ws.onmessage = e => { heard = Date.now(); tries = 0; [].concat(JSON.parse(e.data)).forEach(frame); };
    ws.onclose = e => { if (e.code === 4401) show('signed-out', true); ws = null; again(); };  // every close code, 1000 and 1001 too
  }

  function again() {                                       // full jitter: a restarted server is not met by everybody at once
    state(false);
    const wait = Math.random() * Math.min(LONGEST, 500 * 2 ** Math.min(tries++, 10));
    retryAt = Date.now() + wait;
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
  }

  function drop() {
    if (!ws) return;
    ws.onopen = ws.onclose = ws.onmessage = null;
    ws.close();
    ws = null;
  }

  function restart() { drop(); connect(); }

  function state(up) {
    root.dataset.live = up ? 'on' : 'off';
    downSince = up ? 0 : downSince || Date.now();
    if (!up) { people.clear(); paint(); }                  // who is here is told anew on every connection
    if (up) { show('offline', false); show('signed-out', false); if (stale) refetch(); }
    document.dispatchEvent(new CustomEvent('desk:live', { detail: up }));
  }

  function show(id, on) { const el = byId(id); if (el && el.hidden === on) el.hidden = !on; }

  function tick() {
    if (ws && ws.readyState < 2 && Date.now() - heard > IDLE) { drop(); again(); }   // the network went without saying so, or the lid was closed
    const end = byId('signed-out'), isOut = Boolean(end) && !end.hidden;                 // stays: a handshake that is refused says no code
    if (isOut) show('offline', false);
    if (!isOut && downSince && Date.now() - downSince > GRACE) {
      show('offline', true);
      const left = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)), span = document.querySelector('#offline [data-countdown]');
      if (span) span.textContent = left ? desk.words('Trying again in %(seconds)s s.', { seconds: left }) : desk.words('Trying again now.');
    }
    forget();
  }

  /* ---- frames ---- */
  function frame(m) {
    if (m.ping) return send({ t: 'pong' });
    if (m.sub && m.sub !== 'lists' && m.sub !== sub) return;      // of a thread that was left
    if (m.reset) { refetch(); return; }
    if (m.html) desk.apply(m.html);
    if (m.signal) signal(m.signal);
    const keeper = m.sub === 'lists' ? root : box;
    if (m.sub && m.cursor !== undefined) keeper.dataset.cursor = m.cursor;
  }

  function signal(s) {
    if (s.cases && desk.lists) desk.lists.changed(s.cases);
    if (s.typing) typing(s.typing);
    if (s.beside) beside(300 + Math.random() * 700);
    if (s.notifications) document.dispatchEvent(new CustomEvent('desk:notified'));
    if (s.people) document.dispatchEvent(new CustomEvent('desk:people', { detail: s.people }));
    if (s.presence) note(s.presence.conversation, 'viewing', s.presence.agents || []);
  }

  /* ---- the open thread ---- */
  function enter() {
    const now = byId('log'), next = now ? now.dataset.sub || '' : '';
    if (now === box && next === sub) return;
    if (now !== box) { box = now; desk.timeline.opened(box); }
    if (!isUp()) { sub = next; return; }
    const recent = next && (next === sub || Date.now() - closedAt.get(next) < 5000);
    if (recent) return restart();                          // frames of its last opening may be under way: start clean
    if (sub) { send({ t: 'close', sub }); closedAt.set(sub, Date.now()); }
    sub = next;
    if (sub) send({ t: 'open', sub, after: box.dataset.cursor });
    view();
  }

  function view() {                                        // teammates see "viewing" after two seconds, not for a glance
    clearTimeout(viewTimer);
    if (document.hidden || !conversation()) send({ t: 'view', conversation: null });
    else viewTimer = setTimeout(() => send({ t: 'view', conversation: conversation() }), 2000);
    paint();
  }

  /* ---- people: signals that are never stored, each with an end ---- */
  function typing(t) {
    const key = t.conversation + '/' + (t.agent || 'customer');
    if (t.on) people.set(key, { ...t, until: Date.now() + 8000 }); else people.delete(key);
    paint();
  }

  function note(where, kind, agents) {
    people.set(where + '/' + kind, { conversation: where, viewers: agents, until: Infinity });
    paint();
  }

  function forget() {
    const before = people.size;
    people.forEach((p, key) => { if (p.until < Date.now()) people.delete(key); });
    if (people.size !== before) paint();
  }

  function paint() {
    const here = conversation(), all = [...people.values()].filter(p => p.agent !== root.dataset.agent);
    const mine = all.filter(p => p.conversation === here);
    line('typing', mine.filter(p => p.on && !p.agent), names => desk.words('%(names)s is typing', { names }));
    document.dispatchEvent(new CustomEvent('desk:writers', { detail: mine.filter(p => p.on && p.agent) }));
    line('writing', mine.filter(p => p.on && p.agent), names => desk.words('%(names)s is writing a reply', { names }));
    const viewers = mine.flatMap(p => p.viewers || []).filter(a => a.id !== root.dataset.agent);
    line('presence', viewers, names => desk.count('%(names)s is viewing', '%(names)s are viewing', viewers.length, { names }));
    document.querySelectorAll('li[data-conversation]').forEach(row => {
      const p = all.find(one => one.on && one.conversation === row.dataset.conversation);
      if (!p) delete row.dataset.typing;
      else row.dataset.typing = p.agent ? desk.words('%(name)s is replying…', p) : desk.words('%(name)s is typing…', p);
    });
  }

  function line(id, who, what) {
    const el = byId(id);
    if (!el) return;
    const text = who.length ? what(who.map(p => p.name).join(', ')) : '', slot = el.querySelector('[data-text]') || el;
    if (slot.textContent !== text) slot.textContent = text;
    const end = box && box.dataset.pinned;
    show(id, Boolean(text));
    if (end) box.scrollTop = box.scrollHeight;
  }

  /* ---- beside the thread: the composer's strands and the customer depend on who looks, so that they are asked for ---- */
  function beside(wait) { besideTimer = besideTimer || setTimeout(askBeside, wait); }

  async function askBeside() {
    const log = box, url = log && '/conversations/' + conversation() + '/beside?case=' + (log.dataset.case || '');
    besideTimer = 0;
    if (!url || !byId('composer')) return;
    try {
      const answer = await fetch(url, { headers: desk.headers() });
      if (answer.status >= 500) throw new Error(answer.status);
      if (!answer.ok || answer.redirected) return;         // signed out, or moved away: that is told by other frames
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (log === box) tellComposer(page);
      await leisure('customer');
      if (log === box) ['customer', 'own'].forEach(id => take(byId(id), page));
    } catch (_) { beside(2000 + Math.random() * 3000); }   // no network: asked again
  }

  function tellComposer(page) { document.dispatchEvent(new CustomEvent('desk:composer', { detail: page.getElementById('composer') })); }

  /* ---- reset: the page is asked for anew, and everything but the composer takes its place ---- */
  async function refetch() {
    if (stale === 'asked') return;
    stale = 'asked';
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!page.body.dataset.cursor) { show('signed-out', true); throw new Error('not the page'); }
      await leisure();
      renew(page, answer.url);
      stale = false;
      restart();
    } catch (_) {                                          // no network or a restarting server: the old page stays until it answers
      stale = true;
      setTimeout(() => { if (stale === true) refetch(); }, 2000 + Math.random() * 3000);
    }
  }

  async function anew() {                                  // a page of its own, which nothing is pushed to, shows what its forms have changed
    if (box || !document.querySelector('main.page [data-refresh]')) return;
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
    const page = answer && answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html');
    await leisure();
    if (page) document.querySelectorAll('main.page [data-refresh]').forEach(old => take(old, page));
  }
  ['toast', 'desk:undone'].forEach(name => document.addEventListener(name, anew));

  function leisure(id) {                                   // a person in the middle of a refreshed region is not interrupted
    const at = document.activeElement && document.activeElement.closest(id ? '#' + id : '[data-refresh]');
    if (!at || !document.activeElement.matches('input, select, textarea, details[open] *') || document.activeElement.closest('li[id]')) return null;
    return new Promise(done => at.addEventListener('focusout', () => setTimeout(() => done(leisure(id))), { once: true }));
  }

  function renew(page, url) {
    const fresh = page.getElementById('log');
    if (fresh && box && fresh.dataset.sub !== box.dataset.sub) return moveTo(page, url);
    const row = document.activeElement.closest('li[id]');
    document.querySelectorAll('[data-refresh][id]').forEach(old => take(old, page));
    tellComposer(page);
    const link = row && byId(row.id) && byId(row.id).querySelector('a');
    if (link) link.focus({ preventScroll: true });
    root.dataset.cursor = page.body.dataset.cursor;
    if (byId('announce')) byId('announce').textContent = '';  // what was said last may have been removed
    document.dispatchEvent(new CustomEvent('desk:applied'));
  }

  function take(old, page) {
    const now = old && page.getElementById(old.id);
    if (!now || old.querySelector('textarea')) return;
    for (const { name, value } of now.attributes) old.setAttribute(name, value);
    const top = old.scrollTop, end = old === box && box.dataset.pinned, at = old.contains(document.activeElement) && document.activeElement;
    const ways = () => [...old.querySelectorAll('a, button, summary')], place = ways().indexOf(at);
    old.replaceChildren(...now.childNodes);
    const next = at && ((at.id && byId(at.id)) || ways()[place]);     // the keyboard stays where it was
    if (next) next.focus({ preventScroll: true });
    if (old === box) desk.timeline.decorate(box);
    old.scrollTop = end ? old.scrollHeight : top;
    if (window.htmx) window.htmx.process(old);
    document.dispatchEvent(new CustomEvent('desk:applied'));
  }

  function moveTo(page, url) {                             // merged into another conversation: its thread, with the words written here
    const old = byId('thread'), now = page.getElementById('thread'), area = old && old.querySelector('textarea');
    if (!old || !now) return location.assign(url);
    const text = area ? area.value : '', at = area ? area.selectionStart : 0, focused = area === document.activeElement;
    old.replaceWith(now);
    history.replaceState(null, '', url);
    root.dataset.cursor = page.body.dataset.cursor;
    const next = now.querySelector('textarea');
    if (next && text) { next.value = text; next.dispatchEvent(new Event('input', { bubbles: true })); }
    if (next && focused) { next.focus(); next.setSelectionRange(at, at); }
    if (window.htmx) window.htmx.process(now);
    document.dispatchEvent(new CustomEvent('desk:applied'));
    enter();
  }

  desk.live = { send, view };
  desk.timeline.opened(box = byId('log'));
  if (!root.dataset.cursor) return;
  connect();
  setInterval(tick, Math.min(1000, IDLE / 2));
  addEventListener('online', () => { if (!isUp()) restart(); });
  addEventListener('offline', tick);
  document.addEventListener('visibilitychange', () => { tick(); if (!document.hidden && !isUp()) connect(); view(); });
  document.addEventListener('htmx:afterSettle', enter);
  document.addEventListener('click', e => { if (e.target.closest('[data-reconnect]')) restart(); });
})();
