/* Reading: find in a conversation, go from message to message, link to one, look into a case without opening it. Loaded after lists.js.

   form#find[hidden][data-url]   in the thread: input[type=search], [data-found] (what is said), button[data-next], button[data-previous]. Its
                                 address answers {items: [{id, position}]}, newest first, of what is not loaded too. [data-find] opens it
   a[data-copy-link]             copies its address
   a[data-peek] in a row         its address answers what #peek shows: .log in it is decorated as the open thread is. Space on a row, too
   input[list=search-offers], #search-offers[data-all="from: to: is:open"]   what can be written next is offered there
   #searches[hidden] > p         takes links to what was looked for before; form[data-searched=WORDS] says what is looked for now
   Found words are marked by the CSS highlights `found` and `found-here`; the entry that is meant has .is-here. */
(function () {
  'use strict';
  const desk = window.desk, WAIT = 200, GLANCE = 120;
  const TALK = ':is([data-kind="message"], [data-kind="note"], [data-kind="handoff"], [data-kind="suggestion"])';
  const log = () => document.getElementById('log'), bar = () => document.getElementById('find');
  let items = [], at = 0, words = '', timer = 0, run = 0, peekTimer = 0, peeked = '';

  /* ---- the entry that is meant ---- */
  function mean(el, block) {
    document.querySelectorAll('.is-here').forEach(one => one.classList.remove('is-here'));
    el.classList.add('is-here');
    el.scrollIntoView({ block });
  }

  function step(by) {
    const box = log();
    if (!box) return false;
    const all = [...box.querySelectorAll(':scope > ' + TALK)], now = all.indexOf(document.activeElement.closest('#log > ' + TALK));
    const { top, bottom } = box.getBoundingClientRect(), seen = all.filter(el => el.getBoundingClientRect().bottom > top + 8 && el.getBoundingClientRect().top < bottom - 8);
    const next = now >= 0 ? all[now + by] : by > 0 ? seen[0] : seen[seen.length - 1];
    if (!next) return Boolean(all.length);
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    mean(next, 'nearest');
    return true;
  }

  /* ---- find ---- */
  function openFind() {
    const form = bar(), field = form && form.querySelector('input');
    if (!form) return false;
    form.hidden = false;
    field.focus(); field.select();
    return true;
  }

  function closeFind() {
    const form = bar();
    clearTimeout(timer);
    run++; items = []; words = '';
    if (form) form.hidden = true;
    mark();
    if (log()) log().focus({ preventScroll: true });
  }

  async function look(form) {
    const typed = form.querySelector('input').value.trim(), mine = ++run;
    words = typed;
    if (typed.length < 2) { items = []; say(''); mark(); return; }
    try {
      const answer = await fetch(form.dataset.url + '?q=' + encodeURIComponent(typed), { headers: desk.headers() });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const found = (await answer.json()).items;
      if (mine !== run) return;
      items = found; at = 0;
      if (items.length) await reveal(); else { say(desk.words('Nothing found')); mark(); }
    } catch (_) { if (mine === run) say(desk.words('Couldn’t look. Try again')); }
  }

  async function go(by) {
    if (!items.length) return;
    at = (at + by + items.length) % items.length;
    await reveal();
  }

  async function reveal() {
    const item = items[at], mine = run;
    if (!document.getElementById(item.id)) await desk.timeline.show(item.position);
    const el = document.getElementById(item.id);
    if (!el || mine !== run) return;
    el.hidden = false;
    el.querySelectorAll('details.quoted').forEach(part => { if (ranges(part).length) part.open = true; });
    mean(el, 'center');
    mark(el);
    const first = ranges(el)[0], box = log(), place = first && first.getBoundingClientRect(), frame = box.getBoundingClientRect();
    if (place && place.height && (place.top < frame.top || place.bottom > frame.bottom)) box.scrollTop += place.top - frame.top - frame.height / 2;
    say(desk.words('%(number)s of %(all)s', { number: at + 1, all: items.length }));
  }

  function say(text) { const slot = bar() && bar().querySelector('[data-found]'); if (slot) slot.textContent = text; }

  /* Where the words stand in an element, over the borders of what is bold or a link. */
  function ranges(el) {
    if (words.length < 2) return [];
    const nodes = [], walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT, node => (node.parentElement.closest('.msg__m, .vh') ? 2 : 1));
    let text = '';
    while (walker.nextNode()) { nodes.push([text.length, walker.currentNode]); text += walker.currentNode.data; }
    const pattern = new RegExp(words.split(/\s+/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+'), 'giu');
    const place = index => { const [from, node] = nodes.filter(([begin]) => begin <= index).pop(); return [node, index - from]; };
    return [...text.matchAll(pattern)].map(({ index, 0: { length } }) => {
      const range = new Range();
      range.setStart(...place(index));
      const [node, offset] = place(index + length - 1);
      range.setEnd(node, offset + 1);
      return range;
    });
  }

  function mark(here) {
    if (!window.CSS || !CSS.highlights) return;
    const box = log(), known = here || (box && box.querySelector('.is-here'));
    CSS.highlights.delete('found'); CSS.highlights.delete('found-here');
    if (!box || !items.length) return;
    const all = new Set(items.map(item => item.id));
    CSS.highlights.set('found', new Highlight(...[...box.children].filter(el => all.has(el.id) && el !== known).flatMap(ranges)));
    if (known) CSS.highlights.set('found-here', new Highlight(...ranges(known)));
  }

  /* ---- peek ---- */
  const peek = () => document.getElementById('peek');
  const isOpen = () => Boolean(peek()) && peek().matches(':popover-open');
  const rowLink = row => row && row.parentElement.querySelector('a[data-peek]');

  function shut() { clearTimeout(peekTimer); peeked = ''; if (isOpen()) peek().hidePopover(); }

  async function show(link) {
    const box = peek(), url = link.href;
    if (!box || !box.showPopover) return location.assign(url);
    peeked = url;
    try {
      const page = await desk.timeline.ask(url);
      if (peeked !== url) return null;
      page.querySelectorAll('[data-position]').forEach(bare);
      box.replaceChildren(...page.childNodes);
      if (!isOpen()) box.showPopover();
      const inner = box.querySelector('.log'), last = inner && [...inner.querySelectorAll('[data-text]')].pop();
      if (inner) { desk.timeline.decorate(inner); inner.scrollTop = inner.scrollHeight; }
      document.getElementById('announce').textContent = box.querySelector('h2').textContent + (last ? ': ' + last.textContent.trim().slice(0, 200) : '');
      document.dispatchEvent(new CustomEvent('desk:applied'));
    } catch (_) { shut(); desk.toast(desk.words('Couldn’t look into this case. Try again.')); }
    return null;
  }

  function bare(el) {                                      // to be looked at: what acts, and what is named twice, is left out
    el.removeAttribute('id');
    el.querySelectorAll('[id]').forEach(one => one.removeAttribute('id'));
    el.querySelectorAll('details.menu, details.original, button, .acts').forEach(one => one.remove());
  }

  function toggle(link) { if (isOpen() && peeked === link.href) shut(); else show(link); return true; }
  function onSpace() {
    const link = rowLink(document.activeElement.closest('#rows a.row'));
    return Boolean(link) && toggle(link);
  }

  /* ---- unread from the message on that one is at ---- */
  document.addEventListener('htmx:configRequest', e => {
    const here = document.activeElement.closest('#log > [data-position].is-here');
    if (here && e.detail.path.endsWith('/unread')) e.detail.parameters.position = here.dataset.position;
  });

  /* ---- what was looked for before, in this browser ---- */
  const MOST_SEARCHES = 6, SEARCHES = 'onethread.searches.' + document.body.dataset.agent;
  (function offers() {                                     // of the operator that the last word begins
    const list = document.getElementById('search-offers'), field = list && document.querySelector('[list="search-offers"]');
    if (!field) return;
    field.addEventListener('input', () => {
      const [, before, word] = /^(.*?)(\S*)$/.exec(field.value), typed = word.toLowerCase();
      const all = typed ? list.dataset.all.split(' ').filter(one => one.startsWith(typed) && one !== typed) : [];
      list.replaceChildren(...all.slice(0, 8).map(one => Object.assign(document.createElement('option'), { value: before + one })));
    });
  })();
  (function searches() {
    const asked = document.querySelector('form[data-searched]'), place = document.getElementById('searches');
    if (!asked && !place) return;
    try {
      const known = JSON.parse(localStorage.getItem(SEARCHES) || '[]');
      if (asked) localStorage.setItem(SEARCHES, JSON.stringify([asked.dataset.searched, ...known.filter(one => one !== asked.dataset.searched)].slice(0, MOST_SEARCHES)));
      if (!place || !known.length) return;
      place.hidden = false;
      place.querySelector('p').append(...known.map(words => Object.assign(document.createElement('a'), { className: 'chip', href: '/search?q=' + encodeURIComponent(words), textContent: words })));
    } catch (_) { if (place) place.hidden = true; }          // storage full or switched off: nothing is remembered
  })();

  /* ---- events ---- */
  desk.keys = { ...desk.keys, J: () => step(1), K: () => step(-1), f: openFind, ' ': onSpace };
  document.addEventListener('input', e => { if (e.target.closest('#find')) { clearTimeout(timer); timer = setTimeout(look, WAIT, bar()); } });
  document.addEventListener('submit', e => {               // what was found stays on the page, and the words in their field
    const hint = document.getElementById('search-hint');
    if (navigator.onLine || !hint || !e.target.matches('.searchbar')) return;
    e.preventDefault();
    hint.textContent = desk.words('Search needs a connection.');
  });
  document.addEventListener('submit', e => {
    if (e.target.id !== 'find') return;
    e.preventDefault();
    clearTimeout(timer);
    if (words === e.target.querySelector('input').value.trim() && items.length) go(1); else look(e.target);
  });
  document.addEventListener('keydown', e => {
    const form = e.target.closest && e.target.closest('#find');
    if (e.key === 'Escape' && isOpen() && !document.querySelector('dialog:modal')) { e.preventDefault(); shut(); } else if (form && e.key === 'Escape') { e.preventDefault(); closeFind(); }
    if (form && (e.key === 'Enter' && e.shiftKey || e.key === 'ArrowUp' || e.key === 'ArrowDown') && e.target.matches('input')) { e.preventDefault(); go(e.key === 'ArrowUp' ? 1 : -1); }
  }, true);
  document.addEventListener('click', e => {
    const link = e.target.closest('a[data-copy-link]'), look = e.target.closest('a[data-peek]');
    if (link && !e.ctrlKey && !e.metaKey) { e.preventDefault(); navigator.clipboard.writeText(link.href).then(() => desk.toast(desk.words('Link copied.')), () => location.assign(link.href)); }
    if (e.target.closest('[data-find]')) { e.preventDefault(); openFind(); }
    if (e.target.closest('#find [data-next]')) go(1);
    if (e.target.closest('#find [data-previous]')) go(-1);
    if (e.target.closest('#find [data-shut]')) closeFind();
    if (look && !e.ctrlKey && !e.metaKey) { e.preventDefault(); e.stopPropagation(); toggle(look); } else if (isOpen() && !e.target.closest('#peek')) shut();
    if (e.target.closest('#peek [data-shut]')) shut();
  });
  document.addEventListener('focusin', e => {              // from row to row while one peeks
    const link = isOpen() && rowLink(e.target.closest('#rows a.row'));
    clearTimeout(peekTimer);
    if (link && link.href !== peeked) peekTimer = setTimeout(show, GLANCE, link);
  });
  document.addEventListener('htmx:afterSettle', () => { if (bar() && bar().hidden && items.length) { items = []; words = ''; } mark(); });
  document.addEventListener('desk:applied', () => { if (items.length) mark(); });
})();
