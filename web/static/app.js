/* The shell: CSRF, times, menus, dialogs, toasts, theme. Loaded first of ours; offers desk.headers, desk.icon, desk.toast,
   desk.times, desk.sheet.

   meta[name=csrf][content]         sent as X-CSRF-Token by every request of htmx and of these scripts
   time[datetime]                   text by age: "6 min", "10:46", "Wed", "18 Nov", "18 Nov 2025"; [data-format=clock] (in a thread)
                                    gives the time of day with the day before it; [data-format=due] counts down, "4 min late"; [data-format=ago] is for
                                    sentences, "6 min ago"
   details.menu > summary + .pop    one open at a time; closes on Esc, on a click outside and after a choice;
     a[data-rest] in it               what the menu has further, asked for when it is pointed at or opened (a page of its own without a script)
     [data-again=URL] in it           what is asked for again once it is a minute old
   [data-dialog=ID]                 opens dialog#ID (a link's own page without a script); [data-close] and the backdrop close it
                                    a form in a dialog that htmx sent closes it on success
   #toasts[role=status]             holds form.toast or div.toast[data-seconds]; the event HX-Trigger {"toast": {text, undo, seconds}} makes
                                    one, undo being the URL that is posted to. Of several the newest stay
   a[data-sheet]                    shows what its page answers to a script in dialog#sheet (a link's own page without a script)
   [data-panel=customer] on .app    toggled by [data-panel-toggle]; [data-copy=SELECTOR] copies; [data-theme-choice] and [data-density-choice] preview */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {}), root = document.documentElement;
  const lang = root.lang || undefined, MINUTE = 60e3, DAY = 864e5;
  const zone = document.body.dataset.zone ? { timeZone: document.body.dataset.zone } : {};
  const as = options => new Intl.DateTimeFormat(lang, { ...zone, ...options });
  const SHAPES = {
    clock: as({ hour: '2-digit', minute: '2-digit', hour12: false }), week: as({ weekday: 'short' }), day: as({ day: 'numeric', month: 'short' }),
    year: as({ day: 'numeric', month: 'short', year: 'numeric' }), full: as({ dateStyle: 'full', timeStyle: 'long' }), key: as({ dateStyle: 'short' }),
  };

  /* ---- words ---- */
  const known = window.deskWords || {};
  const fill = (text, values) => text.replace(/%(?:\((\w+)\)[sd]|%)/g, (all, name) => (name ? values[name] : '%'));
  desk.words = (text, values = {}) => fill(known[text] || text, values);
  desk.count = (one, many, number, values) => fill((known[one] || [one, many])[number === 1 ? 0 : 1], { number, ...values });
  const YESTERDAY = desk.words('Yesterday');

  desk.icon = function (name, size = '') {
    const box = document.createElement('template');
    box.innerHTML = '<svg class="i ' + size + '" aria-hidden="true"><use href="' + (document.body.dataset.icons || '/static/icons.svg') + '#' + name + '"/></svg>';
    return box.content.firstChild;
  };

  desk.headers = function (more) {
    const meta = document.querySelector('meta[name="csrf"]');
    return { 'HX-Request': 'true', 'X-Timezone': SHAPES.key.resolvedOptions().timeZone, ...(meta ? { 'X-CSRF-Token': meta.content } : {}), ...more };
  };
  document.addEventListener('htmx:configRequest', e => { Object.assign(e.detail.headers, desk.headers()); });

  /* ---- times ---- */
  const MOST_KEPT = 10000, formatted = new Map(), texts = new Map();
  let textsOf = 0;
  function shaped(name, at) {                                // what a browser formats for the second time it formats as slowly as for the first
    const key = name + +at, known = formatted.get(key);
    if (known !== undefined) return known;
    if (formatted.size >= MOST_KEPT) formatted.clear();
    const text = SHAPES[name].format(at);
    formatted.set(key, text);
    return text;
  }
  function dayOf(at, now) {
    if (shaped('key', at) === shaped('key', now)) return '';
    if (shaped('key', at) === shaped('key', new Date(now - DAY))) return YESTERDAY;
    if (now - at < 6 * DAY && at < now) return shaped('week', at);
    return shaped(at.getFullYear() === now.getFullYear() ? 'day' : 'year', at);
  }

  function span(ms) {
    const minutes = Math.round(ms / MINUTE);
    if (minutes < 60) return desk.words('%(number)s min', { number: minutes });
    return ms < DAY ? desk.words('%(number)s h', { number: Math.round(minutes / 60) }) : desk.words('%(number)s d', { number: Math.round(ms / DAY) });
  }

  function textOf(at, now, format) {
    if (format === 'due') return at >= now ? span(at - now) : desk.words('%(time)s late', { time: span(now - at) });
    if (format === 'clock') return (dayOf(at, now) + ' ' + shaped('clock', at)).trim();
    const age = now - at;
    if (age >= -MINUTE && age < MINUTE) return format ? desk.words('just now') : desk.words('now');
    if (age > 0 && age < 60 * MINUTE) {
      const minutes = { number: Math.floor(age / MINUTE) };
      return format ? desk.words('%(number)s min ago', minutes) : desk.words('%(number)s min', minutes);
    }
    const day = dayOf(at, now);
    return day ? (day === YESTERDAY ? shaped('week', at) : day) : shaped('clock', at);
  }

  desk.times = function () {
    const now = new Date(), half = Math.floor(now / 30e3);    // pages show hundreds: each is worked out once in half a minute
    if (half !== textsOf) { textsOf = half; texts.clear(); }
    document.querySelectorAll('time[datetime]').forEach(el => {
      const key = (el.dataset.format || '') + el.dateTime, at = new Date(el.dateTime);
      if (Number.isNaN(+at)) return;
      const text = texts.get(key) || textOf(at, now, el.dataset.format);
      texts.set(key, text);
      if (el.textContent !== text) el.textContent = text;
      if (!el.title) el.title = SHAPES.full.format(at);
      if (el.dataset.format === 'due') (el.closest('.due') || el).classList.toggle('due--hot', at - now < 30 * MINUTE);
    });
  };

  /* ---- menus and dialogs ---- */
  function closeMenus(except) {
    document.querySelectorAll('details.menu[open]').forEach(menu => { if (!except || !menu.contains(except)) menu.open = false; });
  }

  document.addEventListener('click', e => {
    const at = e.target, opener = at.closest('[data-dialog]'), closer = at.closest('[data-close]'), menu = at.closest('details.menu');
    closeMenus(at);
    if (menu && at.closest('.pop') && at.closest('a, button') && !at.closest('[data-stay]')) menu.open = false;
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog && !e.ctrlKey && !e.metaKey) { e.preventDefault(); closeMenus(); dialog.showModal(); }
    if (closer && closer.closest('dialog')) { e.preventDefault(); closer.closest('dialog').close(); }
    if (at.matches('dialog') && !isTyped(at)) at.close();                          // the backdrop: never throws words away
    const toggle = at.closest('[data-panel-toggle]'), app = document.querySelector('.app');
    if (toggle && app && innerWidth >= 768) { e.preventDefault(); togglePanel(app); }
    const copy = at.closest('[data-copy]'), sheet = at.closest('a[data-sheet]');
    if (copy) copyFrom(copy);
    if (sheet && !e.ctrlKey && !e.metaKey) { e.preventDefault(); desk.sheet(sheet.href); }
  });
  async function complete(menu) {                            // once for each link: what is asked for takes its place
    const link = menu && menu.querySelector('.pop :is(a[data-rest], [data-again]):not([aria-busy])');
    if (!link || (link.dataset.again && Date.now() - link.askedAt < 60e3)) return;
    link.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(link.dataset.again || link.href, { headers: desk.headers() });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const box = document.createElement('template'), at = link.contains(document.activeElement);
      box.innerHTML = await answer.text();
      const entries = [...box.content.children];
      link.replaceWith(...entries);
      entries.forEach(one => { one.askedAt = Date.now(); if (window.htmx) window.htmx.process(one); });
      if (at && entries[0]) (entries[0].querySelector('button') || entries[0]).focus();
      document.dispatchEvent(new CustomEvent('desk:applied'));
    } catch (_) { link.removeAttribute('aria-busy'); }       // the link still leads there
  }
  document.addEventListener('toggle', e => {
    const field = e.target.matches('details.ed[open]') && e.target.querySelector('.in');
    if (e.target.matches('details.menu[open]')) complete(e.target);
    if (field) { field.focus(); if (field.select) field.select(); }
  }, true);
  ['pointerover', 'focusin'].forEach(name => document.addEventListener(name, e => {
    const summary = e.target.closest('details.menu > summary');
    if (summary) complete(summary.parentElement);
  }, { passive: true }));
  const isTyped = dialog => [...dialog.querySelectorAll('textarea, input:not([type="hidden"])')].some(f => f.value !== f.defaultValue);
  document.addEventListener('change', e => {
    const menu = e.target.type === 'radio' && e.target.closest('details.menu');
    if (menu) menu.open = false;
    if (e.target.matches('[data-theme-choice]')) root.dataset.theme = e.target.value;
    if (e.target.matches('[data-density-choice]')) root.dataset.density = e.target.value;
  });
  document.addEventListener('htmx:afterRequest', e => {
    const within = e.detail.successful && e.target.matches('form') && e.target.closest('details:is(.menu, .ed)[open]');
    if (within) { e.target.reset(); within.open = false; within.querySelector('summary').focus(); }
    const dialog = e.target.closest('dialog'), form = dialog && e.target.closest('form');
    if (form && e.detail.failed) tellTrouble(form, e.detail.xhr.responseText);
    if (!dialog || !e.detail.successful) return;
    dialog.close();
    if (e.target.reset) e.target.reset();
  });

  function tellTrouble(form, text) {                         // a dialog says itself why it stays: toasts stand behind it
    let line = form.querySelector('p.err[role="alert"]');
    if (!line) { line = Object.assign(document.createElement('p'), { className: 'err', role: 'alert' }); form.prepend(line); }
    line.textContent = reasonIn(text);
  }
  function reasonIn(text) {
    let said = '';
    try { said = JSON.parse(text).detail; } catch (_) { said = ''; }     // a proxy's page, or none
    return said || desk.words('That did not work. Try again.');
  }
  document.addEventListener('htmx:responseError', e => {     // what was asked for stays as it was, and that is said
    const said = e.detail.xhr.getResponseHeader('HX-Trigger');  // the server has made its own toast
    if (!said && !e.target.closest('dialog, .more')) desk.toast(reasonIn(e.detail.xhr.responseText));
  });
  document.addEventListener('htmx:sendError', () => desk.toast(desk.words('Not done: no connection. Try again in a moment.')));

  document.addEventListener('htmx:afterSettle', () => {      // an opened thread is the pane of a phone, and brings its customer
    const app = document.querySelector('.app'), thread = document.getElementById('thread');
    if (!app || !thread || !thread.dataset.pane || app.dataset.pane === thread.dataset.pane) return;
    app.dataset.pane = thread.dataset.pane;
    if (app.dataset.panel === 'none') app.dataset.panel = '';
  });

  function togglePanel(app) {
    const wide = innerWidth >= 1280, shown = wide ? app.dataset.panel !== 'none' : app.dataset.panel === 'customer';
    app.dataset.panel = shown ? (wide ? 'none' : '') : 'customer';
  }

  /** Shows what an address answers to a script in a dialog of this page; its own page where that fails. */
  desk.sheet = function (url) {
    const dialog = document.getElementById('sheet');
    if (!dialog) return false;
    fetch(url, { headers: desk.headers() }).then(async answer => {
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      dialog.innerHTML = await answer.text();
      dialog.showModal();
      dialog.onclose = () => dialog.querySelectorAll('audio, video').forEach(one => one.pause());
      if (window.htmx) window.htmx.process(dialog);
      document.dispatchEvent(new CustomEvent('desk:applied'));
    }).catch(() => location.assign(url));
    return true;
  };

  async function copyFrom(button) {
    const source = document.querySelector(button.dataset.copy);
    try { await navigator.clipboard.writeText(source.value || source.textContent.trim()); desk.toast(desk.words('Copied.')); }
    catch (_) { getSelection().selectAllChildren(source); desk.toast(desk.words('Press Ctrl+C to copy what is marked.')); }
  }

  /* ---- toasts ---- */
  const UNDO_SECONDS = 30, MOST_TOASTS = 3;
  desk.toast = function (text, undo, seconds) {
    const box = document.getElementById('toasts'), el = document.createElement(undo ? 'form' : 'div');
    if (!box) return;
    el.className = 'toast';
    el.append(Object.assign(document.createElement('span'), { textContent: text }));
    if (undo) {
      el.method = 'post'; el.action = undo;
      const button = Object.assign(document.createElement('button'), { className: 'btn', textContent: desk.words('Undo') + ' ' });
      button.append(Object.assign(document.createElement('kbd'), { textContent: 'Z' }));
      button.dataset.key = 'z';
      const close = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn--icon', ariaLabel: desk.words('Close'), onclick: () => el.remove() });
      close.append(desk.icon('x', 'i--s'));
      el.append(button, close);
      el.dataset.seconds = seconds || UNDO_SECONDS;
      if (seconds) countDown(el, text, seconds);
    }
    while (box.children.length >= MOST_TOASTS) box.firstElementChild.remove();
    box.append(el);
  };
  function countDown(el, text, seconds) {                   // the seconds it names pass; they are said once
    const shown = el.firstChild, at = text.lastIndexOf(' ' + seconds + ' ') + 1, end = Date.now() + 1000 * seconds;
    if (!at) return;
    shown.ariaHidden = 'true';
    shown.after(Object.assign(document.createElement('span'), { className: 'vh', textContent: text }));
    const timer = setInterval(() => {
      if (!el.isConnected) { clearInterval(timer); return; }
      shown.firstChild.data = text.slice(0, at) + Math.max(0, Math.round((end - Date.now()) / 1000)) + text.slice(at + String(seconds).length);
    }, 1000);
  }
  document.addEventListener('htmx:beforeSend', e => {      // a push may replace the pressed button before its answer comes: that is said all the same
    const { xhr, elt } = e.detail;
    xhr.addEventListener('readystatechange', () => {
      const said = xhr.readyState === 4 && !elt.isConnected && xhr.getResponseHeader('HX-Trigger');
      if (said && said.startsWith('{')) Object.entries(JSON.parse(said)).forEach(([name, detail]) => document.dispatchEvent(new CustomEvent(name, { detail })));
    });
  });
  document.addEventListener('toast', e => desk.toast(e.detail.text || e.detail.value, e.detail.undo, e.detail.seconds));
  document.addEventListener('submit', async e => {
    const toast = e.target.closest('form.toast');
    if (!toast) return;
    e.preventDefault();
    const back = () => desk.toast(desk.words('That could not be undone. Reload the page to see how it stands.'));
    try {
      const answer = await fetch(toast.action, { method: 'POST', headers: desk.headers(), body: new URLSearchParams(new FormData(toast)) });
      if (!answer.ok) back();
      else if (answer.status !== 204 && desk.apply) desk.apply(await answer.text());
      document.dispatchEvent(new CustomEvent('desk:undone'));
    } catch (_) { back(); }
    toast.remove();
  });
  const age = el => setTimeout(() => (el.matches(':hover, :focus-within') ? age(el) : el.remove()), 1000 * (el.dataset.seconds || 6));
  const toasts = document.getElementById('toasts');
  if (toasts) {
    toasts.querySelectorAll('.toast').forEach(age);
    new MutationObserver(all => all.forEach(m => m.addedNodes.forEach(el => { if (el.matches && el.matches('.toast')) age(el); }))).observe(toasts, { childList: true });
  }

  document.addEventListener('keydown', e => {                // arrows walk through an open menu
    const pop = e.target.closest && e.target.closest('details.menu[open]');
    if (!pop || !/^Arrow(Up|Down)$/.test(e.key)) return;
    const items = [...pop.querySelectorAll('.pop a, .pop button, .pop input')], at = items.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1);
    if (items.length) { items[(at + items.length) % items.length].focus(); e.preventDefault(); }
  });

  ['desk:applied', 'htmx:afterSettle'].forEach(name => document.addEventListener(name, () => desk.times()));
  for (const one of document.querySelectorAll('.subnav [aria-current], .page .seg [aria-current]')) {  // a phone shows them in one row
    one.scrollIntoView({ block: 'nearest', inline: 'center' });
  }
  setInterval(desk.times, 30e3);
  desk.times();
})();
