/* Sounds, the tab's and the app's badge, and notifications of the browser. What is to be announced, and how, the server says
   (GET /notifications/news?after=ID): quiet hours and choices are its business. Loaded after live.js, whose event desk:notified
   says "ask"; it asks by itself when the socket is up again.

   [data-counter=notifications]  any number of places; the page's title and the app's badge show the same
   #notifications[data-refresh]  the list on the bell's own page, taken anew
   [data-try-sound=soft|distinct|ring]  plays it; [data-worker] on a page wants the service worker;
     [data-own-zone] is a field that begins with the browser's time zone
   body[data-sounds=here] is set in the one tab that makes the sounds, body[data-ringing] while it rings.

   Of all tabs one makes the sound: the first in which somebody has pressed anything (browsers let no other) takes the lock
   onethread-sound and keeps it until it closes. onethread-alerts does the same for windows of the system, and whoever is on the screen
   holds a share of onethread-visible, so that a hidden tab knows of another that is not. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {}), root = document.body, locks = navigator.locks;
  const KEPT = 'onethread-notified', LOUDEST = ['soft', 'distinct', 'ring'], RING = 30e3, EACH = 2400, FRESH = 60;
  const ringing = new Set(), windows = new Map();
  let last = kept(), hasAsked = false, asking = false, again = false, audio = null, ringUntil = 0, ringTimer = 0, alerts = false, leave = null, shown = -1;

  function kept(value) {                                   // any tab of this browser goes on where another one was
    try { if (value !== undefined) localStorage.setItem(KEPT, value); return localStorage.getItem(KEPT) || ''; } catch (_) { return value || ''; }
  }

  /* ---- asking ---- */
  async function ask() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch('/notifications/news?after=' + encodeURIComponent(last), { headers: desk.headers() });
      if (answer.ok && !answer.redirected) take(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch (_) { again = false; }                         // no network: asked when the socket is back
    asking = false;
    if (again) { again = false; ask(); }
  }

  function take(page) {
    const news = [...page.querySelectorAll('p[data-id]')], unread = new Set(page.querySelector('[data-unread]').dataset.unread.split(' ').filter(Boolean));
    const began = hasAsked || Boolean(last), newest = news.length ? news[news.length - 1].dataset.id : [...unread][0];
    hasAsked = true;                                       // what waited before the first page was there is no news
    if (newest) last = kept(newest);
    if (desk.lists) desk.lists.count(page.querySelector('[data-counter]'));
    badge(page.querySelector('[data-counter]').textContent);
    ringing.forEach(id => { if (!unread.has(id)) ringing.delete(id); });
    close(unread);
    if (began) announce(news.filter(one => +one.dataset.age < FRESH && !isOpen(one)).map(one => ({ ...one.dataset, body: one.textContent })));
    list();
  }

  function isOpen(one) {
    const log = document.getElementById('log');
    return !document.hidden && log && log.dataset.conversation === one.dataset.conversation;
  }

  function announce(news) {
    const loudest = news.reduce((most, one) => Math.max(most, LOUDEST.indexOf(one.sound)), -1);
    if (loudest >= 0) play(LOUDEST[loudest], news.filter(one => one.sound === 'ring').map(one => one.id));
    if (alerts) news.forEach(show);
  }

  function badge(text) {
    const n = parseInt(text, 10) || 0;
    if (n === shown || !navigator.setAppBadge) return;
    shown = n;
    (n ? navigator.setAppBadge(n) : navigator.clearAppBadge()).catch(() => {});   // not installed: there is no badge
  }

  async function list() {                                  // the bell's own page
    const old = document.getElementById('notifications');
    if (!old) return;
    if (old.contains(document.activeElement)) { old.addEventListener('focusout', () => setTimeout(list), { once: true }); return; }
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    const now = answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('notifications');
    if (!now) return;
    old.replaceChildren(...now.childNodes);
    if (window.htmx) window.htmx.process(old);
    desk.times();
  }

  /* ---- sounds: drawn, not recorded ---- */
  function elect() {
    if (!locks || root.dataset.sounds) return;
    root.dataset.sounds = 'waiting';
    locks.request('onethread-sound', () => { root.dataset.sounds = 'here'; return new Promise(() => {}); });
  }

  function play(kind, ids) {
    if (root.dataset.sounds !== 'here') return;
    if (kind !== 'ring') { sound(kind); return; }
    ids.forEach(id => ringing.add(id));
    ringUntil = Date.now() + RING;
    if (!ringTimer) ring();
  }

  function ring() {                                        // until somebody takes it, half a minute at most
    const on = ringing.size && Date.now() < ringUntil;
    ringTimer = on ? setTimeout(ring, EACH) : 0;
    if (on) { root.dataset.ringing = ''; sound('ring'); } else { ringing.clear(); delete root.dataset.ringing; }
  }

  const TUNES = { soft: [[660, 0, .3]], distinct: [[784, 0, .22], [1175, .16, .34]], ring: [[880, 0, .2], [1109, .18, .2], [880, .36, .2], [1109, .54, .3]] };
  function sound(kind) {
    audio = audio || new AudioContext();
    if (audio.state === 'suspended') audio.resume();
    TUNES[kind].forEach(([pitch, at, length]) => {
      const tone = audio.createOscillator(), level = audio.createGain(), start = audio.currentTime + at;
      tone.type = 'sine'; tone.frequency.value = pitch;
      level.gain.setValueAtTime(0, start);
      level.gain.linearRampToValueAtTime(kind === 'soft' ? .07 : .14, start + .02);
      level.gain.exponentialRampToValueAtTime(.0001, start + length);
      tone.connect(level).connect(audio.destination);
      tone.start(start); tone.stop(start + length);
    });
    document.dispatchEvent(new CustomEvent('desk:sound', { detail: kind }));
  }

  /* ---- windows of the system ---- */
  const mayShow = () => 'Notification' in window && Notification.permission === 'granted';
  const registered = async () => ('serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : undefined);

  async function show(one) {
    if (!mayShow() || one.alert === 'never' || (one.alert === 'hidden' && await isSeen())) return;
    const options = { body: one.body, tag: one.id, icon: '/static/icon-192.png', data: { url: one.url } }, worker = await registered();
    if (worker) { worker.showNotification(one.title, options); return; }
    const made = new Notification(one.title, options);
    windows.set(one.id, made);
    made.onclick = () => { window.focus(); location.assign(one.url); made.close(); };
  }

  async function close(unread) {
    windows.forEach((made, id) => { if (!unread.has(id)) { made.close(); windows.delete(id); } });
    const worker = mayShow() && await registered();
    if (worker) (await worker.getNotifications()).forEach(made => { if (made.tag && !unread.has(made.tag)) made.close(); });
  }

  async function isSeen() { return (await locks.query()).held.some(lock => lock.name === 'onethread-visible'); }

  function visible() {
    if (document.hidden) { if (leave) leave(); leave = null; return; }
    if (!leave) locks.request('onethread-visible', { mode: 'shared' }, () => (document.hidden ? null : new Promise(done => { leave = done; })));
  }

  if (!root.dataset.agent) return;
  if (locks) {
    if (navigator.userActivation && navigator.userActivation.hasBeenActive) elect();
    ['pointerdown', 'keydown'].forEach(name => document.addEventListener(name, elect, { capture: true, once: true }));
    locks.request('onethread-alerts', () => { alerts = true; return new Promise(() => {}); });
    document.addEventListener('visibilitychange', visible);
    visible();
  }
  document.addEventListener('desk:notified', ask);
  document.addEventListener('desk:live', e => { if (e.detail) ask(); });
  if (root.dataset.live === 'on') ask();                   // the socket was up before this script was here
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-try-sound]');
    if (button) sound(button.dataset.trySound);
  });
  document.querySelectorAll('[data-own-zone]').forEach(field => { field.value = field.value || Intl.DateTimeFormat().resolvedOptions().timeZone; });
  const installed = matchMedia('(display-mode: standalone)').matches;
  if ('serviceWorker' in navigator && (mayShow() || installed || document.querySelector('[data-worker]'))) navigator.serviceWorker.register('/sw.js');
})();
