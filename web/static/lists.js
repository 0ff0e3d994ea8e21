/* Lists of cases: a signal names the cases that changed, the list asks for those rows. Loaded before live.js; offers desk.lists.

   ul#rows[data-list=URL]  rows li#case-1042[data-rank][data-conversation] > a.row; [data-more] where the list has further pages.
     The URL is asked with ?changed=1042,1043 and answers rows, li#case-9[data-gone] for the ones that left, and counters.
     Ranks sort ascending, as numbers where both are numbers, else as text.
   input.row__x in a row     ticks it for form#bulk: X ticks the row of the focus, Shift+X all from the last one to it, Ctrl+A all that are
     shown; Esc ticks none. #bulk-count says how many; #bulk-all puts the list's address into input[data-all], which means all of it
   li[data-swipe=WORD]       while a finger moves its row: what letting go does; [data-back] against the reading direction
   button#rows-new[hidden]   shows "3 new" while the pointer or the focus is inside the list, and puts them in when pressed
   [data-counter=NAME]       any number of places; "notifications" also stands in the page's title. #thread[data-case] marks the open row
   On a page without #rows, body[data-list] is asked for the counters alone. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {});
  const PACE = 1000, JITTER = 300;
  const waiting = new Set(), kept = new Map();
  let timer = 0, askedAt = 0, asking = false, pointed = false, shownCase, neighbour = null;

  const rows = () => document.getElementById('rows');
  const rowOfOpen = () => { const thread = document.getElementById('thread'); return thread && document.getElementById('case-' + thread.dataset.case); };
  let wantedUntil = 0;                                     // who takes something back wants to see it come back
  const isHeld = list => Date.now() > wantedUntil && (pointed || list.contains(document.activeElement));

  function changed(numbers) {
    const names = [...numbers].map(String);
    names.forEach(number => waiting.add(number));
    document.dispatchEvent(new CustomEvent('desk:stale', { detail: names }));
    plan(0);
  }

  function plan(delay) {
    if (timer || asking || !waiting.size) return;
    timer = setTimeout(ask, Math.max(delay, askedAt + PACE - Date.now(), 0) + Math.random() * JITTER);
  }

  async function ask() {
    const list = rows(), address = (list || document.body).dataset.list, numbers = [...waiting];
    timer = 0;
    waiting.clear();
    if (!address) return;
    const url = new URL(address, location.href);
    url.searchParams.set('changed', numbers.join(','));
    asking = true; askedAt = Date.now();
    let delay = 0;
    try {
      const answer = await fetch(url, { headers: desk.headers() });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const html = await answer.text();
      if (list === rows()) apply(desk.timeline.parse(html)); else numbers.forEach(n => waiting.add(n));
    } catch (_) {                                          // no network: the numbers wait for the next attempt
      numbers.forEach(n => waiting.add(n));
      delay = 3000;
    }
    asking = false;
    plan(delay);
  }

  function apply(page) {
    const list = rows();
    page.querySelectorAll('[data-counter]').forEach(count);
    if (list) page.querySelectorAll('li[id]').forEach(li => put(list, li));
    tell(); mark();
    document.dispatchEvent(new CustomEvent('desk:applied'));
  }

  function put(list, li) {
    const old = document.getElementById(li.id);
    if ('gone' in li.dataset) {
      kept.delete(li.id);
      if (old && old.contains(document.activeElement)) { old.classList.add('is-gone'); return; }
      if (old && old === rowOfOpen()) neighbour = old.nextElementSibling || old.previousElementSibling;
      if (old) old.remove();
      return;
    }
    if (old) {
      update(old, li);
      if (!isHeld(list)) settle(list, old);
    } else if (isHeld(list)) kept.set(li.id, li); else settle(list, li);
  }

  /* A row keeps its own link, so that focus and a running click survive what arrives. */
  function update(old, li) {
    const link = old.querySelector('a.row'), fresh = li.querySelector('a.row');
    copy(li, old);
    if (!link || !fresh) { old.replaceChildren(...li.childNodes); return; }
    copy(fresh, link);
    link.replaceChildren(...fresh.childNodes);
  }

  function copy(from, to) {
    [...to.attributes].forEach(({ name }) => { if (!from.hasAttribute(name) && name !== 'data-typing') to.removeAttribute(name); });
    [...from.attributes].forEach(({ name, value }) => to.setAttribute(name, value));
  }

  function settle(list, li) {
    const others = [...list.children].filter(other => other !== li && other.dataset.rank !== undefined);
    const next = others.find(other => isBefore(li.dataset.rank, other.dataset.rank));
    if (!next && 'more' in list.dataset && others.length) { li.remove(); return; }      // belongs to a page that is not loaded
    if (next ? li.nextElementSibling === next : li === list.lastElementChild) return;
    list.insertBefore(li, next || (others.length ? others[others.length - 1].nextSibling : null));
    if (window.htmx) window.htmx.process(li);
  }

  function isBefore(a, b) {
    const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a < b : x < y;
  }

  function tell() {
    const bar = document.getElementById('rows-new');
    if (!bar) return;
    bar.hidden = !kept.size;
    if (kept.size) bar.textContent = desk.count('%(number)s new', '%(number)s new', kept.size);
  }

  function release() {
    const list = rows();
    kept.forEach(li => { if (list && !document.getElementById(li.id)) settle(list, li); });
    kept.clear();
    if (list) {
      list.querySelectorAll('.is-gone').forEach(li => { if (!li.contains(document.activeElement)) li.remove(); });
      [...list.children].forEach(li => { if (li.dataset.rank !== undefined && !li.contains(document.activeElement)) settle(list, li); });
    }
    tell(); mark();
    desk.times();
  }

  function count(fresh) {
    document.querySelectorAll('[data-counter="' + CSS.escape(fresh.dataset.counter) + '"]').forEach(el => { el.textContent = fresh.textContent; });
    if (fresh.dataset.counter !== 'notifications') return;
    const n = parseInt(fresh.textContent, 10) || 0, bare = document.title.replace(/^\(\d+\) /, '');
    document.title = n ? '(' + n + ') ' + bare : bare;
  }

  function mark() {
    const thread = document.getElementById('thread'), open = thread && thread.dataset.case;
    document.querySelectorAll('#rows a.row').forEach(link => {
      const on = Boolean(open) && link.closest('li').id === 'case-' + open;
      if (on) link.setAttribute('aria-current', 'true'); else link.removeAttribute('aria-current');
    });
    document.querySelectorAll('[data-star]').forEach(star => star.setAttribute('aria-pressed', String(Boolean(thread) && 'starred' in thread.dataset)));
  }

  /* ---- ticked rows ---- */
  let lastTicked;
  const boxes = () => [...document.querySelectorAll('#rows .row__x')];
  const ticked = () => boxes().filter(box => box.checked);
  const boxOf = el => { const li = el && el.closest && el.closest('#rows > li'); return li && li.querySelector('.row__x'); };

  function countTicked() {
    const form = document.getElementById('bulk'), n = ticked().length;
    if (!form) return;
    const whole = form.elements.all, list = rows(), button = document.getElementById('bulk-all');
    whole.value = '';
    document.getElementById('bulk-count').textContent = n ? desk.count('%(number)s selected', '%(number)s selected', n) : '';
    button.hidden = !(n && n === boxes().length && list && 'more' in list.dataset);
  }

  function tick(list, on) {
    list.forEach(box => { box.checked = on; });
    countTicked();
  }

  function tickKey(box, isRange) {
    const all = boxes(), from = all.indexOf(lastTicked), to = all.indexOf(box);
    if (isRange && from >= 0) tick(all.slice(Math.min(from, to), Math.max(from, to) + 1), true); else tick([box], !box.checked);
    lastTicked = box;
  }

  document.addEventListener('keydown', e => {
    const list = rows(), inside = list && e.target.closest('#list') && !e.target.matches('input:not(.row__x), textarea, select');
    if (!list || e.altKey || e.isComposing) return;
    if (e.key === 'Escape' && ticked().length && !document.querySelector('details.menu[open], dialog[open]')) { e.preventDefault(); tick(boxes(), false); return; }
    if (inside && (e.ctrlKey || e.metaKey) && e.key === 'a') { e.preventDefault(); tick(boxes(), true); return; }
  }, true);
  const tickHere = isRange => () => {
    const list = rows(), box = boxOf(document.activeElement) || (list && boxOf(list.querySelector('[aria-current]')));
    if (box) tickKey(box, isRange);
    return Boolean(box);
  };

  /* ---- from row to row ---- */
  const rowOf = el => el && el.closest && el.closest('#rows a.row');
  const step = by => e => {
    const all = [...document.querySelectorAll('#rows a.row')], at = all.indexOf(rowOf(document.activeElement));
    if (!all.length || (e.key.length > 1 && at < 0)) return false;                       // arrows walk only inside the list
    const now = at >= 0 ? at : all.findIndex(row => row.hasAttribute('aria-current'));
    all[Math.min(all.length - 1, Math.max(0, now + by))].focus();
    return true;
  };
  const openRow = () => { const row = rowOf(document.activeElement); if (row) row.click(); return Boolean(row); };

  /* ---- a thread that takes its time: its head comes from its row at once, lines stand for the rest ---- */
  let opening = 0;
  const opened = () => { clearTimeout(opening); document.querySelectorAll('.opening').forEach(el => el.remove()); };
  document.addEventListener('htmx:beforeSend', e => {
    if (!e.target.matches('#rows a.row')) return;
    opened();
    opening = setTimeout(row => {
      const thread = document.getElementById('thread'), box = Object.assign(document.createElement('div'), { className: 'opening' }), head = document.createElement('div');
      const line = (tag, from) => Object.assign(document.createElement(tag), { className: 'cut', textContent: row.querySelector(from).firstChild.textContent });
      head.append(line('strong', '.row__n'), line('span', '.row__s'));
      box.append(head, ...[62, 78, 54].map(() => Object.assign(document.createElement('i'), { className: 'sk' })));
      box.setAttribute('aria-hidden', 'true');
      if (thread) thread.append(box);
    }, 200, e.target);
  });
  document.addEventListener('htmx:afterSettle', e => {     // whoever has opened a row is in its thread now
    const row = e.detail && e.detail.requestConfig && e.detail.requestConfig.elt, title = document.getElementById('thread-title');
    if (!row || !row.matches || !row.matches('#rows a.row') || !title || e.target.id !== 'thread') return;      // its customer settles by itself
    if (row.stays) row.stays = false; else if (!title.closest('#thread').contains(document.activeElement)) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
  });
  document.addEventListener('htmx:responseError', e => {
    if (e.target.matches('.more a')) e.target.textContent = desk.words('Couldn’t load more. Try again');
  });
  ['htmx:afterSwap', 'htmx:responseError', 'htmx:sendError'].forEach(name => document.addEventListener(name, opened));

  /* ---- a key that is pressed on a row acts on that row, not on what is open beside the list ---- */
  let then = '';
  const numberOf = row => row.closest('li').id.slice('case-'.length);
  const elsewhere = () => { const row = rowOf(document.activeElement); return row && !row.hasAttribute('aria-current') ? row : null; };
  const post = (row, path, values) => { if (window.htmx) window.htmx.ajax('POST', '/cases/' + numberOf(row) + path, { source: row, swap: 'none', values }); return true; };
  const does = (path, values, goesOn) => e => { const row = elsewhere(); if (row && goesOn) step(1)(e); return Boolean(row) && post(row, path, values); };
  const opens = key => () => { const row = elsewhere(); if (row) { then = { key, number: numberOf(row), typed: '', at: Date.now() }; row.click(); } return Boolean(row); };
  document.addEventListener('htmx:afterSettle', () => {
    const thread = document.getElementById('thread'), asked = then;
    if (!asked || !thread || thread.dataset.case !== asked.number) return;
    then = '';
    const dialog = document.getElementById(asked.dialog);
    if (dialog) dialog.showModal(); else desk.press(asked.key);
    if (asked.typed && document.activeElement.matches('textarea')) document.execCommand('insertText', false, asked.typed);
  });
  document.addEventListener('keydown', e => {              // who writes on while the thread opens means its box, no further keys
    if (!then.key || e.key.length > 1 || e.ctrlKey || e.metaKey || e.altKey || Date.now() - then.at > 5000) return;
    e.preventDefault(); e.stopImmediatePropagation();
    then.typed += e.key;
  }, true);
  /* ---- a finger that moves a row: on in reading direction resolves, back snoozes; the buttons in its thread do the same ---- */
  const FAR = 72;
  let swiped = null;
  function swipe(e) {
    if (!swiped || e.pointerId !== swiped.id) return;
    const across = e.clientX - swiped.x, down = Math.abs(e.clientY - swiped.y), li = swiped.row.parentElement;
    if (!swiped.on && (Math.abs(across) < 12 || Math.abs(across) < 2 * down)) { if (down > 12) swiped = null; return; }
    swiped.on = true;
    swiped.far = Math.abs(across) >= FAR ? Math.sign(across) * (document.dir === 'rtl' ? -1 : 1) : 0;
    li.dataset.swipe = swiped.far > 0 ? desk.words('Resolve') : swiped.far < 0 ? desk.words('Snooze') : '';
    li.toggleAttribute('data-back', swiped.far < 0);
    swiped.row.style.transform = 'translateX(' + Math.max(-2 * FAR, Math.min(2 * FAR, across)) + 'px)';
  }
  function swipeEnds(e) {
    if (!swiped || e.pointerId !== swiped.id) return;
    const { row, on, far } = swiped;
    swiped = null;
    row.style.transform = '';
    delete row.parentElement.dataset.swipe;
    if (!on) return;
    const stop = click => { click.preventDefault(); click.stopPropagation(); };
    row.addEventListener('click', stop, true);               // lifting the finger opens nothing
    setTimeout(() => {
      row.removeEventListener('click', stop, true);
      if (e.type === 'pointercancel') return;
      if (far > 0) post(row, '/resolution', {});
      if (far < 0) { then = { dialog: 'snooze', number: numberOf(row) }; row.click(); }
    }, 50);
  }
  document.addEventListener('pointerdown', e => { const row = e.pointerType === 'touch' && e.isPrimary && rowOf(e.target); swiped = row ? { row, id: e.pointerId, x: e.clientX, y: e.clientY } : null; });
  document.addEventListener('pointermove', swipe);
  ['pointerup', 'pointercancel'].forEach(name => document.addEventListener(name, swipeEnds));

  document.addEventListener('star', ({ detail }) => {
    const thread = document.getElementById('thread');
    if (thread && thread.dataset.case === String(detail.case)) thread.toggleAttribute('data-starred', detail.on);
    desk.toast(detail.on ? desk.words('Starred.') : desk.words('Star taken away.'));
    changed([detail.case]); mark();
  });
  const openers = Object.fromEntries(['h', 'a', 't', 'l', 'u', 'r', 'n', 'm'].map(key => [key, opens(key)]));
  desk.keys = { ...desk.keys, ...openers, e: does('/resolution', {}, true), i: does('/assignee', { to: 'me' }), s: does('/star', {}), x: tickHere(false), X: tickHere(true), j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1), o: openRow };

  document.addEventListener('click', e => {
    if (e.target.matches('.row__x')) { const on = e.target.checked; if (e.shiftKey) { e.target.checked = true; tickKey(e.target, true); } else { lastTicked = e.target; tick([e.target], on); } }
    if (e.target.id !== 'bulk-all') return;
    const whole = document.getElementById('bulk').elements.all;
    whole.value = whole.dataset.all;
    document.getElementById('bulk-count').textContent = desk.words('All of this list');
    e.target.hidden = true;
  });
  /* ---- a list that one comes back to stands as it was left, with the row in focus that was open ---- */
  const LEFT = 'onethread.list';
  addEventListener('pagehide', () => {
    const list = rows(), thread = document.getElementById('thread');
    if (!list) return;
    try { sessionStorage.setItem(LEFT, JSON.stringify({ list: list.dataset.list, top: list.scrollTop, open: (thread && thread.dataset.case) || '' })); } catch (_) { list.dataset.forgets = ''; }
  });
  (function comeBack() {
    const list = rows(), thread = document.getElementById('thread');
    let left = null;
    try { left = JSON.parse(sessionStorage.getItem(LEFT)); } catch (_) { return; }
    if (!list || !left || left.list !== list.dataset.list) return;
    list.scrollTop = left.top;
    const row = left.open && !(thread && thread.dataset.case) && list.querySelector('#case-' + CSS.escape(left.open) + ' a.row');
    if (row && document.activeElement === document.body) row.focus({ preventScroll: true });
  })();

  document.addEventListener('reset', e => { if (e.target.id === 'bulk') setTimeout(countTicked); });
  document.addEventListener('htmx:afterRequest', e => { if (e.target.id === 'bulk' && e.detail.successful) tick(boxes(), false); });

  const leaving = () => setTimeout(() => { const list = rows(); if (list && !isHeld(list)) release(); });
  document.addEventListener('pointerover', e => {
    const list = rows(), inside = Boolean(list) && e.pointerType !== 'touch' && list.contains(e.target);
    if (pointed && !inside) { pointed = false; leaving(); } else pointed = inside;
  });
  document.documentElement.addEventListener('pointerleave', () => { if (pointed) { pointed = false; leaving(); } });
  document.addEventListener('focusout', e => { if (e.target.closest('#rows')) leaving(); });
  document.addEventListener('click', e => { if (e.target.closest('#rows-new')) release(); });
  document.addEventListener('desk:undone', () => { wantedUntil = Date.now() + 2000; release(); });
  document.addEventListener('desk:applied', mark);         // a head that is drawn anew knows no star
  document.addEventListener('htmx:afterSettle', () => {    // opening the next conversation is the moment for rows to move
    const thread = document.getElementById('thread'), now = thread ? thread.dataset.case : '';
    if (thread && thread.matches('main')) document.getElementById('list')?.removeAttribute('role');       // it was, as long as none was open
    if (now !== shownCase) { shownCase = now; neighbour = null; release(); } else mark();
  });

  /** The row that comes after the open one, though that may have left the list: who answers it may have taken it. */
  function nextRow() {
    const here = rowOfOpen(), li = here ? here.nextElementSibling || here.previousElementSibling : neighbour;
    return li && li.isConnected ? li.querySelector('a.row') : null;
  }

  const leave = () => { kept.clear(); lastTicked = null; tell(); };      // what waits belongs to the list that goes

  desk.lists = { changed, count, leave, nextRow, release };
})();
